"""File associations: well-formed, the same extensions as the registry of formats, nobody's default is taken."""

import configparser
import plistlib
import re
from pathlib import Path

import pytest
from defusedxml.ElementTree import parse

from ecgview import formats
from ecgview.desktop.state.worklist import ARCHIVES

FOLDER = Path(__file__).resolve().parents[2] / "packaging" / "associations"
GENERIC = {".csv", ".dcm", ".dic", ".dicom", ".h5", ".hdf5", ".mat", ".npy", ".npz", ".rec", ".tsv", ".xml"}
PACKED = {".zip", ".tar", ".tgz"}


@pytest.fixture(scope="module")
def known() -> set[str]:
    """Return the extensions of files that stand for records."""
    return set(formats.extensions())


def test_macos_names_every_extension_and_takes_no_generic_one(known: set[str]) -> None:
    with open(FOLDER / "Info.plist", "rb") as file:
        kinds = plistlib.load(file)["CFBundleDocumentTypes"]
    by_rank = {kind["LSHandlerRank"]: {f".{one}" for one in kind["CFBundleTypeExtensions"]} for kind in kinds}
    assert by_rank == {"Default": known - GENERIC, "Alternate": GENERIC | PACKED}
    assert set(ARCHIVES) >= PACKED


def test_windows_offers_and_never_takes(known: set[str]) -> None:
    text = (FOLDER / "ecgview.reg").read_text(encoding="utf-8")
    assert text.startswith("Windows Registry Editor Version 5.00")
    assert set(re.findall(r"Classes\\(\.\w+)\\OpenWithProgids", text)) == known | PACKED
    assert re.search(r"Classes\\\.\w+\]", text) is None  # a key of that kind would set the default


def test_linux_describes_what_no_other_program_does(known: set[str]) -> None:
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    root = parse(FOLDER / "ecgview-mime.xml").getroot()
    globs = {one.get("pattern").removeprefix("*") for one in root.iterfind(".//m:glob", space)}
    assert globs == known - GENERIC
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[assignment,method-assign]
    entry.read(FOLDER / "ecgview.desktop", encoding="utf-8")
    fields = entry["Desktop Entry"]
    assert "research use only" in fields["Comment"]
    assert fields["Exec"].split() == ["ecgview", "open", "%F"]
    described = {one.get("type") for one in root.iterfind("m:mime-type", space)}
    assert described <= set(fields["MimeType"].rstrip(";").split(";"))
