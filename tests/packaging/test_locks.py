"""The locks agree with pyproject.toml and with each other, and every file in them is known by its hash."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "packaging" / "locks"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
ENTRY = re.compile(r"^(?P<name>[a-z0-9.-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\\n]+?))?(?: \\)?$")


def _entries(part: str) -> dict[str, tuple[Version, Marker | None]]:
    """Return what a lock pins: name -> version, and the systems it is for where that is not all of them."""
    found = {}
    for line in (LOCKS / part).read_text(encoding="utf-8").splitlines():
        if line.startswith(("#", " ")) or not line:
            continue
        entry = ENTRY.match(line)
        assert entry is not None, line
        marker = Marker(entry["marker"]) if entry["marker"] else None
        found[canonicalize_name(entry["name"])] = Version(entry["version"]), marker
    return found


def _pinned(*parts: str) -> dict[str, Version]:
    """Return what these locks and torch's line install here: name -> version."""
    together = {}
    for part in ("torch.txt", *(f"{name}.lock" for name in parts)):
        for name, (version, marker) in _entries(part).items():
            if marker is None or marker.evaluate():
                assert together.setdefault(name, version) == version, f"{name} is pinned twice, differently"
    return together


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_every_dependency_is_pinned_within_its_bounds(extra: str) -> None:
    pinned = _pinned("run", *([extra] if extra else []))
    for text in [*PROJECT["project"]["dependencies"], *EXTRAS.get(extra, [])]:
        wanted = Requirement(text)
        assert pinned[canonicalize_name(wanted.name)] in wanted.specifier, text


def test_what_builds_ecgview_is_pinned() -> None:
    assert {canonicalize_name(Requirement(text).name) for text in PROJECT["build-system"]["requires"]} <= set(
        _pinned("build")
    )


@pytest.mark.parametrize("extra", ["", *EXTRAS])
def test_what_a_pinned_package_needs_is_pinned_too(extra: str) -> None:
    pinned = _pinned("run", *([extra] if extra else []))
    checked = 0
    for name, version in pinned.items():
        try:
            installed = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        if Version(installed.version).public != version.public:
            continue  # what another version of it needs says nothing about the lock
        checked += 1
        for text in installed.requires or []:
            wanted = Requirement(text)
            if wanted.marker is None or wanted.marker.evaluate({"extra": ""}):
                assert pinned[canonicalize_name(wanted.name)] in wanted.specifier, f"{name} needs {text}"
    if checked < len(pinned) // 2:
        pytest.skip("the packages installed here are not the locked ones")


def test_every_file_has_a_hash_and_no_line_names_a_place() -> None:
    for path in LOCKS.glob("*.lock"):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        for line in text.splitlines():
            assert re.match(r"#|[a-z0-9]|    --hash=sha256:[0-9a-f]{64}(?: \\)?$", line), line
        for entry in re.split(r"\n(?=[a-z0-9])", text)[1:]:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]


def test_the_library_that_brings_cuda_stands_alone() -> None:
    assert list(_entries("torch.txt")) == ["torch"]
    for path in LOCKS.glob("*.lock"):
        assert not [name for name in _entries(path.name) if re.match("torch$|nvidia|cuda|triton", name)], path


def test_the_locks_hold_for_each_python_and_system_that_is_promised() -> None:
    pythons = PROJECT["project"]["requires-python"]
    assert pythons == ">=3.11,<3.14"
    for text in PROJECT["tool"]["uv"]["environments"]:
        assert Marker(text).evaluate({"python_version": "3.13", **_system(text)})
        assert not Marker(text).evaluate({"python_version": "3.14", **_system(text)})


def _system(marker: str) -> dict[str, str]:
    """Return the system that a marker of pyproject.toml asks for."""
    names = ("sys_platform", "platform_machine", "platform_python_implementation")
    return {name: re.findall(rf"{name} == '(\w+)'", marker)[0] for name in names}
