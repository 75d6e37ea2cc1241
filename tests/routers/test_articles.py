import hashlib

import pytest

from app.settings import ROOT
from app.text.quoting import paragraphs, words
from tests.api import KOOME, Api
from tests.newsroom import REPORT, REPORT_TEXT

SEED = (ROOT / "seed_data" / KOOME / "article.txt").read_bytes()
SHA256 = "1d8c9b1e7f8c7af4fd2123cb07a85fb69775eb028494069fa29a265335bda0dc"


def test_the_text_is_that_of_the_seed_byte_for_byte(koome: Api) -> None:
    response = koome.get(f"/articles/{KOOME}/text")
    assert response.content == SEED
    assert len(response.content) == 2198
    assert hashlib.sha256(response.content).hexdigest() == SHA256
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert len(response.text) == 2178


def test_an_article_says_only_what_its_text_gives(koome: Api) -> None:
    article = koome.read(f"/articles/{KOOME}")
    evidence = article.pop("evidence")
    assert article == {
        "id": KOOME,
        "url": f"/articles/{KOOME}",
        "text_url": f"/articles/{KOOME}/text",
        "dateline": "NAIROBI, Kenya, Jun 19",
        "headline": None,
        "byline": None,
        "publisher": None,
        "source_url": None,
        "year": None,
        "sha256": SHA256,
        "length": 2178,
        "paragraphs": 14,
        "words": len(words(SEED.decode())),
        "facts": koome.read("/facts")["total"],
    }
    assert [(place["exact"], place["start"], place["paragraph"]) for place in evidence] == [
        ("NAIROBI, Kenya, Jun 19", 0, 1)
    ]


def test_articles_are_listed_found_and_sorted(both: Api) -> None:
    assert both.ids("/articles") == [KOOME, REPORT]
    assert both.ids("/articles", params={"sort": "-id"}) == [REPORT, KOOME]
    assert both.ids("/articles", params={"article": KOOME}) == [KOOME]
    assert both.ids("/articles", params={"q": "Elysee prophete"}) == [REPORT]
    assert both.ids("/articles", params={"q": "Koome Nairobi"}) == [KOOME, REPORT]
    assert both.ids("/articles", params={"q": "Koome", "article": REPORT}) == [REPORT]


def test_coverage_counts_the_words_that_no_fact_uses(both: Api) -> None:
    text = REPORT_TEXT
    used = [
        (words["start"], words["end"])
        for fact in both.items("/facts", params={"article": REPORT, "include": "evidence", "limit": 100})
        for words in fact["evidence"]
    ]
    free = [
        word for word in words(text) if not any(start <= word.start and word.end <= end for start, end in merged(used))
    ]
    coverage = both.read(f"/articles/{REPORT}/coverage")
    assert coverage["article"]["id"] == REPORT
    assert coverage["words"] == len(words(text))
    assert coverage["covered"] == len(words(text)) - len(free)
    assert coverage["share"] == pytest.approx(coverage["covered"] / coverage["words"])
    gaps = [(gap["start"], gap["end"]) for gap in coverage["gaps"]]
    assert gaps == sorted(gaps)
    assert [word for word in words(text) if any(start <= word.start and word.end <= end for start, end in gaps)] == free
    assert "PORT-AU-PRINCE, Haiti" in coverage["gaps"][0]["exact"]


def merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join spans that touch or overlap, code point by code point."""
    covered = {at for start, end in spans for at in range(start, end)}
    starts = sorted(at for at in covered if at - 1 not in covered)
    ends = sorted(at + 1 for at in covered if at + 1 not in covered)
    return list(zip(starts, ends, strict=True))


def test_the_facts_of_the_seed_use_nearly_all_of_its_words(koome: Api) -> None:
    coverage = koome.read(f"/articles/{KOOME}/coverage")
    assert coverage["share"] > 0.9
    assert coverage["words"] == len(words(SEED.decode()))
    assert all(gap["paragraph"] <= len(paragraphs(SEED.decode())) for gap in coverage["gaps"])
