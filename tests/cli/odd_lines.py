"""Odd command lines: each place of each command with values that no command is meant for. None may end with 70.

python tests/formats/fuzzing.py --format "command lines" --count 2000
"""

import argparse
import contextlib
import io
import random
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ecgview import cli

CODES = (0, 1, 2, 3)  # 70 is an error of ecgview itself, 130 an interruption
NOT_RUN = ("open",)  # the window


def values(folder: Path) -> tuple[str, ...]:
    """Return what is put in each place: texts, numbers, paths; none above the folder, which would be walked."""
    (folder / "folder").mkdir(exist_ok=True)
    (folder / "damaged.json").write_bytes(b"{\xff")
    return (
        *(
            "",
            ".",
            "--",
            "~",
            "a\0b",
            "x" * 5_000,
            "x" * 100_000,
            "\udcff\udcfe",
            "\x1b[31m",
            "é\u202e",
        ),
        *(
            "-1",
            "0",
            "1e309",
            "-inf",
            "nan",
            "9" * 20,
            "9" * 5_000,
            "0x10",
            "1_000",
            "true",
            "[]",
            "a=b",
            "a,b,,c",
        ),
        *(
            "/dev/null",
            str(folder / "folder"),
            str(folder / "damaged.json"),
            str(folder / "nowhere" / "x.csv"),
        ),
    )


Command = tuple[tuple[str, ...], list[argparse.Action]]  # its words, and what it takes


def commands() -> list[Command]:
    """Return every command with what it takes."""

    def below(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[Command]:
        inner = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        if not inner:
            yield words, [one for one in parser._actions if one.dest != "help"]
        for name, sub in inner[0].choices.items() if inner else ():
            yield from below(sub, (*words, name))

    return [one for one in below(cli.parser(), ()) if one[0] and one[0][0] not in NOT_RUN]


def line(rng: random.Random, known: Sequence[Command], odd: Sequence[str], folder: Path) -> list[str]:
    """Return one command line: every place filled, one or two of them with an odd value."""
    words, actions = rng.choice(known)
    made = list(words)
    hit = set(rng.sample(range(len(actions)), min(len(actions), rng.choice((1, 1, 2)))))
    for place, action in enumerate(actions):
        if place not in hit and action.option_strings and not action.required:
            continue
        plain = (
            next(iter(action.choices))
            if action.choices
            else str(folder / f"out.{rng.choice(('parquet', 'hea'))}")
        )
        value = rng.choice(odd) if place in hit else str(plain)
        if not action.option_strings:
            made.append(value)
        elif action.nargs == 0:
            made.append(action.option_strings[-1])
        else:
            made.append(f"{action.option_strings[-1]}={value}")
    return made


def run(count: int, seed: int, folder: Path) -> list[str]:
    """Run so many lines, and return those that ended as none may."""
    rng, known, odd = random.Random(f"lines|{seed}"), commands(), values(folder)
    faults = []
    for _ in range(count):
        words = line(rng, known, odd, folder)
        said = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            try:
                code: object = cli.main(words)
            except SystemExit as left:
                code = left.code
            except BaseException as error:
                code = f"{type(error).__name__}: {error}"
        if code not in CODES or "Traceback" in said.getvalue():
            faults.append(f"{code}: {[word[:60] for word in words]!a}: {said.getvalue().strip()[-160:]}")
    return faults


def main(count: int, seed: int) -> int:
    """Run lines in a home of their own, and print what was found."""
    import os
    import tempfile

    with tempfile.TemporaryDirectory(prefix="lines-") as scratch:
        for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
            os.environ[name] = scratch
        os.chdir(scratch)
        faults = run(count, seed, Path(scratch))
    print(f"command lines: {count:,}, {len(faults)} faults", flush=True)
    for fault in faults[:40]:
        print(f"  {fault}", file=sys.stdout, flush=True)
    return 1 if faults else 0
