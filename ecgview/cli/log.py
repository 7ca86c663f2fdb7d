"""The log of the store: whether it holds, and as a file that can be checked without the store."""

import argparse
import sys
from pathlib import Path
from typing import Any

from ecgview.cli import _each, _exposure, _output
from ecgview.cli._existing_store import existing_store
from ecgview.counts import counted
from ecgview.errors import StoreError

LARGEST_LOG = 500_000_000  # bytes of an exported log: more than a million entries

NAME = "log"
HELP = "check the log of reads and all that the store holds against it, or write the log to a file"


def register(parser: argparse.ArgumentParser) -> None:
    """Add verify and export."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    verified = actions.add_parser(
        "verify",
        help="every sign of tampering, in words; 1 if there is one",
        description="Compares every table with the log, triggers with the schema, times with each other, and where "
        "the log ends with the head that ecgview kept. Somebody who may read your files can forge all of it: a head "
        "from a printed report or from somebody else (--head) shows that.",
    )
    exported = actions.add_parser("export", help="the log as JSON lines, to be checked without the store")
    exported.add_argument(
        "-o", "--output", metavar="LOG.jsonl", type=_output.of_kind(".jsonl"), required=True
    )
    source = verified.add_mutually_exclusive_group()
    source.add_argument("--log", metavar="LOG.jsonl", type=Path, help="an exported log instead of a store")
    for action in (source, exported):
        action.add_argument("--store", metavar="STORE", type=Path, help="a store (default: yours)")
    verified.add_argument(
        "--head",
        metavar="N:HASH",
        action="append",
        default=[],
        help="a head that the log must hold; may be repeated",
    )
    for sub in (verified, exported):
        _each.add_json(sub)


def run(args: argparse.Namespace) -> int:
    """Do one of the two."""
    if args.action == "export":
        return _export(args)
    found = _of_file(args.log, args.head) if args.log else _of_store(args.store, args.head)
    if args.json:
        _each.print_json(found)
    else:
        print(found["summary"])
        for kind in ("problems", "notes"):
            for text in found[kind]:
                print(f"  {'!' if kind == 'problems' else '-'} {text}")
        print(f"head: {found['head']}")
    return 1 if found["problems"] else 0


def _of_store(path: Path | None, heads: list[str]) -> dict[str, Any]:
    with existing_store(path) as store:
        found = store.check(heads)
        where = str(store.path)
    return {
        "of": where,
        "summary": found.summary,
        "problems": list(found.problems),
        "notes": list(found.notes),
        "head": found.head.text,
        "entries": found.n_entries,
        "rows": found.n_rows,
    }


def _of_file(path: Path, heads: list[str]) -> dict[str, Any]:
    from ecgview.review import audit, verifying
    from ecgview.review.kept_head import Head

    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST_LOG + 1)  # a pipe is read, too, but none without an end
        if len(raw) > LARGEST_LOG:
            raise StoreError(
                "is too large for a log", where=str(path), expected=f"{LARGEST_LOG:,} bytes at most"
            )
        entries = audit.from_json_lines(raw.decode("utf-8"))
    except (ValueError, TypeError, KeyError) as error:
        raise StoreError("is no log that ecgview exported", where=str(path), found=str(error)[:80]) from None
    problems = [*audit.verify(entries), *verifying.anchors(entries, heads)]
    head = Head(entries[-1].number, entries[-1].hash) if entries else Head()
    said = counted(len(problems), "sign") + " of tampering" if problems else "The chain holds"
    notes = (
        [] if heads else ["an end that was cut off, or a chain made anew, shows against a head only (--head)"]
    )
    return {
        "of": str(path),
        "summary": f"{said}: {counted(len(entries), 'entry', 'entries')}",
        "problems": problems,
        "notes": notes,
        "head": head.text,
        "entries": len(entries),
        "rows": 0,
    }


def _read_here(told_of: set[str]) -> set[str]:
    """Return the records of a log of which a first read is begun in the user's own store, of which it may be a copy."""
    try:
        with existing_store(None) as own:
            return told_of & set(own.first_reads_open())
    except StoreError:  # there is none
        return set()


def _export(args: argparse.Namespace) -> int:
    _output.have_folder(args.output)
    with existing_store(args.store) as store:
        store.export_audit(args.output)
        head, n_entries = store.head(), len(store.audit())
        being_read = {
            *store.first_reads_open(),
            *_read_here({entry.record_sha256 for entry in store.audit()}),
        }
        if store.problem is None:
            store.log("", "", "log_exported", f"to entry {head.entry}")
    _exposure.log("log_exported", sorted(being_read))
    if being_read:
        said = f"{counted(len(being_read), 'record is', 'records are')} being read: such a read is not called blind"
        print(f"ecgview: what other readers say stands in the log, and {said}", file=sys.stderr)
    if args.json:
        _each.print_json({"output": str(args.output), "entries": n_entries, "head": head.text})
    else:
        print(f"{args.output}: {counted(n_entries, 'entry', 'entries')}, head {head.text}")
    return 0
