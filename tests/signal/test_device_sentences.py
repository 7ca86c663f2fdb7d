"""Statements in files are printed lines: those of one sentence are joined, word for word."""

import pytest

from ecgview.record import DeviceStatement
from ecgview.signal.device_values import sentences


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["SINUS RHYTHM", "OCCASIONAL", "PVCS"], ["SINUS RHYTHM", "OCCASIONAL PVCS"]),
        (["Sinus rhythm", "with marked", "arrhythmia", "Normal"], ["Sinus rhythm with marked arrhythmia", "Normal"]),
        (["Anterior infarct, old", "Abnormal ECG"], ["Anterior infarct, old", "Abnormal ECG"]),
        (["Anterior infarct", ", age undetermined"], ["Anterior infarct, age undetermined"]),
        (["LAD (QRS axis", "-40)", "NORMAL"], ["LAD (QRS axis -40)", "NORMAL"]),
        (["When compared with ECG of 1-MAY,", "No change"], ["When compared with ECG of 1-MAY, No change"]),
        (["normal sinus rhythm", "left axis deviation"], ["normal sinus rhythm", "left axis deviation"]),
        (["窦性心律", "左室高电压"], ["窦性心律", "左室高电压"]),
    ],
)  # fmt: skip
def test_lines_of_one_sentence_are_joined(lines: list[str], expected: list[str]) -> None:
    found = sentences([DeviceStatement(line) for line in lines])
    assert [one.text for one in found] == expected


def test_lines_of_two_hands_are_never_joined_and_a_code_stands_for_missing_words() -> None:
    said = (
        DeviceStatement("Sinus rhythm with"),
        DeviceStatement("left axis", "", "reader"),
        DeviceStatement("", "AB"),
    )
    assert [(one.text, one.by) for one in sentences(said)] == [
        ("Sinus rhythm with", "machine"),
        ("left axis", "reader"),
        ("AB", "machine"),
    ]
