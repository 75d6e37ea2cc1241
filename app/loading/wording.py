"""What breaks the format, in the words of those who write it: pydantic's errors, told anew."""

from pydantic_core import ErrorDetails

from app.loading.format import ENTRIES, ArticleDocument, ArticleHeader, EntityEntry, Quotation
from app.loading.hints import Hints
from app.loading.source import DocumentPath, Source
from app.text.folding import expected_terms
from app.text.quoting import shown
from app.vocabulary import SLUG, FactType

KEYS = "here stand keys with their values (`key: value`)"
TAG = f"`type` must be one of {', '.join(FactType.values())}"
MESSAGES = {
    "too_short": "at least one is needed",
    "dict_type": KEYS,
    "model_type": KEYS,
    "model_attributes_type": KEYS,
    "list_type": "here stands a list",
    "union_tag_not_found": TAG,
    "union_tag_invalid": TAG,
    "string_pattern_mismatch": "here stands one line, without line breaks and control characters",
}


def told(details: ErrorDetails, source: Source, hints: Hints) -> tuple[DocumentPath, str, str | None]:
    """Return the place of an error, what is wrong there, and the nearest word that would do."""
    path = _in_document(details)
    match details["type"]:
        case "extra_forbidden":
            near = hints.word(str(path[-1]), _known_keys(path, source))
            return path, f"unknown key `{path[-1]}`{_did_you_mean(near)}", near
        case "missing":
            return path, f"`{path[-1]}` is missing", None
        case "string_pattern_mismatch" if details["ctx"]["pattern"] == SLUG:
            slug = shown(str(details["input"]))
            return path, f"{slug} is not a slug: lower-case letters, digits and single hyphens", None
        case "enum" | "literal_error":
            terms, word = expected_terms(details["ctx"]["expected"]), str(details["input"])
            near = hints.word(word, terms)
            return path, f"{shown(word)} is not one of {', '.join(terms)}{_did_you_mean(near)}", near
        case kind:
            return path, MESSAGES.get(kind, details["msg"].removeprefix("Value error, ")), None


def _did_you_mean(near: str | None) -> str:
    return f"; did you mean `{near}`?" if near else ""


def _in_document(details: ErrorDetails) -> DocumentPath:
    """Return pydantic's path without what is no step in the document: the tag of the union, and the mark of a key."""
    loc = details["loc"]
    steps = loc[:2] + loc[3:] if loc[:1] == ("facts",) else loc
    return steps[:-1] if steps[-1:] == ("[key]",) and details["type"] != "extra_forbidden" else steps


def _known_keys(path: DocumentPath, source: Source) -> list[str]:
    """Return the keys that the format knows at the parent of the path."""
    match path:
        case (_,):
            return [*ArticleDocument.model_fields, *source.also_known]
        case ("article", _):
            return list(ArticleHeader.model_fields)
        case ("entities", _, _):
            return list(EntityEntry.model_fields)
        case ("facts", int(index), _):
            return list(ENTRIES[FactType(source.data["facts"][index]["type"])].model_fields)
        case _:
            return list(Quotation.model_fields)
