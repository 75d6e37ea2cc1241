"""Article folders and JSON documents with random damage: no traceback, and no change to the database.

The same damage every time; `DATELINE_FUZZ=10000 pytest tests/test_fuzzing.py` does more of it.
"""

import json
import os
import random
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from app.keeping.verifying import faults
from app.loading.checking import CheckedArticle, check_folder
from app.loading.documents import Submission, check_document
from app.loading.loader import load_article
from app.loading.source import CheckError
from tests.folders import contents_of, write_folder
from tests.loading.articles import TEXT, small_document, small_yaml

MUTATIONS = int(os.environ.get("DATELINE_FUZZ", "120"))
PIECES = [
    b"- ", b": ", b"\n", b"  ", b"? ", b"|\n", b"&a ", b"*a", b"!!python/object:os.system ", b"{", b"}", b"[", b"]",
    b",", b"'", b'"', b"#", b"---\n", b"\t", b"\r\n", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"<<: ",
    b"null", b"nth: 2", b"1e999", b"-1", b"NaN", b"true", b"\\ud800", b"\xe2\x80\xa8", b"ada", b"2024-13-45",
    b"9" * 400, b"a" * 3000,
]  # fmt: skip
Damage = Callable[[random.Random, bytes], bytes]


def flip(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def insert(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(PIECES) + data[at + chance.randrange(4) :]


def cut(chance: random.Random, data: bytes) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randrange(200) :]


def swap_lines(chance: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def repeat_line(chance: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return b"\n".join(lines)


def swap_words(chance: random.Random, data: bytes) -> bytes:
    """Put a word of the document in the place of another: what stays well-formed goes deeper."""
    words = list(re.finditer(rb"[\w-]+", data))
    one, other = chance.choice(words), chance.choice(words)
    return data[: one.start()] + other[0] + data[one.end() :]


DAMAGES: list[Damage] = [flip, insert, cut, swap_lines, repeat_line, swap_words, swap_words, swap_words]


def damaged(chance: random.Random, data: bytes) -> bytes:
    for _ in range(chance.choice([1, 1, 1, 2, 5])):
        data = chance.choice(DAMAGES)(chance, data) or b"\n"
    return data


def outcome_of(engine: Engine, check: Callable[[], CheckedArticle]) -> str:
    """Check and load; hold that what is refused is said printably and leaves the database alone."""
    before = contents_of(engine)
    refusal = None
    try:
        article = check()
        with engine.begin() as connection:
            load_article(connection, article)
    except CheckError as error:
        refusal = error
    if refusal is None:
        with engine.connect() as connection:
            assert list(faults(connection)) == []
        return "loaded"
    assert refusal.diagnostics
    assert all(str(diagnostic).isprintable() for diagnostic in refusal.diagnostics)
    str(refusal).encode()
    assert contents_of(engine) == before
    return "refused"


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_folders_are_refused_or_sound(writer: Engine, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    text, facts = TEXT.encode(), small_yaml().encode()
    outcomes = set()
    for _ in range(MUTATIONS // 2):
        ours = damaged(chance, text) if chance.random() < 0.2 else text
        folder = write_folder(tmp_path / "an-article", ours, damaged(chance, facts))
        outcomes.add(outcome_of(writer, partial(check_folder, folder)))
    assert outcomes == {"refused", "loaded"}


@pytest.mark.parametrize("seed", [3, 4])
def test_damaged_documents_are_refused_or_sound(writer: Engine, seed: int) -> None:
    chance = random.Random(seed)
    whole: dict[str, Any] = {"id": "an-article", "text": TEXT, **small_document()}
    content = json.dumps(whole, indent=1, ensure_ascii=False).encode()
    outcomes = set()
    for _ in range(MUTATIONS // 2):
        submission = Submission(damaged(chance, content), Path("body"))
        outcomes.add(outcome_of(writer, partial(check_document, submission)))
    assert outcomes == {"refused", "loaded"}
