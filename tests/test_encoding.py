"""Content codings: what is negotiated, and that bodies come back from them."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zstandard import ZstdDecompressor

from app.encoding import CODINGS, encoded, preferred, tagged, untagged

TAG = '"abc-0123"'


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, ""),
        (b"", ""),
        (b"gzip", "gzip"),
        (b"gzip, deflate, br, zstd", "zstd"),
        (b"GZip", "gzip"),
        (b"*", "zstd"),
        (b"gzip;q=0.5, zstd;q=0.2", "gzip"),
        (b"gzip;q=0, *", "zstd"),
        (b"gzip;q=0", ""),
        (b"zstd;q=0, gzip;q=0.1", "gzip"),
        (b"identity, gzip;q=0.5", ""),
        (b"identity;q=0.5, gzip", "gzip"),
        (b"br, deflate", ""),
        (b"gzip;q=nonsense", ""),
        (b"gzip;q=nan", ""),
        (b"\xff, gzip ; q=1", "gzip"),
    ],
)
def test_the_coding_is_the_one_that_the_client_prefers(accepted: bytes | None, coding: str) -> None:
    assert preferred(accepted) == coding


@given(st.binary(max_size=200))
def test_no_header_is_too_odd(accepted: bytes) -> None:
    assert preferred(accepted) in ("", *CODINGS)


@given(st.binary())
def test_bodies_come_back_and_are_always_the_same_bytes(body: bytes) -> None:
    assert gzip.decompress(encoded(body, "gzip")) == body
    assert ZstdDecompressor().decompress(encoded(body, "zstd"), max_output_size=len(body) + 1) == body
    for coding in CODINGS:
        assert encoded(body, coding) == encoded(body, coding)


@pytest.mark.parametrize("coding", ["", *CODINGS])
def test_each_coding_has_a_tag_of_its_own_that_leads_back(coding: str) -> None:
    assert untagged(tagged(TAG, coding)) == (TAG, coding)
    assert len({tagged(TAG, each) for each in ("", *CODINGS)}) == len(CODINGS) + 1
