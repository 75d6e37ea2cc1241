import inspect
import string

import pytest

from app import vocabulary
from app.vocabulary import ParticipationRole, RelationKind, Term

VOCABULARIES: list[type[Term]] = [
    member
    for _, member in inspect.getmembers(vocabulary, inspect.isclass)
    if issubclass(member, Term) and member is not Term
]


@pytest.mark.parametrize("terms", VOCABULARIES)
def test_every_term_has_a_meaning_of_its_own_that_ends_its_sentence(terms: type[Term]) -> None:
    assert terms.__doc__
    meanings = [term.meaning for term in terms]
    assert all(meaning.endswith(".") for meaning in meanings)
    assert len(set(meanings)) == len(meanings) == len(terms.values())


@pytest.mark.parametrize("terms", VOCABULARIES)
def test_a_term_is_its_own_value(terms: type[Term]) -> None:
    for term in terms:
        assert str(term) == f"{term}" == term.value == terms(term.value)
        assert term.value == term.name.lower().replace("_", "-")


@pytest.mark.parametrize("terms", [RelationKind, ParticipationRole])
def test_a_term_that_relates_two_things_has_a_sentence_with_both_gaps(terms: type[Term]) -> None:
    for term in terms:
        gaps = [name for _, name, _, _ in string.Formatter().parse(term.sentence) if name]
        assert gaps == ["child", "parent"], term
        assert term.sentence.endswith(".")
    assert len({term.sentence for term in terms}) == len(terms)


@pytest.mark.parametrize("terms", VOCABULARIES)
def test_the_documentation_explains_every_term(terms: type[Term]) -> None:
    for term in terms:
        assert f"`{term}`: {term.meaning}" in terms.explained()


def test_no_type_of_fact_is_called_as_a_type_of_entity() -> None:
    """Full text tells facts and entities apart by their type."""
    everything = [*vocabulary.EntityType.values(), *vocabulary.FactType.values(), "article"]
    assert len(set(everything)) == len(everything)
