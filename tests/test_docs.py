"""The documentation is true: its commands run, its links lead somewhere, its keys are the window's, nothing is missing.

Every fenced block has a language. A line of a `sh` block is of one of these kinds:

* run: `ecgview ...` on the demonstration ECGs that ship, all lines of a page one after the other in one folder;
* parsed: what would open the window, train, need data or weights that are not here, or use the network. The command's
  own parser takes the line; a benchmark's own usage, or its parser, takes its arguments;
* collected: `pytest ...` finds tests there;
* a tool of the checks (ruff, mypy ...) or the starter: it is called as the starter calls it.

`python` blocks are run, `csv` blocks are read as the tables they show.
Words in code that begin with `ecgview` name commands and options that exist.
"""

import argparse
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from ecgview import cli, formats
from ecgview.desktop.chrome import menus
from ecgview.labels import entry, label_set
from ecgview.training.data.sources import folder_csv

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "LICENSES" / "README.md"])
MANUALS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
LANGUAGES = {"sh", "python", "csv", "toml", "json", "text", ""}
README_MOST = 6000  # characters
# Words that stand for what a reader has and we have not: a line with one of them is parsed.
STAND_INS = {
    "DATA",
    "STORE",
    "ECHONEXT",
    "OTHER",
    "CHECKPOINT",
    "MODEL_FOLDER",
    "MODEL_FOLDER_NAME",
    "ECG",
    "runs/",
}
OPENS_A_WINDOW = ("ecgview", "ecgview open")
USES_THE_NETWORK = ("ecgview models get",)
TOOLS = {"ruff", "mypy", "lint-imports", "pre-commit"}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the line it begins in."""

    language: str
    text: str
    line: int


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _blocks(path: Path) -> list[Block]:
    found: list[Block] = []
    inside: list[str] | None = None
    language, begun = "", 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if inside is None:
                inside, language, begun = [], line[3:].strip(), number
            else:
                found.append(Block(language, "\n".join(inside), begun))
                inside = None
        elif inside is not None:
            inside.append(line)
    assert inside is None, f"{_name(path)}: a block that begins in line {begun} does not end"
    return found


def _prose(path: Path) -> str:
    """Return a page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _commands(block: Block) -> list[list[str]]:
    lines = block.text.replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def _ecgview_words(words: list[str]) -> list[str] | None:
    """Return what follows `ecgview` in a line that starts it in any way."""
    if words[0] == "ecgview":
        return words[1:]
    if "-m" in words and words[words.index("-m") + 1 :][:1] == ["ecgview"]:
        return words[words.index("-m") + 2 :]
    return None


def _is_parsed_only(words: list[str]) -> bool:
    line = " ".join(words)
    if words[0] != "ecgview" or line in OPENS_A_WINDOW or line.startswith("ecgview open "):
        return True  # torchrun needs its GPUs
    if line.startswith(USES_THE_NETWORK):
        return True
    return any(word in STAND_INS or word.startswith("runs/") for word in words)


def _parse(words: list[str], where: str) -> None:
    code: object = 0
    try:
        cli.parser().parse_args(words or ["open"])
    except SystemExit as stop:  # --help and --version end well
        code = stop.code
    assert code == 0, where


PAGES_WITH_COMMANDS = [
    page for page in PAGES if any(one.language in ("sh", "python", "csv") for one in _blocks(page))
]


@pytest.mark.parametrize("page", PAGES_WITH_COMMANDS, ids=_name)
def test_what_a_page_tells_to_type_works(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "resources" / "demo", tmp_path / "resources" / "demo")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ECGVIEW_KEY_PASSPHRASE", "a passphrase of tests")  # which a person would be asked for
    for block in _blocks(page):
        where = f"{_name(page)}, line {block.line}"
        if block.language == "python":
            exec(compile(block.text, where, "exec"), {"__name__": "__docs__"})
        elif block.language == "csv":
            _read_table(block.text, tmp_path)
        elif block.language == "sh":
            for words in _commands(block):
                _do(words, where)
    assert "Traceback" not in capsys.readouterr().err


def _read_table(text: str, folder: Path) -> None:
    """Read an example of a table as ecgview reads it: a label set, or the table of a data set."""
    named = re.match(r"# id: (\w+)", text)
    file = folder / f"{named.group(1) if named else 'table'}.csv"
    file.write_text(text + "\n", encoding="utf-8")
    if named:
        assert len(label_set.read(file))
    else:
        assert folder_csv.open(file)


def _do(words: list[str], where: str) -> None:
    """Run or parse one line, by its kind."""
    where = f"{where}: {shlex.join(words)}"
    ours = _ecgview_words(words)
    if ours is not None:
        _parse(ours, where)
        if not _is_parsed_only(words) and ours != ["--version"]:
            assert cli.main(ours) == 0, where
    elif words[0] == "pytest":
        _collect(words[1:], where)
    elif words[0] == "python":
        _check_script(words[1:], where)
    elif words[:2] == ["python3", "packaging/start.py"]:
        assert words[2:] in ([], ["test"], ["--gpu"]), where
    else:
        assert words[0] in TOOLS, f"{where}: a kind of command that this test does not know"


def _collect(words: list[str], where: str) -> None:
    paths = [word for word in words if "/" in word]
    assert all((ROOT / path).exists() for path in paths), where
    if not paths:
        return  # the whole suite, which runs this
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{where}\n{done.stdout[-1500:]}{done.stderr[-500:]}"


def _check_script(words: list[str], where: str) -> None:
    """Check the arguments of a script of ours: by its own parser's help, or by the usage in its docstring."""
    script, arguments = ROOT / words[0], words[1:]
    assert script.is_file(), where
    text = script.read_text(encoding="utf-8")
    if "argparse" in text:
        command = [sys.executable, str(script), "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=os.environ)
        known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", done.stdout))
        assert {word for word in arguments if word.startswith("-")} <= known, where
        return
    usage = re.search(rf"^python {re.escape(words[0])}(.*?)(?: {{2,}}|$)", text, re.MULTILINE)
    assert usage is not None, f"{where}: the script does not say how it is called"
    stated = usage.group(1).split()
    needed = [word for word in stated if not word.startswith("[")]
    assert len(needed) <= len(arguments) <= len(stated), f"{where}: the script says {usage.group(0)}"


def test_every_kind_of_line_is_there() -> None:
    """A parser of pages that finds nothing would pass every page."""
    lines = [
        words for page in PAGES for one in _blocks(page) if one.language == "sh" for words in _commands(one)
    ]
    ran = [words for words in lines if words[0] == "ecgview" and not _is_parsed_only(words)]
    assert {words[1] for words in ran} >= {"info", "measure", "classify", "lef", "report", "convert", "score"}
    assert {words[0] for words in lines} >= {"ecgview", "python", "python3", "pytest", "torchrun"}
    assert {one.language for page in PAGES for one in _blocks(page)} <= LANGUAGES


def _command_words(page: Path) -> Iterator[str]:
    """Yield every word in code that begins with `ecgview` or `train`, outside fenced blocks."""
    for span in re.findall(r"`([^`\n]+)`", _prose(page)):
        if re.match(r"(ecgview|train) [a-z]", span):
            yield span if span.startswith("ecgview") else f"ecgview {span}"


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_commands_named_in_a_page_exist_with_their_options(page: Path) -> None:
    for span in _command_words(page):
        parser, names = cli.parser(), ["ecgview"]
        for word in re.findall(r"[^\s\[\]]+", span)[1:]:
            inner = next((a for a in parser._actions if isinstance(a, argparse._SubParsersAction)), None)
            if inner is not None and word.isupper():
                break  # stands for any of them
            if inner is not None:
                assert word in inner.choices, f"{_name(page)}: `{span}`: {' '.join(names)} has no {word}"
                parser, names = inner.choices[word], [*names, word]
            elif word.startswith("-"):
                assert word in parser._option_string_actions, f"{_name(page)}: `{span}`: no option {word}"


def test_the_documentation_names_every_command() -> None:
    text = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "docs/command-line.md")
    )
    for path in (ROOT / "ecgview" / "cli").glob("[a-z]*.py"):
        name = re.search(r'^NAME = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
        assert name is not None, path
        assert f"ecgview {name.group(1)}" in text, path
    for path in (ROOT / "ecgview" / "cli" / "train").glob("[a-z]*.py"):
        name = re.search(r'^NAME = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE)
        assert name is not None, path
        assert f"ecgview train {name.group(1)}" in text, path


def test_the_readme_is_a_front_door() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme) <= README_MOST
    assert readme.count("python3 packaging/start.py") == 2
    assert "Research use only. Not for diagnosis or treatment." in readme
    reached = {
        target.split("#")[0] for page in MANUALS for target in _links(page.read_text(encoding="utf-8"))
    }
    for page in ROOT.glob("docs/*.md"):
        assert any(target.endswith(page.name) for target in reached), f"no page leads to {page.name}"


def test_layers_are_what_the_architecture_says() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    rooms = [layer for layer in contract["layers"][:-1]]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    places = [page.index(f"`{room}`") for room in rooms]
    assert all(before < after for before, after in pairwise(places))


# ---- links, anchors, pictures, files -----------------------------------------------------------------


def _links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", text)


def _anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as the usual renderers make them."""
    found = set()
    for title in re.findall(r"^#+ (.+)$", _prose(path), re.MULTILINE):
        plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", title).strip().lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_anchors_and_pictures_are_there(page: Path) -> None:
    for target in _links(_prose(page)):
        if re.match(r"[a-z]+:", target):
            continue  # the web, which no test reaches
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{_name(page)}: {target}"
        assert path.is_relative_to(ROOT), f"{_name(page)}: {target} leads out of the project"
        if path.suffix == ".png":
            assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n", target
        if anchor:
            assert anchor in _anchors(path), f"{_name(page)}: {target}: no such heading"


def test_every_picture_is_shown() -> None:
    shown = {
        (page.parent / target).resolve()
        for page in PAGES
        for target in _links(_prose(page))
        if ".png" in target
    }
    assert set((ROOT / "docs" / "screenshots").glob("*.png")) <= shown


@pytest.mark.parametrize("page", [*MANUALS, ROOT / "CONTRIBUTING.md"], ids=_name)
def test_files_named_in_a_page_exist(page: Path) -> None:
    """A path in code is one of ours: of the project, of the package, or beside the page."""
    for span in re.findall(r"`([\w./-]+)`", _prose(page)):
        is_path = re.fullmatch(r"[a-z][\w-]*(/[\w.-]+)+/?", span) and span.split("/")[0] in {
            *("ecgview", "tests", "docs", "packaging", "resources", "benchmarks"),
            *(path.name for path in (ROOT / "ecgview").iterdir() if path.is_dir()),
        }
        if is_path:
            assert any((base / span).exists() for base in (ROOT, ROOT / "ecgview", page.parent)), (
                f"{_name(page)}: {span}"
            )


# ---- keys --------------------------------------------------------------------------------------------

KEYS = r"(?:`[^`]+`(?:, )?)+"


def _keys_named(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return (text of an action, keys) from tables of keys and from prose: **Lock first read** (`Ctrl+Return`)."""
    rows = re.findall(rf"^\| ([^|`*]+?) \| ({KEYS}) \|$", text, re.MULTILINE)
    said = re.findall(rf"\*\*([^*]+)\*\*\s+\(({KEYS})\)", text)
    return [(" ".join(name.split()), tuple(re.findall(r"`([^`]+)`", keys))) for name, keys in [*rows, *said]]


@pytest.mark.parametrize("name", ["cardiologist", "annotator", "formats"])
def test_keys_of_the_manuals_are_the_windows(name: str) -> None:
    real = {row.text: row.shortcuts for rows in menus.rows().values() for row in rows}
    named = _keys_named((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8"))
    assert len(named) >= (1 if name == "formats" else 20)
    for text, keys in named:
        assert text in real, f"{name}: no action is called {text!r}"
        assert set(keys) <= set(real[text]), f"{name}: {text} has {real[text]}, not {keys}"
        assert real[text][0] in keys, f"{name}: {text}: the key that the menu shows is {real[text][0]}"


def test_keys_of_the_first_read_are_the_windows() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    real = {row.id: row.shortcuts for rows in menus.rows().values() for row in rows}
    steps = readme[readme.index("## A first read") : readme.index("The same without a window")]
    named = [key for key in re.findall(r"`([^`]+)`", steps) if not key.startswith("ecgview")]
    known = {key for keys in real.values() for key in keys}
    assert set(named) <= known
    for action_id in ("file.open", "read.find_statement", "read.save_first", "read.reveal", "read.sign"):
        assert real[action_id][0] in named, action_id


# What the annotator's manual says that a typed text states: codes, certainty, modifiers.
STATED = {
    "lbbb": ("CLBBB", "definite", ()),
    "atrial fib": ("AFIB", "definite", ()),
    "房颤": ("AFIB", "definite", ()),
    "xfcd": ("AFIB", "definite", ()),
    "?old inferior mi": ("IMI", "possible", ("old",)),
    "r/o ant mi": ("AMI", "cannot_exclude", ()),
    "u wave": ("prominent U wave", "definite", ()),
}


def test_what_the_manual_types_is_stated_so() -> None:
    page = (ROOT / "docs" / "annotator.md").read_text(encoding="utf-8")
    table = page[page.index("| typed | stated |") :].split("\n\n")[0]
    typed = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert set(typed) == {*STATED, "mi"}
    chosen = label_set.load()
    for text, (code, certainty, modifiers) in STATED.items():
        first = entry.understand(chosen, text)[0]
        assert first.is_known, text
        assert (first.statement.code, first.certainty, first.modifiers) == (code, certainty, modifiers), text
    assert not entry.understand(chosen, "mi")[0].is_known  # several: taken on purpose only


# ---- what is told of the code ------------------------------------------------------------------------


def test_formats_of_the_page_are_those_of_the_code() -> None:
    """Each format of the code has a row, and the row says rightly whether it is written."""
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ") and line.count("|") == 6
    ]
    writes = {fmt.NAME for fmt in formats.writers().values()}
    for fmt in formats.known():
        words = {re.sub(r"\W", "", word).lower() for word in fmt.NAME.split()} - {
            "xml",
            "ecg",
            "array",
            "arrays",
        }
        fits = [row for row in rows if words & {re.sub(r"\W", "", word).lower() for word in row[0].split()}]
        assert fits, f"{fmt.NAME} has no row"
        if fmt.NAME in writes:
            assert any(row[2] for row in fits), f"{fmt.NAME} is written"
        else:
            assert any(not row[2] for row in fits), f"{fmt.NAME} is not written"


def test_models_of_the_page_are_those_that_ship() -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    shipped = {card.parent.name for card in (ROOT / "resources" / "models").glob("*/card.json")}
    assert shipped
    assert {name for name in shipped if f"`{name}`" not in page} == set()


def test_changes_are_one_text_by_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    version = importlib.import_module("ecgview").__version__
    assert re.findall(r"^## (.+)$", text, re.MULTILINE)[:1] == ["Unreleased"] or f"## {version}" in text
    assert f"## {version}" in text
    assert not list((ROOT / "resources").rglob("*change*"))
