"""Conditions on relations that articles may state in any shape."""

from tests.api import Api
from tests.newsroom import checked

TEXT = "A B C D E, all of them."


def load(api: Api, kind: str, entity_type: str, pairs: list[tuple[str, str]]) -> None:
    """Load an article in which each pair is child and parent."""
    names = {name for pair in pairs for name in pair}
    facts = [{"type": "relation", "kind": kind, "child": c, "parent": p, "evidence": TEXT} for c, p in pairs]
    entities = {name: {"type": entity_type, "name": name.upper()} for name in names}
    api.load(checked("relations", TEXT, {"entities": entities, "facts": facts}))


def test_parts_are_found_at_any_depth(empty: Api) -> None:
    load(empty, "part-of", "organisation", [("b", "a"), ("c", "b"), ("d", "c"), ("e", "a")])
    assert empty.ids("/organisations", params={"parent": "a"}) == ["b", "c", "d", "e"]
    assert empty.ids("/organisations", params={"parent": "c"}) == ["d"]
    assert empty.ids("/organisations", params={"parent": ["c", "b"]}) == ["c", "d"]
    assert empty.ids("/organisations", params={"parent": "d"}) == []


def test_relations_that_go_in_a_circle_end(empty: Api) -> None:
    load(empty, "part-of", "organisation", [("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")])
    assert empty.ids("/organisations", params={"parent": "d"}) == []
    assert empty.ids("/organisations", params={"parent": "a"}) == ["a", "b", "c", "d"]
    assert empty.read("/graph?focus=a&depth=4")["truncated"] is False


def test_other_relations_do_not_make_a_part(empty: Api) -> None:
    load(empty, "member-of", "organisation", [("b", "a")])
    assert empty.ids("/organisations", params={"parent": "a"}) == []


def test_a_city_that_acts_in_a_place_lies_in_it(empty: Api) -> None:
    for kind in ("within", "capital-of", "located-in"):
        load(empty, kind, "place", [("b", "a"), ("c", "b")])
        assert empty.ids("/places", params={"within": "a"}) == ["b", "c"]
