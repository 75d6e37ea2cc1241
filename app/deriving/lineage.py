"""Who is above whom, at any depth, kept up to date while relations come and go.

A relation that hundreds of articles repeat is one step: only a step that is new, or gone, changes anything above those
below it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, select, update

from app.database.questions import Question
from app.deriving.selecting import IDS, insert_rows, rows_of_ids
from app.tables import Lineage, table_of
from app.vocabulary import TREES, RelationKind, Tree

LINEAGE = table_of(Lineage).c
TREE_OF = {kind.value: tree for tree, kinds in TREES.items() for kind in kinds}
"""Which tree the relations of a kind belong to, of those that make one."""
OF_TREE = LINEAGE.tree == bindparam("tree")
ABOVE = Question(
    select(LINEAGE.entity_id, LINEAGE.ancestor_id, LINEAGE.facts).where(LINEAGE.entity_id.in_(IDS), OF_TREE)
)
BELOW = Question(select(LINEAGE.entity_id).where(LINEAGE.ancestor_id.in_(IDS), OF_TREE))
Above = dict[str, dict[str, int]]
"""By entity, those above it, each with the number of facts that put it right above."""
Steps = Counter[tuple[Tree, str, str]]
"""How many facts more, or fewer, say that a child has a parent: by tree, child and parent."""


@dataclass(frozen=True)
class Move:
    """Entities that have others above them than before: by tree and entity, those before and those after."""

    before: dict[tuple[Tree, str], set[str]] = field(default_factory=dict)
    after: dict[tuple[Tree, str], set[str]] = field(default_factory=dict)

    def of(self, tree: Tree) -> list[str]:
        """Return the entities that have moved in the tree."""
        return [entity for moved, entity in self.after if moved is tree]


def steps_of(relations: Iterable[Mapping[str, str]]) -> Steps:
    """Return the steps that rows of relations make."""
    return Counter(
        (tree, row["child_id"], row["parent_id"])
        for row in relations
        if (tree := TREE_OF.get(RelationKind(row["kind"]))) is not None
    )


def above(connection: Connection, tree: Tree, entities: Collection[str]) -> Above:
    """Return those above the entities, at any depth."""
    found: Above = defaultdict(dict)
    for entity, ancestor, facts in rows_of_ids(connection, ABOVE, entities, {"tree": tree.value}):
        found[entity][ancestor] = facts
    return found


def settle_lineage(connection: Connection, steps: Steps) -> Move:
    """Bring the trees up to date with the steps that have come or gone; return who has moved."""
    move = Move()
    for tree in Tree:
        changes = {(child, parent): facts for (of, child, parent), facts in steps.items() if of is tree and facts}
        if changes:
            _settle_tree(connection, tree, changes, move)
    return move


def _settle_tree(connection: Connection, tree: Tree, changes: dict[tuple[str, str], int], move: Move) -> None:
    children = {child for child, _ in changes}
    stored = above(connection, tree, children)
    direct: dict[str, dict[str, int]] = {
        child: {parent: facts for parent, facts in stored[child].items() if facts} for child in children
    }
    changed = set()
    for (child, parent), more in changes.items():
        was = direct[child].get(parent, 0)
        direct[child][parent] = was + more
        if not (was and was + more):
            changed.add(child)
    direct = {child: {parent: facts for parent, facts in of.items() if facts} for child, of in direct.items()}
    affected = {*changed, *_below(connection, tree, changed)}
    stored |= above(connection, tree, affected - children)
    steps = _steps_up(connection, tree, affected, direct)
    wanted = {entity: dict.fromkeys(reached(entity, steps), 0) | steps[entity] for entity in affected}
    for child in children - changed:
        wanted[child] = wanted.get(child, stored[child]) | direct[child]
    for entity in affected:
        if wanted[entity].keys() != stored[entity].keys():
            move.before[tree, entity], move.after[tree, entity] = {*stored[entity]}, {*wanted[entity]}
    _write(connection, tree, stored, wanted)


def _below(connection: Connection, tree: Tree, entities: Collection[str]) -> Iterator[str]:
    for (entity,) in rows_of_ids(connection, BELOW, entities, {"tree": tree.value}):
        yield entity


def _steps_up(connection: Connection, tree: Tree, entities: Collection[str], known: Above) -> Above:
    """Return the direct parents of the entities and of all above them."""
    steps: Above = {}
    frontier = set(entities)
    while frontier:
        missing = frontier - known.keys()
        found = above(connection, tree, missing)
        for entity in frontier:
            of = known[entity] if entity in known else found[entity]
            steps[entity] = {parent: facts for parent, facts in of.items() if facts}
        frontier = {parent for entity in frontier for parent in steps[entity]} - steps.keys()
    return steps


def reached(entity: str, steps: Mapping[str, Mapping[str, int]]) -> set[str]:
    """Return all that lies above the entity, itself included where relations go in a circle."""
    reached: set[str] = set()
    frontier = [*steps[entity]]
    while frontier:
        parent = frontier.pop()
        if parent not in reached:
            reached.add(parent)
            frontier += steps.get(parent, ())
    return reached


def _write(connection: Connection, tree: Tree, stored: Above, wanted: Above) -> None:
    gone, new, other = [], [], []
    for entity, ancestors in wanted.items():
        was = stored.get(entity, {})
        gone += [{"e": entity, "a": ancestor} for ancestor in was.keys() - ancestors.keys()]
        for ancestor, facts in ancestors.items():
            if ancestor not in was:
                new.append({"entity_id": entity, "tree": tree.value, "ancestor_id": ancestor, "facts": facts})
            elif was[ancestor] != facts:
                other.append({"e": entity, "a": ancestor, "facts": facts})
    row = (LINEAGE.entity_id == bindparam("e")) & (LINEAGE.tree == tree.value) & (LINEAGE.ancestor_id == bindparam("a"))
    if gone:
        connection.execute(delete(table_of(Lineage)).where(row), gone)
    if other:
        connection.execute(update(table_of(Lineage)).where(row), other)
    insert_rows(connection, Lineage, new)
