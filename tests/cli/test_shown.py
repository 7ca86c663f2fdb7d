"""Nothing that stands in a file gives an order to the terminal on which a command shows it."""

import contextlib
import io
from dataclasses import replace
from pathlib import Path

import pytest

from ecgview.cli import main
from ecgview.formats import dicom
from ecgview.record import EcgRecord, Patient


def test_orders_to_a_terminal_are_shown_as_their_numbers(
    pulse_record: EcgRecord, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = Patient(patient_id="A\x1b]0;owned\x07\x9bB")
    record = replace(pulse_record, patient=patient)
    path = tmp_path / "odd\x1b[2J\u202e.json"
    path.write_text("{}")
    assert main(["info", str(path)]) == 1
    err = capsys.readouterr().err
    assert "\\x1b[2J\\u202e" in err
    assert not set(err) & {"\x1b", "\u202e"}
    with contextlib.suppress(ValueError):  # a writer may refuse them
        written = dicom.write(record, tmp_path / "a.dcm")
        main(["info", str(written)])
        assert not set(capsys.readouterr().out) & {"\x1b", "\x07", "\x9b"}


def test_a_stream_is_else_what_it_was() -> None:
    from ecgview.cli._shown import Shown

    shown = Shown(raw := io.StringIO())
    shown.writelines(["a\tb\r\n", "µV\x1b"])
    assert raw.getvalue() == "a\tb\r\nµV\\x1b"
    assert shown.getvalue() == raw.getvalue()
