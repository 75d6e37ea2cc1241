import hashlib
import hmac
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import SettingsError
from app.settings import load_settings
from app.tokens import PREFIX, hash_of, make_token, writer_of

HASHES = {"desk": hash_of("the desk's"), "night": hash_of("the night's")}


def test_a_token_says_what_it_is_and_has_256_random_bits() -> None:
    made = {make_token() for _ in range(100)}
    assert len(made) == 100
    for token in made:
        assert re.fullmatch(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", token)


def test_the_hash_is_the_sha256_of_the_token() -> None:
    assert hash_of("abc") == hashlib.sha256(b"abc").hexdigest()
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_each_writer_is_known_by_their_own_token() -> None:
    assert writer_of("the desk's", HASHES) == "desk"
    assert writer_of("the night's", HASHES) == "night"


@pytest.mark.parametrize(
    "token",
    ["", " ", "The desk's", "the desk's ", "the desk's\n", "the desk", "desk", "é", *HASHES.values(), "a" * 1_000_000],
)
def test_another_token_is_nobodys_and_a_hash_is_no_token(token: str) -> None:
    assert writer_of(token, HASHES) is None
    assert writer_of(token, {}) is None


@given(st.text())
def test_any_text_may_be_asked_about(token: str) -> None:
    assert writer_of(token, {"x": hash_of(token)}) == "x"
    assert writer_of(token + "x", {"x": hash_of(token)}) is None


def test_hashes_are_compared_all_of_them_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def compare(given: str, known: str) -> bool:
        compared.append(known)
        return given == known

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for token in ("the desk's", "the night's", "nobody's"):
        compared.clear()
        writer_of(token, HASHES)
        assert compared == [*HASHES.values()]


# --- In the settings ----------------------------------------------------------------------------------------------


def set_to(monkeypatch: pytest.MonkeyPatch, value: str) -> dict[str, str]:
    monkeypatch.setenv("DATELINE_TOKENS", value)
    return load_settings().tokens


def test_the_setting_holds_names_and_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = (f"{name}:{digest}" for name, digest in HASHES.items())
    assert set_to(monkeypatch, f"{one},{two}") == HASHES
    assert set_to(monkeypatch, f" {one} ,\n{two},") == HASHES
    assert set_to(monkeypatch, one) == {"desk": HASHES["desk"]}
    assert set_to(monkeypatch, "") == set_to(monkeypatch, " , ") == {}
    monkeypatch.delenv("DATELINE_TOKENS")
    assert load_settings().tokens == {}


@pytest.mark.parametrize(
    "value",
    [
        "dateline_a-token-put-where-its-hash-belongs",
        "desk",
        "desk:",
        "desk:dateline_a-token",
        f":{'0' * 64}",
        f"desk:{'0' * 63}",
        f"desk:{'0' * 65}",
        f"desk:{'A' * 64}",
        f"Desk:{'0' * 64}",
        f"the desk:{'0' * 64}",
        f"desk:{'0' * 64}:{'0' * 64}",
        f"desk:{'0' * 64} night:{'1' * 64}",
        "desk:" + "\u0660" * 64,
        '{"desk": "' + "0" * 64 + '"}',
    ],
)
def test_what_is_no_hash_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        set_to(monkeypatch, value)
    assert str(refused.value) == (
        "DATELINE_TOKENS=...: must be what `dateline token` prints, name:hash, several joined by commas"
    )


def test_one_name_for_two_tokens_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match=r"^DATELINE_TOKENS=\.\.\.: has one name twice$"):
        set_to(monkeypatch, f"desk:{'0' * 64},desk:{'1' * 64}")
