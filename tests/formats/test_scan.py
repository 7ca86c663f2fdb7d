"""A scan or photograph is told from its content, whatever its name, and the user learns what to ask for."""

from pathlib import Path

import pytest

from ecgview import formats
from ecgview.errors import FormatError
from ecgview.formats.places import picture

HEADS = {
    "PDF document": b"%PDF-1.7\n",
    "PNG picture": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "JPEG picture": b"\xff\xd8\xff\xe0\0\x10JFIF\0",
    "TIFF picture": b"II*\0\x08\0\0\0",
    "GIF picture": b"GIF89a",
    "HEIC picture": b"\0\0\0\x18ftypheic",
    "WebP picture": b"RIFF\x10\0\0\0WEBPVP8 ",
    "BMP picture": b"BM\x36\0\x0c\0\0\0\0\0\x36\0\0\0(\0\0\0",
}


@pytest.mark.parametrize("kind", sorted(HEADS))
@pytest.mark.parametrize("name", ["ecg.pdf", "ecg.csv", "ecg.xml", "ecg.hea", "ecg"])
def test_a_picture_is_refused_by_content(kind: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(HEADS[kind] + bytes(200))
    for open_it in (formats.read, formats.peek):
        with pytest.raises(FormatError) as caught:
            open_it(path)
        assert str(path) in str(caught.value)
        assert f"a {kind}: " in caught.value.message
        assert "ask the cart for its digital export" in caught.value.message


def test_big_endian_tiff_and_a_pdf_behind_a_line_of_rubbish_are_known() -> None:
    assert picture.picture(b"MM\0*\0\0\0\x08") == "TIFF picture"
    assert picture.picture(b"\r\n\r\n%PDF-1.4") == "PDF document"


def test_digital_files_are_no_pictures(shared_data: Path) -> None:
    for path in sorted((shared_data / "formats").rglob("*.*")):
        assert picture.picture(path.read_bytes()[:4096]) == "", path


def test_a_dicom_file_with_a_tiff_preamble_is_no_picture() -> None:
    assert picture.picture(b"II*\0".ljust(128, b"\0") + b"DICM") == ""
    assert picture.picture(b"") == ""


def test_the_table_of_formats_names_every_reader_and_why_others_are_left_out() -> None:
    rows = formats.table()
    assert len({row.format for row in rows}) == len(rows)
    for row in rows:
        assert row.real_files
        assert row.known_from if row.read else row.note
    assert len([row for row in rows if row.read]) == len(formats.known())
    read = {ext for row in rows if row.read for ext in row.extensions}
    assert formats.extensions() <= read
    written = {ext for row in rows if row.write for ext in row.extensions}
    assert set(formats.writers()) <= written
    assert any("scans" in row.format for row in rows if not row.read)
