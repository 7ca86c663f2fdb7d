"""DICOM ECG objects made by hand for the tests, element by element, with known content.

`read_two` is the short way: leads I and V1, with whatever a test wants changed, written and read back.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from ecgview import formats
from ecgview.record import EcgRecord

TWELVE, GENERAL, AMBULATORY, WIDE = (f"1.2.840.10008.5.1.4.1.1.9.1.{i}" for i in (1, 2, 3, 4))
MDC_NUMBERS = {"I": 1, "II": 2, "III": 61, "aVR": 62, "aVL": 63, "aVF": 64} | {
    f"V{i}": i + 2 for i in range(1, 7)
}


def code_item(value: str, scheme: str, meaning: str = "") -> list[Dataset]:
    """Return a sequence of one code."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return [item]


def channel_item(name: str, **changes: Any) -> Dataset:
    """Return the definition of a channel of 2 uV per step, with `changes` by keyword."""
    item = Dataset()
    item.ChannelSourceSequence = code_item(f"2:{MDC_NUMBERS.get(name, 0)}", "MDC", f"Lead {name}")
    item.ChannelSensitivity = "2"
    item.ChannelSensitivityUnitsSequence = code_item("uV", "UCUM", "microvolt")
    item.ChannelSensitivityCorrectionFactor = "1"
    item.ChannelBaseline = "0"
    item.ChannelSampleSkew = "0"
    item.WaveformBitsStored = 16
    for keyword, value in changes.items():
        setattr(item, keyword, value)
    return item


def group_item(samples: np.ndarray, channels: list[Dataset], kind: str = "SS", **changes: Any) -> Dataset:
    """Return a group of (samples, channels) stored values."""
    dtype = {"SB": "<i1", "UB": "<u1", "SS": "<i2", "US": "<u2", "SL": "<i4"}[kind]
    item = Dataset()
    item.WaveformOriginality = "ORIGINAL"
    item.MultiplexGroupTimeOffset = "0"
    item.NumberOfWaveformSamples, item.NumberOfWaveformChannels = samples.shape
    item.SamplingFrequency = "500"
    item.MultiplexGroupLabel = "RHYTHM"
    item.ChannelDefinitionSequence = channels
    item.WaveformBitsAllocated = 8 * np.dtype(dtype).itemsize
    item.WaveformSampleInterpretation = kind
    item.WaveformData = samples.astype(dtype).tobytes()
    for keyword, value in changes.items():
        setattr(item, keyword, value)
    return item


def ecg_object(*groups: Dataset, **changes: Any) -> Dataset:
    """Return a 12-lead ECG object of Jane Doe around groups, with `changes` by keyword."""
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID = TWELVE
    made.SOPInstanceUID = generate_uid()
    made.Modality = "ECG"
    made.PatientName, made.PatientID = "Doe^Jane", "P-1"
    made.AcquisitionDateTime = "20200512123359"
    if groups:
        made.WaveformSequence = list(groups)
    for keyword, value in changes.items():
        setattr(made, keyword, value)
    return made


def save(made: Dataset, path: Path, syntax: str = ExplicitVRLittleEndian) -> Path:
    """Write the object with its preamble and meta information in the given transfer syntax."""
    made.preamble = bytes(128)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", TWELVE)
    made.file_meta.MediaStorageSOPInstanceUID = made.get("SOPInstanceUID", "1.2")
    pydicom.dcmwrite(
        path,
        made,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        force_encoding=True,
    )
    return path


def ramp(n_channels: int = 2, n_samples: int = 600) -> np.ndarray:
    """Return stored values that differ in every sample and channel."""
    return (np.arange(n_samples)[:, None] * 3 % 700 - 350) + 7 * np.arange(n_channels)[None, :]


def read_two(path: Path, kind: str = "SS", values: np.ndarray | None = None, **changes: Any) -> EcgRecord:
    """Read a file of leads I and V1 with something changed in its group."""
    values = ramp() if values is None else values
    channels = changes.pop("channels", [channel_item("I"), channel_item("V1")])
    return formats.read(save(ecg_object(group_item(values, channels, kind, **changes)), path))
