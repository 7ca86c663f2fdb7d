"""Every package that an installation brings stands in LICENSES with the licence that it states of itself."""

import importlib.metadata
import importlib.util
import tomllib
from email.message import Message
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def licences() -> ModuleType:
    spec = importlib.util.spec_from_file_location("licences", ROOT / "packaging" / "licences.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(licences: ModuleType) -> dict[str, list[str]]:
    """The table: package -> version, licence, what it is needed for, where its text lies."""
    lines = licences.TABLE.read_text(encoding="utf-8").splitlines()
    rows = [
        line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and line[2:9] != "package"
    ]
    assert len({row[0] for row in rows}) == len(rows)
    return {row[0]: row[1:] for row in rows}


def _installed() -> dict[str, importlib.metadata.Distribution]:
    """Return every installed package that ecgview's requirements lead to, those of its extras too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    waiting = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        waiting += extra
    found: dict[str, importlib.metadata.Distribution] = {}
    seen = set()
    while waiting:
        wanted = Requirement(waiting.pop())
        extras = wanted.extras or {""}
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        key = canonicalize_name(wanted.name), frozenset(extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            package = importlib.metadata.distribution(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            continue  # of an extra that is not installed here
        found[key[0]] = package
        for text in package.requires or []:
            inner = Requirement(text)
            if inner.marker is None or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                inner.marker = None
                waiting.append(str(inner))
    return found


def test_every_installed_package_stands_in_the_table_with_its_licence(
    licences: ModuleType, table: dict[str, list[str]]
) -> None:
    installed = _installed()
    assert len(installed) > 70
    cuda = {name for name in installed if name.startswith(("nvidia-", "cuda-", "triton"))}
    assert set(installed) - cuda <= set(table)
    for name in set(installed) - cuda:
        assert licences.licence_of(installed[name]) == table[name][1], name


def test_the_table_is_of_the_locked_versions_and_nothing_else(
    licences: ModuleType, table: dict[str, list[str]]
) -> None:
    locked = licences.locked()
    assert {name: row[0] for name, row in table.items()} == {name: pin[0] for name, pin in locked.items()}
    assert {name: row[2] for name, row in table.items()} == {
        name: ", ".join(pin[1]) for name, pin in locked.items()
    }


def test_the_texts_are_where_the_table_says(licences: ModuleType, table: dict[str, list[str]]) -> None:
    for name, package in _installed().items():
        if name not in table or package.version.split("+")[0] != table[name][0]:
            continue
        assert licences.text_of(package) == table[name][3], name
        for path in licences.own_texts(package):
            assert path.is_file(), path
    for texts in licences.NO_TEXT.values():
        for file in texts.removesuffix(" here").split(", "):
            assert (licences.TABLE.parent / file).stat().st_size > 5000


@pytest.mark.parametrize(
    ("fields", "licence"),
    [
        ({"License-Expression": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0"),
        ({"License": "Apache 2.0"}, "Apache-2.0"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, "MIT"),
        (
            {"License": "Redistribution is\nfree", "Classifier": "License :: OSI Approved :: BSD License"},
            "BSD-2-Clause",
        ),
        ({}, None),
        ({"License": "UNKNOWN"}, None),
        ({"License": "see the file"}, None),
        ({"License-Expression": "AGPL-3.0-only"}, None),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, None),  # which one? no text says
    ],
)
def test_a_licence_that_is_not_known_is_refused(
    licences: ModuleType, fields: dict[str, str], licence: str | None
) -> None:
    metadata = Message()
    metadata["Name"] = "some.package"
    for key, value in fields.items():
        metadata[key] = value
    package = SimpleNamespace(metadata=metadata, files=[])
    if licence is None:
        with pytest.raises(ValueError, match="says"):
            licences.licence_of(package)
    else:
        assert licences.licence_of(package) == licence
