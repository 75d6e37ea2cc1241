"""Articles, entities, facts and their full-text index.

Revision ID: 0001
Revises:
"""

import secrets

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# SQLite: an external-content index, kept by triggers: whoever writes search_document cannot forget it.
REMOVE = "INSERT INTO search_index (search_index, rowid, title, body) VALUES ('delete', old.id, old.title, old.body)"
ADD = "INSERT INTO search_index (rowid, title, body) VALUES (new.id, new.title, new.body)"
FULL_TEXT = (
    "CREATE VIRTUAL TABLE search_index USING fts5("
    "title, body, content='search_document', content_rowid='id', tokenize='unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER search_document_insert AFTER INSERT ON search_document BEGIN {ADD}; END",
    f"CREATE TRIGGER search_document_delete AFTER DELETE ON search_document BEGIN {REMOVE}; END",
    f"CREATE TRIGGER search_document_update AFTER UPDATE ON search_document BEGIN {REMOVE}; {ADD}; END",
)

# PostgreSQL: its own full text splits and folds words otherwise than FTS5. So the words are kept as they are to be
# found, and who writes search_document leaves a mark, by which the engine makes the words before it commits.
CHANGED = "INSERT INTO search_index_pending (rowid) SELECT id FROM changed ON CONFLICT DO NOTHING; RETURN NULL"
TRIGGER = (
    "CREATE TRIGGER search_document_{0} AFTER {0} ON search_document REFERENCING NEW TABLE AS changed "
    "FOR EACH STATEMENT EXECUTE FUNCTION search_document_changed()"
)
WORDS = (
    "CREATE TABLE search_index ("
    "rowid BIGINT NOT NULL CONSTRAINT pk_search_index PRIMARY KEY "
    "CONSTRAINT fk_search_index_rowid REFERENCES search_document (id) ON DELETE CASCADE, "
    "title TEXT NOT NULL, body TEXT NOT NULL)",
    "CREATE INDEX ix_search_index_words ON search_index "
    "USING gin (array_remove(string_to_array(title || ' ' || body, ' '), ''))",
    "CREATE TABLE search_index_pending (rowid BIGINT NOT NULL CONSTRAINT pk_search_index_pending PRIMARY KEY)",
    f"CREATE FUNCTION search_document_changed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {CHANGED}; END $$",
    TRIGGER.format("insert"),
    TRIGGER.format("update"),
)


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def upgrade() -> None:
    op.create_table(
        "article",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("digest", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("dateline", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("headline", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("byline", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("publisher", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("source_url", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_article_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
    )
    op.create_table(
        "entity",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.CheckConstraint("type = 'event' OR (earliest IS NULL AND latest IS NULL)", name=op.f("ck_entity_dated")),
        sa.CheckConstraint(
            "type IN ('person', 'organisation', 'unit', 'place', 'document', 'event')", name=op.f("ck_entity_type")
        ),
        sa.CheckConstraint("earliest <= latest", name=op.f("ck_entity_bounds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity")),
    )
    with op.batch_alter_table("entity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entity_earliest_latest"), ["earliest", "latest"], unique=False)
        batch_op.create_index(batch_op.f("ix_entity_type_kind"), ["type", "kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_entity_type_name_key_id"), ["type", "name_key", "id"], unique=False)

    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("token", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_revision_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.create_table(
        "search_document",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("subject_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_document")),
        sa.UniqueConstraint("type", "subject_id", name=op.f("uq_search_document_type_subject_id")),
    )
    with op.batch_alter_table("search_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_search_document_subject_id"), ["subject_id"], unique=False)

    op.create_table(
        "fact",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("article_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("type", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("statement", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("basis", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("reasoning", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("attributed_to_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(basis = 'stated' AND reasoning IS NULL) OR (basis = 'inferred' AND reasoning IS NOT NULL AND "
            "trim(reasoning) <> '')",
            name=op.f("ck_fact_reasoning"),
        ),
        sa.CheckConstraint("basis IN ('stated', 'inferred')", name=op.f("ck_fact_basis")),
        sa.CheckConstraint("trim(statement) <> ''", name=op.f("ck_fact_statement")),
        sa.CheckConstraint(
            "type IN ('name', 'role', 'relation', 'sequence', 'description', 'occurrence', 'participation', 'date', "
            "'quote', 'figure', 'note')",
            name=op.f("ck_fact_type"),
        ),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_fact_article_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["attributed_to_id"], ["entity.id"], name=op.f("fk_fact_attributed_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact")),
    )
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_fact_article_id_position_id"), ["article_id", "position", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_fact_attributed_to_id"), ["attributed_to_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_fact_basis"), ["basis"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_fact_type_article_id_position_id"), ["type", "article_id", "position", "id"], unique=False
        )

    op.create_table(
        "span",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("article_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("exact", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("prefix", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("suffix", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("paragraph", sa.Integer(), nullable=False),
        sa.CheckConstraint('"start" >= 0 AND "start" < "end"', name=op.f("ck_span_order")),
        sa.CheckConstraint('length(exact) = "end" - "start"', name=op.f("ck_span_length")),
        sa.CheckConstraint("paragraph >= 1", name=op.f("ck_span_paragraph")),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_span_article_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_span")),
        sa.UniqueConstraint("article_id", "start", "end", name=op.f("uq_span_article_id_start_end")),
    )
    op.create_table(
        "date",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("expression", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("relation", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("edtf", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("earliest", sa.Date(), nullable=True),
        sa.Column("latest", sa.Date(), nullable=True),
        sa.Column("precision", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "precision IN ('day', 'month', 'season', 'year', 'decade', 'century', 'range')",
            name=op.f("ck_date_precision"),
        ),
        sa.CheckConstraint("relation IN ('on', 'by', 'before', 'after', 'published')", name=op.f("ck_date_relation")),
        sa.CheckConstraint("earliest <= latest", name=op.f("ck_date_bounds")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_date_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_date_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_date")),
    )
    with op.batch_alter_table("date", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_date_earliest_latest"), ["earliest", "latest"], unique=False)
        batch_op.create_index(batch_op.f("ix_date_entity_id"), ["entity_id"], unique=False)

    op.create_table(
        "description",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("kind IN ('characterisation', 'purpose', 'condition')", name=op.f("ck_description_kind")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_description_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_description_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_description")),
    )
    with op.batch_alter_table("description", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_description_entity_id"), ["entity_id"], unique=False)

    op.create_table(
        "evidence",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("span_id", NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_evidence_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["span_id"], ["span.id"], name=op.f("fk_evidence_span_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", "span_id", name=op.f("pk_evidence")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_span_id"), ["span_id"], unique=False)

    op.create_table(
        "figure",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("subject_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("expression", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("unit", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("qualifier", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_figure_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["subject_id"], ["entity.id"], name=op.f("fk_figure_subject_id")),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_figure")),
    )
    with op.batch_alter_table("figure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_figure_subject_id"), ["subject_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_figure_unit"), ["unit"], unique=False)
        batch_op.create_index(batch_op.f("ix_figure_value"), ["value"], unique=False)

    op.create_table(
        "mention",
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_mention_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_mention_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("entity_id", "fact_id", name=op.f("pk_mention")),
    )
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mention_fact_id"), ["fact_id"], unique=False)

    op.create_table(
        "name",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("kind IN ('full', 'short', 'acronym', 'descriptive')", name=op.f("ck_name_kind")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_name_entity_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_name_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_name")),
    )
    with op.batch_alter_table("name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_name_entity_id"), ["entity_id"], unique=False)

    op.create_table(
        "note",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("about_fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("category", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("suggestion", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.CheckConstraint("category IN ('typo', 'grammar', 'ambiguity', 'not-stated')", name=op.f("ck_note_category")),
        sa.ForeignKeyConstraint(["about_fact_id"], ["fact.id"], name=op.f("fk_note_about_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_note_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_note")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_about_fact_id"), ["about_fact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_category"), ["category"], unique=False)

    op.create_table(
        "occurrence",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("event_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("status", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("status IN ('occurred', 'ongoing', 'planned')", name=op.f("ck_occurrence_status")),
        sa.ForeignKeyConstraint(["event_id"], ["entity.id"], name=op.f("fk_occurrence_event_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_occurrence_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_occurrence")),
    )
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_occurrence_event_id_status"), ["event_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_occurrence_status"), ["status"], unique=False)

    op.create_table(
        "participation",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("event_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("entity_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "role IN ('led', 'attended', 'hosted', 'addressed', 'spoke', 'conducted', 'offered', 'mandated', "
            "'deployed', 'supported', 'source', 'target', 'subject', 'instrument', 'venue', 'destination')",
            name=op.f("ck_participation_role"),
        ),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_participation_entity_id")),
        sa.ForeignKeyConstraint(["event_id"], ["entity.id"], name=op.f("fk_participation_event_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_participation_fact_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_participation")),
    )
    with op.batch_alter_table("participation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_participation_entity_id_event_id"), ["entity_id", "event_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_participation_event_id_entity_id"), ["event_id", "entity_id"], unique=False
        )

    op.create_table(
        "quote",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("speaker_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("addressee_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("event_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("text", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["addressee_id"], ["entity.id"], name=op.f("fk_quote_addressee_id")),
        sa.ForeignKeyConstraint(["event_id"], ["entity.id"], name=op.f("fk_quote_event_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_quote_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["speaker_id"], ["entity.id"], name=op.f("fk_quote_speaker_id")),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_quote")),
    )
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quote_addressee_id"), ["addressee_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_event_id"), ["event_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_quote_speaker_id"), ["speaker_id"], unique=False)

    op.create_table(
        "relation",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("child_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("parent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('part-of', 'member-of', 'belongs-to', 'controls', 'leads', 'drawn-from', 'within', 'capital-of', "
            "'located-in', 'mandated-by', 'issued-by', 'within-event', 'about')",
            name=op.f("ck_relation_kind"),
        ),
        sa.CheckConstraint("child_id <> parent_id", name=op.f("ck_relation_distinct")),
        sa.ForeignKeyConstraint(["child_id"], ["entity.id"], name=op.f("fk_relation_child_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_relation_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["parent_id"], ["entity.id"], name=op.f("fk_relation_parent_id")),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_relation")),
    )
    with op.batch_alter_table("relation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_relation_child_id_kind_parent_id"), ["child_id", "kind", "parent_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_relation_parent_id_kind_child_id"), ["parent_id", "kind", "child_id"], unique=False
        )

    op.create_table(
        "role",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("person_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("organisation_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("title", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("title_key", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_role_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["organisation_id"], ["entity.id"], name=op.f("fk_role_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["entity.id"], name=op.f("fk_role_person_id")),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_role")),
    )
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_organisation_id"), ["organisation_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_role_person_id_organisation_id"), ["person_id", "organisation_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_role_title_key"), ["title_key"], unique=False)

    op.create_table(
        "sequence",
        sa.Column("fact_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("earlier_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("later_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("earlier_id <> later_id", name=op.f("ck_sequence_distinct")),
        sa.ForeignKeyConstraint(["earlier_id"], ["entity.id"], name=op.f("fk_sequence_earlier_id")),
        sa.ForeignKeyConstraint(["fact_id"], ["fact.id"], name=op.f("fk_sequence_fact_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["later_id"], ["entity.id"], name=op.f("fk_sequence_later_id")),
        sa.PrimaryKeyConstraint("fact_id", name=op.f("pk_sequence")),
    )
    with op.batch_alter_table("sequence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sequence_earlier_id"), ["earlier_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_sequence_later_id"), ["later_id"], unique=False)

    first = sa.text("INSERT INTO revision (id, value, token) VALUES (1, 0, :token)")
    op.execute(first.bindparams(token=secrets.token_hex(8)))
    for statement in FULL_TEXT if is_sqlite() else WORDS:
        op.execute(statement)


def downgrade() -> None:
    for kind in ("insert", "delete", "update") if is_sqlite() else ("insert", "update"):
        op.execute(f"DROP TRIGGER search_document_{kind}" + ("" if is_sqlite() else " ON search_document"))
    if not is_sqlite():
        op.execute("DROP FUNCTION search_document_changed")
        op.execute("DROP TABLE search_index_pending")
    op.execute("DROP TABLE search_index")
    with op.batch_alter_table("sequence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sequence_later_id"))
        batch_op.drop_index(batch_op.f("ix_sequence_earlier_id"))

    op.drop_table("sequence")
    with op.batch_alter_table("role", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_title_key"))
        batch_op.drop_index(batch_op.f("ix_role_person_id_organisation_id"))
        batch_op.drop_index(batch_op.f("ix_role_organisation_id"))

    op.drop_table("role")
    with op.batch_alter_table("relation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_relation_parent_id_kind_child_id"))
        batch_op.drop_index(batch_op.f("ix_relation_child_id_kind_parent_id"))

    op.drop_table("relation")
    with op.batch_alter_table("quote", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quote_speaker_id"))
        batch_op.drop_index(batch_op.f("ix_quote_event_id"))
        batch_op.drop_index(batch_op.f("ix_quote_addressee_id"))

    op.drop_table("quote")
    with op.batch_alter_table("participation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_participation_event_id_entity_id"))
        batch_op.drop_index(batch_op.f("ix_participation_entity_id_event_id"))

    op.drop_table("participation")
    with op.batch_alter_table("occurrence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_occurrence_status"))
        batch_op.drop_index(batch_op.f("ix_occurrence_event_id_status"))

    op.drop_table("occurrence")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_category"))
        batch_op.drop_index(batch_op.f("ix_note_about_fact_id"))

    op.drop_table("note")
    with op.batch_alter_table("name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_name_entity_id"))

    op.drop_table("name")
    with op.batch_alter_table("mention", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mention_fact_id"))

    op.drop_table("mention")
    with op.batch_alter_table("figure", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_figure_value"))
        batch_op.drop_index(batch_op.f("ix_figure_unit"))
        batch_op.drop_index(batch_op.f("ix_figure_subject_id"))

    op.drop_table("figure")
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_evidence_span_id"))

    op.drop_table("evidence")
    with op.batch_alter_table("description", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_description_entity_id"))

    op.drop_table("description")
    with op.batch_alter_table("date", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_date_entity_id"))
        batch_op.drop_index(batch_op.f("ix_date_earliest_latest"))

    op.drop_table("date")
    op.drop_table("span")
    with op.batch_alter_table("fact", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_fact_type_article_id_position_id"))
        batch_op.drop_index(batch_op.f("ix_fact_basis"))
        batch_op.drop_index(batch_op.f("ix_fact_attributed_to_id"))
        batch_op.drop_index(batch_op.f("ix_fact_article_id_position_id"))

    op.drop_table("fact")
    with op.batch_alter_table("search_document", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_search_document_subject_id"))

    op.drop_table("search_document")
    op.drop_table("revision")
    with op.batch_alter_table("entity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entity_type_name_key_id"))
        batch_op.drop_index(batch_op.f("ix_entity_type_kind"))
        batch_op.drop_index(batch_op.f("ix_entity_earliest_latest"))

    op.drop_table("entity")
    op.drop_table("article")
