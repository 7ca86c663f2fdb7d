"""The walks of docs/architecture.md: short, of files that are there, each connected, and never back up."""

import ast
import re
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WALKS = ("File to pixels", "Click to contributions", "Statement to training label")
MOST_FILES = 12


def legs(title: str) -> list[list[Path]]:
    """Return the numbered lists below a heading, each as the files that its items begin with."""
    section = TEXT.split(f"### {title}\n", 1)[1].split("\n### ", 1)[0]
    found: list[list[Path]] = []
    for line in section.splitlines():
        item = re.match(r"(\d+)\. `([^`]+)`", line)
        if item is None:
            continue
        if item[1] == "1":
            found.append([])
        found[-1].append(ROOT / item[2])
    return found


def imports(path: Path) -> set[Path]:
    """Return the files of ours that a file imports when it runs: at its top, or in a function."""
    skipped = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            skipped |= {id(inner) for inner in ast.walk(node)}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in skipped:
            named = {file_of(f"{node.module}.{name.name}") for name in node.names}
            # what comes from a folder is its face, unless it is a module in it
            found |= named if all(path.is_file() for path in named) else {*named, file_of(node.module)}
    return found


def file_of(module: str) -> Path:
    """Return the file of a dotted name; one that does not exist for what is no module."""
    path = ROOT / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("title", WALKS)
def test_a_walk_is_short_and_of_files_that_are_there(title: str) -> None:
    files = [path for leg in legs(title) for path in leg]
    assert 0 < len(files) <= MOST_FILES
    assert len(set(files)) == len(files)
    assert [path for path in files if not path.is_file()] == []


@pytest.mark.parametrize("title", WALKS)
def test_no_file_of_a_walk_knows_one_above_it(title: str) -> None:
    for leg in legs(title):
        for place, path in enumerate(leg):
            assert imports(path).isdisjoint(leg[:place]), path


@pytest.mark.parametrize("title", WALKS)
def test_each_file_is_known_to_one_above_it(title: str) -> None:
    """Control goes from file to file by imports, or from part to part by the workspace's signals and discovery."""
    by_signal_or_discovery = {
        "ecgview/desktop/state/open_record.py",  # the window hands the paths over
        "ecgview/formats/wfdb/__init__.py",  # discovered
        "ecgview/desktop/state/answers.py",  # the panel's workspace
        "ecgview/models/networks/residual.py",  # by its card
        "ecgview/desktop/state/read_steps.py",  # the panel's workspace
        "ecgview/training/data/sources/annotations.py",  # discovered
    }
    for leg in legs(title):
        for place, path in enumerate(leg[1:], start=1):
            name = path.relative_to(ROOT).as_posix()
            known = any(path in imports(above) for above in leg[:place])
            assert known is (name not in by_signal_or_discovery), name


def test_the_walks_go_through_every_floor_of_reading_and_showing() -> None:
    rooms = {path.relative_to(ROOT).parts[1] for title in WALKS for leg in legs(title) for path in leg}
    assert {"cli", "desktop", "formats", "paper", "models", "labels", "review", "training"} <= rooms
    assert all(one != two for title in WALKS for leg in legs(title) for one, two in pairwise(leg))
