"""What the pages for readers lead to is there."""

import re
from pathlib import Path

import pytest

from app.settings import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_to_files(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert links
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_linked_from_the_readme() -> None:
    links = set(LINK.findall(PAGES[0].read_text()))
    assert {str(page.relative_to(ROOT)) for page in PAGES[1:]} <= links
