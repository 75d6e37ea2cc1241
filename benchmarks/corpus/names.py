"""The words that names are made of. No country, place or person here is a real one."""

FIRST_NAMES = (
    "Amina", "Joseph", "Grace", "Émile", "Fatou", "Daniel", "Ngũgĩ", "Rosa", "Peter", "Aïcha", "Samuel", "Lucía", "Zoë",
    "Ibrahim", "Marie", "David", "Wanjirũ", "Paul", "Nadia", "José", "Ruth", "Kofi", "Elena", "Jean", "Leïla", "Moses",
    "Anna", "Omar", "Esther", "André", "Salma", "Victor", "Inés", "George", "Åsa", "Hassan", "Clara", "Isaac", "Noémie",
    "Tomás", "Mercy", "Ahmed", "Sofia", "Michael", "Chloé", "Abel", "Irene", "Luc", "Faith", "René", "Miriam", "Simon",
    "Adèle", "James", "Teresa", "Yusuf", "Helena", "Otto", "Judith", "Raúl", "Blessing", "Henrik", "Dorcas", "Pascal",
)  # fmt: skip

ONSETS = (
    "B", "Ch", "D", "F", "G", "Gr", "H", "J", "K", "Kl", "L", "M", "Mb", "N", "Nd", "Ng", "P", "R", "S", "Sh", "T",
    "Tr", "V", "W", "Z",
)  # fmt: skip
VOWELS = ("a", "e", "i", "o", "u", "á", "é", "ö", "ai", "ou")
MIDDLES = ("b", "d", "g", "k", "l", "ll", "m", "mb", "n", "nd", "ng", "r", "rr", "s", "t", "v")
ENDINGS = (
    "a", "al", "ane", "ari", "e", "el", "en", "era", "i", "ile", "in", "o", "on", "ore", "os", "u", "ule", "wa", "we",
    "yi",
)  # fmt: skip

COUNTRIES = (
    "Varenia", "Oltara", "Kestria", "Morvana", "Sulandia", "Tarkova", "Belmira", "Dorunda", "Eskara", "Falonia",
    "Gavria", "Hastoria", "Ilmara", "Jorvia", "Kaluma", "Lorandia", "Mezania", "Norvika", "Ostrana", "Pelagua",
    "Quentara", "Rovania", "Sanduria", "Telmara", "Ulvania", "Verdasca", "Wolmaria", "Xanteria", "Yarunda", "Zelkova",
)  # fmt: skip
QUARTERS = ("North", "South", "East", "West", "Upper", "Lower", "Central", "Coastal")

SITES = {
    "district": "{} District",
    "bridge": "{} Bridge",
    "airport": "{} Airport",
    "camp": "{} Camp",
    "hospital": "{} Hospital",
    "market": "{} Market",
    "port": "{} Port",
    "headquarters": "{} House",
    "school": "{} School",
    "stadium": "{} Stadium",
}

STATE_BODIES = {
    "National Police of {}": "police-service",
    "Interior Ministry of {}": "ministry",
    "{} Defence Forces": "army",
    "Presidency of {}": "government",
    "Parliament of {}": "parliament",
    "High Court of {}": "court",
    "Health Ministry of {}": "ministry",
    "Central Bank of {}": "bank",
}

FIELDS = (
    "Teachers’", "Fishers’", "Drivers’", "Dockers’", "Farmers’", "Nurses’", "Traders’", "Miners’", "Weavers’", "Youth",
    "Women’s", "Relief", "Water", "Power", "Housing", "Transport", "Harbour", "Border", "Land", "Peace", "Press",
    "Human Rights", "Security", "Reform", "Election", "Development",
)  # fmt: skip
FORMS = {
    "Union": "union",
    "Association": "association",
    "Agency": "agency",
    "Authority": "authority",
    "Committee": "committee",
    "Commission": "commission",
    "Company": "company",
    "Council": "council",
    "Network": "network",
    "Front": "armed-group",
}

UNITS = ("Rapid Response Unit", "Patrol Squad", "Special Operations Group", "Engineer Company", "Marine Brigade",
         "Border Battalion", "Dog Section", "Medical Corps", "Signals Troop", "Mounted Guard")  # fmt: skip

STATE_TITLES = ("Inspector General of Police", "Interior Minister", "Chief of Defence", "President", "Speaker",
                "Chief Justice", "Health Minister", "Governor")  # fmt: skip
TITLES = (
    "Commissioner", "Deputy Commissioner", "spokesperson", "chairperson", "secretary general", "director", "treasurer",
    "regional coordinator", "legal adviser", "head of operations", "chief economist", "organiser", "superintendent",
    "field officer", "chief engineer", "press secretary",
)  # fmt: skip

DOCUMENTS = {
    "Resolution {}": "resolution",
    "Law {}": "law",
    "Report {}": "report",
    "Agreement {}": "agreement",
    "Directive {}": "directive",
    "Budget Paper {}": "paper",
}

EVENTS = {
    "meeting": "meeting",
    "talks": "talks",
    "summit": "summit",
    "hearing": "hearing",
    "rally": "protest",
    "strike": "strike",
    "raid": "raid",
    "patrol": "operation",
    "deployment": "deployment",
    "training": "training",
    "inspection": "inspection",
    "ceremony": "ceremony",
    "evacuation": "evacuation",
    "attack": "attack",
}

TOPICS = (
    "the border", "policing", "the elections", "fuel prices", "water", "the ceasefire", "the new port", "wages",
    "drought", "the mission", "the missing ship", "land rights", "cholera", "the railway", "displaced families",
    "arms smuggling", "the curfew", "school fees", "the peace plan", "flood defences",
)  # fmt: skip

QUALITIES = (
    "understaffed", "well-prepared", "overdue", "peaceful", "chaotic", "fragile", "decisive", "long-awaited", "costly",
    "unprecedented", "disciplined", "under-resourced", "controversial", "welcome", "badly planned", "historic",
)  # fmt: skip

PURPOSES = (
    "to restore order", "to protect families", "to reopen the roads", "to count the votes",
    "to bring in food and medicine", "to end the fighting", "to train recruits", "to draft a budget",
    "to hear witnesses", "to rebuild the schools",
)  # fmt: skip

SAYINGS = (
    "We will not leave before {} is settled", "Nobody here has forgotten {}",
    "We are counting on everybody’s support for {}", "There can be no compromise on {}",
    "We have waited too long for news of {}", "Our people are ready for {}",
    "I am confident that {} will be dealt with", "This is the beginning of the end of the dispute over {}",
)  # fmt: skip

CLAIMS = (
    "{} would be discussed again within weeks", "{} remained the first of its concerns",
    "nothing had been decided on {}", "more help with {} was on its way", "the costs of {} had doubled",
    "{} needed a lasting answer",
)  # fmt: skip
