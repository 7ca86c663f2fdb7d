"""The house: directions of imports, closed rooms, a light start, functions of a readable size, names, no strangers.

A file is one subject: no number says how long that is. What one file adds is in `test_one_new_file.py`.
"""

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = sorted((ROOT / "ecgview").rglob("*.py"))
HEAVY = ("torch", "shap", "scipy", "pandas", "wfdb", "sklearn", "sqlite_utils")


def _modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(' '.join(sys.modules))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["ecgview", "ecgview.api", "ecgview.cli", "ecgview.desktop.chrome.window"])
def test_nothing_heavy_is_loaded_by(module: str) -> None:
    loaded = _modules_after(f"import {module}")
    assert not loaded & set(HEAVY)
    if not module.startswith("ecgview.desktop"):
        assert "PySide6" not in loaded


def test_imports_run_downwards() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    assert lint.exists(), "the test extra is not installed beside this Python"
    done = subprocess.run([lint], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout[-2000:]


def _imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, what it takes out of a module too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: imports say the whole name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _private_to_another(importer: Path, name: str) -> bool:
    """Return whether a name is, or is taken from, what a room that the file does not stand in keeps to itself."""
    parts, room = name.split("."), importer.relative_to(ROOT).parts[:-1]
    private = next((i for i, part in enumerate(parts) if part.startswith("_") and part[:2] != "__"), None)
    return parts[0] == "ecgview" and private is not None and tuple(parts[:private]) != room[:private]


def test_nobody_takes_what_another_room_keeps_to_itself() -> None:
    other, own = ROOT / "ecgview" / "api.py", ROOT / "ecgview" / "review" / "store.py"
    assert _private_to_another(other, "ecgview.review._rows.read_of")
    assert not _private_to_another(own, "ecgview.review._rows.read_of")
    found = [(path, name) for path in PACKAGE for name in _imported(path)]
    taken = [f"{path.relative_to(ROOT)}: {name}" for path, name in found if _private_to_another(path, name)]
    assert found
    assert not taken


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Imports for types alone count too: who reads one module of a circle has to read them all."""
    dotted = {path: ".".join(path.relative_to(ROOT).with_suffix("").parts) for path in PACKAGE}
    modules = {path: name.removesuffix(".__init__") for path, name in dotted.items()}
    known = set(modules.values())
    taken = {
        module: {name if name in known else name.rpartition(".")[0] for name in _imported(path)}
        & known - {module}
        for path, module in modules.items()
    }
    while ends := [module for module, others in taken.items() if not others & taken.keys()]:
        for module in ends:
            del taken[module]
    assert sorted(taken) == []


def test_functions_fit_on_one_screen() -> None:
    long = []
    for path in PACKAGE:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                length = node.end_lineno - node.lineno + 1
                if length > 80:
                    long.append(f"{path.relative_to(ROOT)}:{node.name} {length}")
    assert not long


def test_no_room_for_what_has_no_name() -> None:
    vague = {"utils", "helpers", "common", "manager", "misc", "base"}
    assert not [path for path in PACKAGE if path.stem.strip("_") in vague]


def test_files_of_tests_have_names_of_their_own() -> None:
    """Two of one name cannot be collected together: what the second one tests would not run."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert {name for name in names if names.count(name) > 1} == set()


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    listed = [
        *project["dependencies"],
        *(d for extra in project["optional-dependencies"].values() for d in extra),
    ]
    for dependency in listed:
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert re.search(r"#\s*\w{3,}", line), line


def test_every_public_function_of_the_package_is_there() -> None:
    import ecgview

    for name in ecgview.__all__:
        found = getattr(ecgview, name)
        assert isinstance(found, str) or found.__doc__, name
    assert set(ecgview.__all__) <= set(dir(ecgview))
    with pytest.raises(AttributeError):
        _ = ecgview.no_such_name


def test_sql_stands_in_the_store_and_its_migrations_alone() -> None:
    verbs = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|CREATE TABLE)\b")
    review = ROOT / "ecgview" / "review"
    found = {path for path in PACKAGE if verbs.search(path.read_text(encoding="utf-8"))}
    assert found <= {review / name for name in ("store.py", "migrations.py", "_rows.py", "_database.py")}


def test_no_path_of_a_machine_is_in_the_project() -> None:
    done = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    kinds = (".py", ".md", ".toml", ".json", ".sh", ".yml", ".yaml", ".txt", ".lock")
    names = [n for n in done.stdout.splitlines() if n.endswith(kinds) and not n.startswith("tests/")]
    assert len(names) > 100
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"(?<!\w)/(root|work|opt|home/\w+|Users/\w+)/", text), name
        assert not re.search(r"\b(pypi|pythonhosted|pytorch|anaconda)\.(org|com)\b", text), name


HASHED_ALONE = {("ecgview/review/audit.py", "digest"), ("ecgview/models/asking.py", "_fingerprint")}


def test_what_is_written_as_json_holds_no_nan() -> None:
    """JSON has no NaN; where a figure is not known it is null, and anything else that is no number is an error."""
    found, lax = 0, []
    for path in (*PACKAGE, *(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "packaging").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef) or (where, function.name) in HASHED_ALONE:
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) in ("json.dumps", "json.dump"):
                    found += 1
                    if "allow_nan=False" not in ast.unparse(call):
                        lax.append(f"{where}:{call.lineno}")
    assert found > 30
    assert not lax


def test_every_json_that_ships_is_json() -> None:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no JSON")

    shipped = [*(ROOT / "resources").rglob("*.json"), *(ROOT / "ecgview").rglob("*.json")]
    assert len(shipped) > 5
    for path in shipped:
        try:
            json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
        except ValueError as error:
            pytest.fail(f"{path.relative_to(ROOT)}: {error}")
