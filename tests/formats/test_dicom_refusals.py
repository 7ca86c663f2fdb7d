"""DICOM files that hold no ECG, are broken or mean harm are refused, and the error names what is wrong."""

from pathlib import Path
from typing import Any

import pytest
from dicom_made import channel_item, ecg_object, group_item, ramp, read_two, save

from ecgview import formats
from ecgview.errors import FormatError


def test_a_median_beat_alone_is_no_rhythm(tmp_path: Path) -> None:
    beat = group_item(ramp(), [channel_item("I"), channel_item("V1")], WaveformOriginality="DERIVED")
    beat.MultiplexGroupLabel = "MEDIAN BEAT"
    with pytest.raises(FormatError, match=r"b\.dcm: WaveformSequence.*median beat only"):
        formats.read(save(ecg_object(beat), tmp_path / "b.dcm"))


def test_a_deflated_bomb_is_refused(tmp_path: Path) -> None:
    import zlib

    path = tmp_path / "bomb.dcm"
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = b"".join(packer.compress(bytes(1 << 20)) for _ in range(200)) + packer.flush()
    syntax = b"\x02\0\x10\0UI\x16\0" + b"1.2.840.10008.1.2.1.99"
    path.write_bytes(bytes(128) + b"DICM" + syntax + body)
    with pytest.raises(FormatError, match=r"bomb\.dcm: .*too large"):
        formats.read(path)


@pytest.mark.parametrize(
    ("sop_class", "modality", "name"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "CT", "CT Image Storage"),
        ("1.2.840.10008.5.1.4.1.1.104.1", "DOC", "Encapsulated PDF Storage"),
        ("1.2.840.10008.1.3.10", "", "Media Storage Directory Storage"),
    ],
)
def test_objects_without_waveform_are_named(sop_class: str, modality: str, name: str, tmp_path: Path) -> None:
    path = save(ecg_object(SOPClassUID=sop_class, Modality=modality), tmp_path / "x.dcm")
    for action in (formats.read, formats.peek):
        with pytest.raises(FormatError, match=rf"x\.dcm.*out of scope.*{name}"):
            action(path)


def test_an_ecg_object_that_ends_before_its_waveform_is_cut_short(tmp_path: Path) -> None:
    path = save(ecg_object(group_item(ramp(), [channel_item("I"), channel_item("V1")])), tmp_path / "c.dcm")
    path.write_bytes(path.read_bytes()[:400])
    for action in (formats.read, formats.peek):
        with pytest.raises(FormatError, match=r"c\.dcm.*cut short"):
            action(path)


def test_a_flood_of_elements_is_refused(tmp_path: Path) -> None:
    path = save(ecg_object(), tmp_path / "flood.dcm")
    items = b"\xfe\xff\x00\xe0" + bytes(4)
    path.write_bytes(path.read_bytes() + b"\0\x54\0\1SQ\0\0" + b"\xff" * 4 + items * 400_000)
    with pytest.raises(FormatError, match="too many elements"):
        formats.read(path)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"WaveformData": b"\0\0\0\0"}, "WaveformData"),
        ({"NumberOfWaveformSamples": 4_000_000_000}, "WaveformData"),
        ({"NumberOfWaveformSamples": 0}, "WaveformData"),
        ({"SamplingFrequency": "0"}, "SamplingFrequency"),
        ({"WaveformSampleInterpretation": "MB"}, "WaveformSampleInterpretation"),
        ({"WaveformBitsAllocated": 8}, "WaveformSampleInterpretation"),
        ({"ChannelDefinitionSequence": []}, "ChannelDefinitionSequence"),
    ],
)
def test_what_is_wrong_is_named(changes: dict[str, Any], field: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=rf"f\.dcm: WaveformSequence item 1, {field}"):
        read_two(tmp_path / "f.dcm", **changes)
