import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.text.dates import DateError, parsed_bounds, plain_bounds, resolve
from app.vocabulary import Precision


@pytest.mark.parametrize(
    ("expression", "earliest", "latest", "precision"),
    [
        ("2024-06-18", "2024-06-18", "2024-06-18", "day"),
        ("2024-06-18?", "2024-06-18", "2024-06-18", "day"),
        ("2024?-06-19", "2024-06-19", "2024-06-19", "day"),
        ("2024-06-18~", "2024-06-18", "2024-06-18", "day"),
        ("2024-06-18T10:00:00Z", "2024-06-18", "2024-06-18", "day"),
        ("2024-06-18/2024-06-18", "2024-06-18", "2024-06-18", "day"),
        ("2024-06", "2024-06-01", "2024-06-30", "month"),
        ("2024-06?", "2024-06-01", "2024-06-30", "month"),
        ("2024-02-XX", "2024-02-01", "2024-02-29", "month"),
        ("9999-12", "9999-12-01", "9999-12-31", "month"),
        ("2001-21", "2001-03-01", "2001-05-31", "season"),
        ("2023", "2023-01-01", "2023-12-31", "year"),
        ("2024-XX", "2024-01-01", "2024-12-31", "year"),
        ("202X", "2020-01-01", "2029-12-31", "decade"),
        ("19XX", "1900-01-01", "1999-12-31", "century"),
        ("[..2024-05-31]", None, "2024-05-31", "range"),
        ("[2024-06-19..]", "2024-06-19", None, "range"),
        ("2024-06-19/..", "2024-06-19", None, "range"),
        ("../2024-06-19", None, "2024-06-19", "range"),
        ("/2024-05", None, "2024-05-31", "range"),
        ("2024-05/", "2024-05-01", None, "range"),
        ("2024-06-20/2024-06-30", "2024-06-20", "2024-06-30", "range"),
        ("2024-06-01/2024-07-31", "2024-06-01", "2024-07-31", "range"),
        ("[2024-06-18,2024-06-25]", "2024-06-18", "2024-06-25", "range"),
    ],
)
def test_expressions_resolve_to_bounds_and_a_precision(
    expression: str, earliest: str | None, latest: str | None, precision: str
) -> None:
    bounds = resolve(expression)
    assert (bounds.earliest and bounds.earliest.isoformat()) == earliest
    assert (bounds.latest and bounds.latest.isoformat()) == latest
    assert bounds.precision is Precision(precision)


@pytest.mark.parametrize(
    "expression",
    ["", "Jun 19", "19/06/2024", "2024-13", "2024-06-31", "2024-6-18", "/", "/..", "../", "2024-X6-18", "?1500S2"],
)
def test_what_is_not_edtf_is_refused_with_examples(expression: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DateError) as caught:
        resolve(expression)
    assert str(caught.value) == (
        f"‘{expression}’ is not Extended Date/Time Format (ISO 8601-2); "
        "write for instance 2024-06-18, 2024?-06-19, 2024-06 or [..2024-05-31]"
    )
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("expression", ["0000", "-0044-03-15", "Y12345", "Y99999999999", "Y9E99999999", "2023-02-29"])
def test_days_that_no_iso_date_names_are_refused(expression: str) -> None:
    with pytest.raises(DateError) as caught:
        resolve(expression)
    assert str(caught.value) == f"‘{expression}’ names no day of the years 0001 to 9999"


def test_an_interval_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(DateError, match="ends before it begins"):
        resolve("2024-05/2024-04")


DAYS = st.dates(date(1, 1, 1), date(9999, 12, 31))


@settings(max_examples=30, deadline=None)
@given(DAYS, st.sampled_from(["", "?", "~", "%"]))
def test_a_day_is_bounded_by_itself(day: date, doubt: str) -> None:
    bounds = resolve(day.isoformat() + doubt)
    assert (bounds.earliest, bounds.latest, bounds.precision) == (day, day, Precision.DAY)


PARTS = st.sampled_from(["00", "01", "02", "11", "12", "13", "21", "28", "29", "30", "31", "1"])
DOUBTS = st.sampled_from(["", "", "", "?", "~", "%", "??"])
PLAIN = st.one_of(
    st.tuples(st.sampled_from(["2023", "2024", "1900", "0000", "0001", "9999", "202", "20245"]), DOUBTS),
    st.tuples(st.sampled_from(["2023", "2024"]), DOUBTS, st.just("-"), PARTS, DOUBTS),
    st.tuples(st.sampled_from(["2023", "2024"]), DOUBTS, st.just("-"), PARTS, DOUBTS, st.just("-"), PARTS, DOUBTS),
).map("".join)


@settings(max_examples=100, deadline=None)
@given(PLAIN)
def test_what_needs_no_parser_is_what_the_parser_reads(expression: str) -> None:
    if (bounds := plain_bounds(expression)) is not None:
        assert bounds == parsed_bounds(expression)


@settings(max_examples=20, deadline=None)
@given(DAYS)
def test_a_month_is_bounded_by_its_first_and_last_day(day: date) -> None:
    bounds = resolve(day.isoformat()[:7])
    last = day.replace(day=calendar.monthrange(day.year, day.month)[1])
    assert (bounds.earliest, bounds.latest, bounds.precision) == (day.replace(day=1), last, Precision.MONTH)


@settings(max_examples=20, deadline=None)
@given(DAYS, DAYS)
def test_an_interval_is_bounded_by_its_ends(one: date, other: date) -> None:
    first, last = sorted([one, other])
    bounds = resolve(f"{first.isoformat()}/{last.isoformat()}")
    assert (bounds.earliest, bounds.latest) == (first, last)


POINTS = st.one_of(
    DAYS.map(date.isoformat),
    DAYS.map(lambda day: day.isoformat()[:7]),
    DAYS.map(lambda day: day.isoformat()[:4]),
    DAYS.map(lambda day: day.isoformat()[:3] + "X"),
    st.sampled_from(["2024-21", "2024-XX", "2024-06-XX", "20XX", "2024?-06", "2024-~06-19", "1500S2"]),
)
EDTF = st.one_of(
    st.builds("{}{}".format, POINTS, st.sampled_from(["", "?", "~", "%"])),
    st.builds("{}/{}".format, st.one_of(POINTS, st.sampled_from(["", ".."])), POINTS),
    st.builds("{}/{}".format, POINTS, st.one_of(POINTS, st.sampled_from(["", ".."]))),
    st.builds("[{}..]".format, POINTS),
    st.builds("[..{}]".format, POINTS),
    st.builds("{{{},{}}}".format, POINTS, POINTS),
    st.builds("[{}..{}]".format, POINTS, POINTS),
    st.text("0123456789-/.X?~%[]{},ST:", max_size=14),
)


@settings(max_examples=100, deadline=None)
@given(EDTF)
def test_bounds_are_ordered_and_as_long_as_their_precision_says(expression: str) -> None:
    try:
        bounds = resolve(expression)
    except DateError:
        return
    if bounds.earliest is None or bounds.latest is None:
        assert bounds.precision is Precision.RANGE
        return
    assert bounds.earliest <= bounds.latest
    days = (bounds.latest - bounds.earliest) // timedelta(days=1) + 1
    shortest, longest = {
        Precision.DAY: (1, 1),
        Precision.MONTH: (28, 31),
        Precision.SEASON: (28, 92),
        Precision.YEAR: (365, 366),
        Precision.DECADE: (3652, 3653),
        Precision.CENTURY: (36524, 36525),
        Precision.RANGE: (2, 9999 * 366),
    }[bounds.precision]
    assert shortest <= days <= longest
