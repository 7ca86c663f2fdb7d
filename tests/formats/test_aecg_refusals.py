"""HL7 annotated ECGs with entities, or with values that cannot be, are refused, and the error names the field."""

from pathlib import Path

import pytest
from aecg_made import PERSON, TIME, lead_sequence, lead_sequences, series_of, write_file

from ecgview import formats
from ecgview.errors import FormatError


@pytest.mark.parametrize(
    "top",
    [
        '<!DOCTYPE AnnotatedECG [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE AnnotatedECG [<!ENTITY y "aaaa"><!ENTITY x "&y;&y;&y;&y;&y;&y;&y;">]>',
    ],
)
def test_entities_are_refused(top: str, tmp_path: Path) -> None:
    path = write_file(
        tmp_path / "made.xml", PERSON.format(name="&x;") + series_of(TIME + lead_sequences()), top=top
    )
    for read in (formats.read, formats.peek):
        with pytest.raises(FormatError, match="entities") as caught:
            read(path)
        assert "made.xml" in str(caught.value)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("", "series"),
        (series_of(TIME), "series"),
        (series_of(lead_sequences()), "sampling rate"),
        (series_of(TIME.replace('"0.002"', '"0"') + lead_sequences()), "increment"),
        (series_of(TIME.replace('"0.002"', '"1e999"') + lead_sequences()), "increment"),
        (series_of(TIME.replace('unit="s"', 'unit="parsec"') + lead_sequences()), "increment"),
        (series_of(TIME + lead_sequences(unit="mmHg")), "MDC_ECG_LEAD_I: scale"),
        (series_of(TIME + lead_sequences(scale="nan")), "MDC_ECG_LEAD_I: scale"),
        (series_of(TIME + lead_sequences(scale="0")), "MDC_ECG_LEAD_I"),
        (series_of(TIME + lead_sequences(origin="x")), "MDC_ECG_LEAD_I: origin"),
        (series_of(TIME + lead_sequence("V1", "1 2 x")), "MDC_ECG_LEAD_V1: digits"),
        (series_of(TIME + lead_sequences(0)), "holds no samples"),
        (series_of(TIME + lead_sequences(), "REPRESENTATIVE_BEAT"), "no rhythm series"),
    ],
)
def test_what_cannot_be_read_is_named(body: str, field: str, tmp_path: Path) -> None:
    path = write_file(tmp_path / "made.xml", body)
    with pytest.raises(FormatError) as caught:
        formats.read(path)
    assert "made.xml" in str(caught.value)
    assert field in str(caught.value)
