"""The store of reads as a file: copied, brought back, looked at."""

import argparse
import glob
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview.cli import _each, _output
from ecgview.cli._existing_store import existing_store

if TYPE_CHECKING:
    from ecgview.review import backups
    from ecgview.review.verifying import Verification

NAME = "store"
HELP = "back the store of reads up, restore it from a backup, or check whether it is whole and as ecgview wrote it"


def register(parser: argparse.ArgumentParser) -> None:
    """Add backup, restore and check."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = actions.add_parser(
        "backup",
        help="a copy of all of it, made while windows may be open, and looked at once it is written",
    )
    made.add_argument(
        "-o",
        "--output",
        metavar="FILE.db",
        type=_output.of_kind(".db"),
        help="a file that is not there yet (default: by its time, in the folder of backups beside the store)",
    )
    restored = actions.add_parser(
        "restore",
        help="put a backup in the place of the store; what lies there is kept beside it",
        description="Refuses what is no store of ecgview, what is damaged or of a newer ecgview, and does nothing "
        "while a window or another program has the store open. The log says that it was restored.",
    )
    restored.add_argument("backup", metavar="BACKUP.db", type=Path)
    checked = actions.add_parser("check", help="whether the file is whole and the log holds; 1 if not")
    checked.add_argument(
        "--known",
        metavar="N:HASH",
        help="a head that this command printed: what ecgview found before that entry (a restore, a move) you know of, "
        "so it is a note and no problem; what was found later, or a log without that entry, is one",
    )
    for action in (made, restored, checked):
        action.add_argument("--store", metavar="STORE", type=Path, help="a store (default: yours)")
        _each.add_json(action)


def run(args: argparse.Namespace) -> int:
    """Do one of the three."""
    found = {"backup": _back_up, "restore": _restore, "check": _check}[args.action](args)
    words = found.pop("words")
    if args.json:
        _each.print_json(found)
    else:
        print("\n".join(words))
    return 1 if found.get("problems") else 0


def _back_up(args: argparse.Namespace) -> dict[str, Any]:
    from ecgview.review import backups

    _output.have_folder(args.output)
    with existing_store(args.store) as store:
        done = backups.make(store, args.output)
    return {
        "of": str(store.path),
        "backup": str(done.path),
        "bytes": done.path.stat().st_size,
        "head": done.head.text,
        "words": [f"{done.path}: whole and sound, to entry {done.head.entry} of the log"],
    }


def _restore(args: argparse.Namespace) -> dict[str, Any]:
    from ecgview.review import backups
    from ecgview.review.store import default_path

    path = args.store or default_path()

    def found(contents: backups.Contents) -> None:
        if not args.json:
            print("\n".join(_held(contents, args.backup)), flush=True)

    done = backups.restore(args.backup, path, found=found)
    words = [f"{path}: restored from {args.backup}, which ends with entry {done.head.entry} of the log"]
    words += [f"  ! {text}" for text in done.problems]
    if done.aside is not None:
        words.append(f"what lay there is kept as {done.aside}")
    return {
        "store": str(path),
        "backup": str(args.backup),
        "head": done.head.text,
        "kept_aside": str(done.aside) if done.aside else None,
        "last_entry_utc": done.contents.utc,
        "left_out": [str(path) for path in done.contents.left_out],
        "problems": list(done.problems),
        "words": words,
    }


def _held(contents: "backups.Contents", backup: Path) -> list[str]:
    """Return what a backup holds, before it takes a store's place."""
    last = (
        f"{contents.entry} entries of the log, the last of {contents.utc}" if contents.entry else "no entry"
    )
    beside = [
        f"  ! {path} is of another file and is left out: what it holds is not restored"
        for path in contents.left_out
    ]
    return [f"{backup} holds {last}", *beside]


def _without_known(found: "Verification", entry: int) -> "Verification":
    """Make notes of what ecgview itself logged as found before an entry, up to the one that the user looked at."""
    logged = [re.match(r"before entry (\d+), ecgview found: ", text) for text in found.problems]
    known = [said is not None and int(said[1]) <= entry for said in logged]
    return replace(
        found,
        problems=tuple(text for text, is_known in zip(found.problems, known, strict=True) if not is_known),
        notes=(
            *found.notes,
            *(f"known: {text}" for text, is_known in zip(found.problems, known, strict=True) if is_known),
        ),
    )


def _check(args: argparse.Namespace) -> dict[str, Any]:
    from ecgview.review import backups, kept_head, verifying
    from ecgview.review.store import default_path

    with existing_store(args.store) as store:
        found = store.check([args.known] if args.known else [])
        number = "".join((args.known or "").split()).partition(":")[0]
        if number.isdecimal() and not list(verifying.anchors(store.audit(), [args.known])):
            found = _without_known(found, int(number))
    if store.path.resolve() != default_path().resolve():  # of a copy none is kept, which is nothing odd
        bare = tuple(text for text in found.problems if text != kept_head.MISSING)
        found = replace(found, problems=bare, notes=(*found.notes, *found.problems[len(bare) :]))
    later = backups.dated_later(store.path)
    last = [path for _, path in backups.kept(store.path) if path not in later][-1:]
    told = [f"the last backup is {last[0]}" if last else "there is no backup of it beside it"]
    told += [f"{path} is dated later than the clock of this computer" for path in later]
    told += [
        f"{path} was set aside: a log of SQLite that is not of this file"
        for path in sorted(store.path.parent.glob(f"{glob.escape(store.path.name)}-*.not-of-this-file*.bak"))
    ]
    return {
        "of": str(store.path),
        "is_whole": not found.damage,
        "summary": found.summary,
        "problems": list(found.problems),
        "notes": [*found.notes, *told],
        "head": found.head.text,
        "words": [
            "The file is damaged" if found.damage else "The file is whole",
            found.summary,
            *(f"  ! {text}" for text in found.problems),
            *(f"  - {text}" for text in (*found.notes, *told)),
            f"head: {found.head.text}",
        ],
    }
