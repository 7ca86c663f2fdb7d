"""The schema of the store, step by step; a step that has shipped is never edited, only followed.

Beside store.py the one place that holds SQL. Each step runs in a transaction of its own.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x45434756  # "ECGV" in the file's header: this is a store of ecgview
LATEST = 9
NEWEST = "draft_edits"  # the table that the last step makes
LINKED_SINCE = 8  # what is written by this schema and later ones is linked as it is written

_VERSION_1 = """
CREATE TABLE records (
    sha256 TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    n_leads INTEGER NOT NULL,
    fs_hz REAL NOT NULL,
    duration_s REAL NOT NULL,
    synthetic INTEGER NOT NULL,
    first_seen_utc TEXT NOT NULL
);
CREATE TABLE record_paths (
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    path TEXT NOT NULL,
    first_seen_utc TEXT NOT NULL,
    PRIMARY KEY (record_sha256, path)
);
CREATE INDEX record_paths_by_path ON record_paths(path);
CREATE TABLE reads (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('first', 'signed', 'amendment')),
    comment TEXT NOT NULL,
    committed_utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL,
    blind INTEGER NOT NULL,
    revealed_utc TEXT,
    revealed_offset_minutes INTEGER,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL,
    UNIQUE (record_sha256, reader, number)
);
CREATE TABLE read_statements (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    certainty TEXT NOT NULL,
    label_set TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
CREATE TABLE annotations (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    leads TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    code TEXT NOT NULL,
    text TEXT NOT NULL,
    label_set TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
CREATE TABLE drafts (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    after_number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    content TEXT NOT NULL,
    saved_utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL
);
CREATE INDEX drafts_by_reader ON drafts(record_sha256, reader, id);
CREATE TABLE reveals (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('revealed', 'blind_off')),
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL
);
CREATE INDEX reveals_by_reader ON reveals(record_sha256, reader);
CREATE TABLE audit (
    number INTEGER PRIMARY KEY,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    reader TEXT NOT NULL,
    application TEXT NOT NULL,
    action TEXT NOT NULL,
    record_sha256 TEXT NOT NULL,
    details TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    previous_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
"""

_VERSION_2 = """
CREATE TABLE results (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('prediction', 'lef')),
    content TEXT NOT NULL,
    stored_utc TEXT NOT NULL
);
CREATE INDEX results_by_model ON results(record_sha256, model_sha256, kind, id);
"""

# a save names the draft it follows (0: none since the version committed last), so that what another
# window saved in between is seen; `exposed` says why a read was not blind on this workstation
_VERSION_3 = """
ALTER TABLE drafts ADD COLUMN follows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE reads ADD COLUMN exposed TEXT NOT NULL DEFAULT '';
ALTER TABLE read_statements ADD COLUMN modifiers TEXT NOT NULL DEFAULT '[]';
CREATE TABLE exposures (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,
    reader TEXT NOT NULL,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL
);
CREATE INDEX exposures_by_record ON exposures(record_sha256, id);
"""

# the question that a result answers, a sha256; a result of before says of none, stays, and answers none
_VERSION_4 = """
ALTER TABLE results ADD COLUMN question TEXT NOT NULL DEFAULT '';
CREATE INDEX results_by_question ON results(question, kind, id) WHERE question <> '';
"""

# what readers say of maps and reconstructions; a row that withdraws another names its number
_VERSION_5 = """
CREATE TABLE judgements (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    reader TEXT NOT NULL,
    number INTEGER NOT NULL,
    withdraws INTEGER NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('agree', 'disagree', 'artefact', 'missed_here')),
    leads TEXT NOT NULL,
    start_s REAL NOT NULL,
    end_s REAL NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('map', 'reconstruction')),
    target TEXT NOT NULL,
    model_id TEXT NOT NULL,
    model_version TEXT NOT NULL,
    model_sha256 TEXT NOT NULL,
    method TEXT NOT NULL,
    stamp TEXT NOT NULL,
    shown TEXT NOT NULL CHECK (shown IN ('true', 'sham-other', 'sham-random')),
    shown_target TEXT NOT NULL,
    text TEXT NOT NULL,
    read_number INTEGER NOT NULL,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL,
    UNIQUE (record_sha256, reader, number)
);
CREATE UNIQUE INDEX judgements_are_withdrawn_once ON judgements(record_sha256, reader, withdraws)
WHERE withdraws <> 0;
"""

# edges of waves that the reader put elsewhere; no beat is the median beat, no place a wave that is not there
_VERSION_6 = """
CREATE TABLE read_edges (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    edge TEXT NOT NULL,
    beat INTEGER,
    to_s REAL,
    by TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
"""

# whom the reader told of critical findings, and when
_VERSION_7 = """
CREATE TABLE read_told (
    read_id INTEGER NOT NULL REFERENCES reads(id),
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    person TEXT NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    PRIMARY KEY (read_id, position)
);
"""

# `links` is a chain of the rows of every other table, in the order in which they were written: `digest` is a row's,
# `hash` that of the link before and of this one; an entry of `audit` names the link that it followed. What had been
# written before this step was linked as it was found, which `identity` says.
_VERSION_8 = """
ALTER TABLE audit ADD COLUMN rows_head TEXT NOT NULL DEFAULT '';
ALTER TABLE reads ADD COLUMN signed_with TEXT NOT NULL DEFAULT '';
CREATE TABLE links (
    number INTEGER PRIMARY KEY,
    of TEXT NOT NULL,
    digest BLOB NOT NULL,
    hash BLOB NOT NULL
);
CREATE TABLE identity (
    store TEXT PRIMARY KEY,
    from_schema INTEGER NOT NULL,
    n_entries INTEGER NOT NULL,
    utc TEXT NOT NULL
);
CREATE TABLE record_files (
    id INTEGER PRIMARY KEY,
    record_sha256 TEXT NOT NULL REFERENCES records(sha256),
    path TEXT NOT NULL,
    stamp TEXT NOT NULL,
    seen_utc TEXT NOT NULL
);
CREATE INDEX record_files_by_path ON record_files(path, id);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    details TEXT NOT NULL,
    records BLOB NOT NULL,
    utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL
);
"""

# A row of `drafts` holds a draft whole, or, where `of_committed`, what changed against the committed version that it
# follows; `draft_edits` what changed since, one after another. Numbers of both count together.
_VERSION_9 = """
ALTER TABLE drafts ADD COLUMN of_committed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE draft_edits (
    id INTEGER PRIMARY KEY,
    draft INTEGER NOT NULL REFERENCES drafts(id),
    position INTEGER NOT NULL,
    content TEXT NOT NULL,
    saved_utc TEXT NOT NULL,
    utc_offset_minutes INTEGER NOT NULL,
    application TEXT NOT NULL,
    UNIQUE (draft, position)
);
"""


def _append_only(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_is_never_updated BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""


def _run(db: "Database", script: str, version: int) -> None:
    # executescript would commit the transaction of this step, so its statements run one by one
    import sqlite3

    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""
    db.conn.execute(f"PRAGMA user_version = {version}")


def steps() -> "Migrations":
    """Return every step in order; sqlite_utils (200 ms to import) is needed only here."""
    from sqlite_utils import Migrations

    migrations = Migrations("ecgview")

    @migrations(name="0001_reads_drafts_and_audit")
    def _reads_drafts_and_audit(db: "Database") -> None:
        tables = (
            "records",
            "record_paths",
            "reads",
            "read_statements",
            "annotations",
            "drafts",
            "reveals",
            "audit",
        )
        _run(db, _VERSION_1 + "".join(map(_append_only, tables)), 1)

    @migrations(name="0002_results_of_models")
    def _results_of_models(db: "Database") -> None:
        _run(db, _VERSION_2 + _append_only("results"), 2)

    @migrations(name="0003_versions_of_drafts_and_exposures")
    def _versions_of_drafts_and_exposures(db: "Database") -> None:
        _run(db, _VERSION_3 + _append_only("exposures"), 3)

    @migrations(name="0004_questions_of_results")
    def _questions_of_results(db: "Database") -> None:
        _run(db, _VERSION_4, 4)

    @migrations(name="0005_judgements_of_reasons")
    def _judgements_of_reasons(db: "Database") -> None:
        _run(db, _VERSION_5 + _append_only("judgements"), 5)

    @migrations(name="0006_edges_of_waves")
    def _edges_of_waves(db: "Database") -> None:
        _run(db, _VERSION_6 + _append_only("read_edges"), 6)

    @migrations(name="0007_who_was_told")
    def _who_was_told(db: "Database") -> None:
        _run(db, _VERSION_7 + _append_only("read_told"), 7)

    @migrations(name="0008_links_of_every_row")
    def _links_of_every_row(db: "Database") -> None:
        added = ("links", "identity", "record_files", "runs")
        _run(db, _VERSION_8 + "".join(map(_append_only, added)), 8)

    @migrations(name="0009_edits_of_drafts")
    def _edits_of_drafts(db: "Database") -> None:
        _run(db, _VERSION_9 + _append_only("draft_edits"), 9)

    return migrations


def has(connection: "sqlite3.Connection", table: str) -> bool:
    """Return whether a table is there: what a step made, whatever version the file's header claims."""
    sql = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(sql, (table,)).fetchone() is not None


def schema(connection: "sqlite3.Connection") -> dict[str, str]:
    """Return what defines the store, by name: tables, indexes and triggers, steps taken, and their version.

    Names that SQLite keeps for itself are among them: it lets nobody make one, and obeys one that was put there.
    """
    found: dict[str, str] = {}
    for kind, name, table, sql in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"):
        said = " ".join((sql or f"{kind} of {table}").split())
        if (
            kind == "table"
            and re.fullmatch(r"sqlite_stat[134]", name)
            and said.startswith(f"CREATE TABLE {name}(")
        ):
            continue  # of ANALYZE, which changes nothing but the way in which a row is looked for
        found[name if name not in found else f"{kind} {name}"] = said
    if "_sqlite_migrations" in found:
        taken = connection.execute("SELECT migration_set, name FROM _sqlite_migrations").fetchall()
        found.update((f"step {row[1]}", f"of {row[0]}") for row in taken)
    found["user_version"] = str(connection.execute("PRAGMA user_version").fetchone()[0])
    return found


def schema_expected() -> dict[str, str]:
    """Return the same of a store that was just made."""
    from sqlite_utils import Database

    made = Database(memory=True)
    try:
        steps().apply(made)
        return schema(made.conn)
    finally:
        made.conn.close()
