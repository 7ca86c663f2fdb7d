"""Small files, made here, of what readers met in the field: several rates, no gain, odd names, one bad lead, ...

Every sample is a whole number of steps that tells the lead it is of, so that a mistaken lead, rate or gain shows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgview.leads import STANDARD_12

LIMB = STANDARD_12[:6]
SECONDS = 10


@dataclass(frozen=True, slots=True)
class Case:
    """A file, and what must be said of it: leads in order, rate, words of a note, whether its gain is a doubt."""

    make: Callable[[Path], Path]
    leads: tuple[str, ...]
    fs_hz: float
    note: str = ""
    gain_doubt: bool = False
    unseen: int = 0  # bad leads that a worklist counts, since it decodes no sample


def beats(place: int, fs_hz: int, seconds: int = SECONDS) -> NDArray[np.int16]:
    """Return (samples,) steps with a pulse each second whose height tells the place of the lead."""
    t = np.arange(fs_hz * seconds) / fs_hz
    return np.round((200 + 20 * place) * np.exp(-((((t % 1.0) - 0.4) / 0.02) ** 2))).astype(np.int16)


def wfdb_file(
    folder: Path,
    lines: list[str],
    rows: list[NDArray[np.int16]],
    first: str,
    comments: str = "",
    frames: tuple[int, ...] = (),
) -> Path:
    """Write made.hea and made.dat of 16 bits; each row has `frames` samples per frame, one where nothing is said."""
    per_frame = frames or (1,) * len(rows)
    count = len(rows[0]) // per_frame[0]
    blocks = [row.reshape(count, each) for row, each in zip(rows, per_frame, strict=True)]
    (folder / "made.dat").write_bytes(np.concatenate(blocks, axis=1).astype("<i2").tobytes())
    (folder / "made.hea").write_text("\n".join([first, *lines]) + "\n" + comments)
    return folder / "made.hea"


def edf_file(
    folder: Path,
    labels: list[str],
    samples: list[int],
    *,
    units: list[str] | None = None,
    ranges: dict[int, tuple[str, str, str, str]] | None = None,
) -> Path:
    """Write made.edf of one data record each second, 0.1 uV per step unless `ranges` says otherwise for a place."""
    n = len(labels)
    limits = [(ranges or {}).get(k, ("-3276.8", "3276.7", "-32768", "32767")) for k in range(n)]
    columns = [
        (labels, 16),
        ([""] * n, 80),
        (units or ["uV"] * n, 8),
        *(([one[k] for one in limits], 8) for k in range(4)),
        ([""] * n, 80),
        ([str(one) for one in samples], 8),
        ([""] * n, 32),
    ]
    head = f"{'0':8}{'X X X X':80}{'Startdate X X X X':80}01.02.2010.11.12{256 * (n + 1):<8}{'':44}"
    head += f"{SECONDS:<8}{1:<8}{n:<4}"
    head += "".join(text.ljust(width)[:width] for texts, width in columns for text in texts)
    rows = [beats(k, each).reshape(SECONDS, each) for k, each in enumerate(samples)]
    path = folder / "made.edf"
    path.write_bytes(head.encode() + np.concatenate(rows, axis=1).astype("<i2").tobytes())
    return path


def _line(name: str, gain: str = "200/mV", code: str = "16", file: str = "made.dat") -> str:
    return f"{file} {code} {gain} 16 0 0 0 0 {name}"


def _plain(
    folder: Path, names: list[str], gain: str = "200/mV", comments: str = "", file: str = "made.dat"
) -> Path:
    rows = [beats(k, 250) for k in range(len(names))]
    return wfdb_file(
        folder,
        [_line(name, gain, file=file) for name in names],
        rows,
        f"made {len(names)} 250 2500",
        comments,
    )


def _frames(folder: Path) -> Path:
    lines = [_line("I", code="16x4"), _line("V5", code="16x4"), _line("V1"), _line("RESP", "50/Ohm")]
    rows = [beats(0, 400), beats(1, 400), beats(2, 100), beats(3, 100)]
    return wfdb_file(folder, lines, rows, "made 4 100 1000", frames=(4, 4, 1, 1))


def _segment_missing(folder: Path) -> Path:
    _plain(folder, ["II", "V"])
    (folder / "master.hea").write_text("master/2 2 250 5000\nmade 2500\ngone 2500\n")
    (folder / "gone.hea").write_text(
        f"gone 2 250 2500\n{_line('II', file='gone.dat')}\n{_line('V', file='gone.dat')}\n"
    )
    return folder / "master.hea"


def _zero_length(folder: Path) -> Path:
    rows = [beats(k, 250) for k in range(2)]
    return wfdb_file(folder, [_line("V1"), _line("V2")], rows, "made 2 250 0 07:08:09 3/4/1999")


def _one_file_gone(folder: Path) -> Path:
    path = _plain(folder, ["V1", "V2"])
    path.write_text(path.read_text().replace("made 2 ", "made 3 ") + _line("V3", file="gone.dat") + "\n")
    return path


def _npz(folder: Path, names: list[str], **more: object) -> Path:
    signal = np.stack([beats(k, 250) / 200 for k in range(len(names))])
    np.savez(folder / "made.npz", signal=signal, fs_hz=250.0, lead_names=np.array(names), **more)  # type: ignore[arg-type]
    return folder / "made.npz"


def _aecg(folder: Path, bad: str, unit: str = "uV") -> Path:
    sequences = (
        '<component><sequence><code code="TIME_ABSOLUTE"/><value xsi:type="GLIST_TS"><head value="20240229080000"/>'
        '<increment value="0.004" unit="s"/></value></sequence></component>'
    )
    for k, lead in enumerate(("V1", "V2", "V3", "V4")):
        digits = bad if lead == "V3" else " ".join(map(str, beats(k, 250)))
        sequences += (
            f'<component><sequence><code code="MDC_ECG_LEAD_{lead}"/><value xsi:type="SLIST_PQ">'
            f'<origin value="0" unit="uV"/><scale value="5" unit="{unit}"/><digits>{digits}</digits></value></sequence>'
            "</component>"
        )
    (folder / "made.xml").write_text(
        '<?xml version="1.0"?><AnnotatedECG xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<component><series><code code="RHYTHM"/><component><sequenceSet>'
        f"{sequences}</sequenceSet></component></series></component></AnnotatedECG>"
    )
    return folder / "made.xml"


def _without_digits(path: Path) -> Path:
    path.write_text(path.read_text().replace("<digits></digits>", ""))
    return path


def _set_path(folder: Path) -> Path:
    path = _plain(folder, ["II", "V1"], file="records500/00000/made.dat")
    path.write_text(path.read_text().replace("made 2", "records500/00000/made 2"))
    return path


_SPELLINGS = [
    "EKG I-REF",
    "lead_II",
    "ECG lead III",
    "Ableitung aVR",
    "aVL (mV)",
    "AVF.",
    "ECG V1",
    "V-2",
    "v3 lead",
]
_EMPTY_RANGE = ("0", "0", "-32768", "32767")
_ONE_STEP = ("-5", "5", "100", "100")

CASES: dict[str, Case] = {
    "several rates, WFDB": Case(_frames, ("I", "V5"), 400.0, "V1 (100 Hz)"),
    "several rates, EDF": Case(
        lambda at: edf_file(at, ["ECG V1", "ECG V2", "ECG V4"], [500, 500, 250]),
        ("V1", "V2"),
        500.0,
        "V4 (250 Hz)",
    ),
    "no gain, WFDB": Case(
        lambda at: _plain(at, ["V1", "V2"], "0"), ("V1", "V2"), 250.0, "200 steps per mV", True
    ),
    "no unit, EDF": Case(
        lambda at: edf_file(at, ["ECG V1", "ECG V2"], [500, 500], units=["", ""]),
        ("V1", "V2"),
        500.0,
        "uV",
        True,
    ),
    "no unit, NumPy": Case(lambda at: _npz(at, ["V1", "V2"]), ("V1", "V2"), 250.0, "mV taken", True),
    "other quantities by name, WFDB": Case(
        lambda at: _plain(at, ["MCL1", "PLETH", "CVP", "Resp chest"], "200"), ("MCL1",), 250.0, "PLETH"
    ),
    "other quantities by unit, NumPy": Case(
        lambda at: _npz(at, ["V1", "P"], units=np.array(["mV", "mmHg"])), ("V1",), 250.0, "'mmHg'"
    ),
    "other quantities, EDF": Case(
        lambda at: edf_file(at, ["ECG V1", "Flow", "SpO2"], [500, 500, 500], units=["uV", "l/min", "uV"]),
        ("V1",),
        500.0,
        "SpO2",
    ),
    "a name twice, WFDB": Case(
        lambda at: _plain(at, ["ECG", "ECG", "ECG"]), ("ECG", "ECG 2", "ECG 3"), 250.0, "ECG, ECG 2, ECG 3"
    ),
    "a name twice, EDF": Case(
        lambda at: edf_file(at, ["ECG V1", "V1", "EKG V2"], [250] * 3),
        ("V1", "V2", "V1 2"),
        250.0,
        "V1, V1 2",
    ),
    "a name twice, NumPy": Case(
        lambda at: _npz(at, ["Lead V1", "V1"], units="mV"), ("V1", "V1 2"), 250.0, "V1, V1 2"
    ),
    "one empty range, EDF": Case(
        lambda at: edf_file(at, ["V1", "V2", "V3"], [250] * 3, ranges={1: _EMPTY_RANGE}),
        ("V1", "V3"),
        250.0,
        "V2 left out",
    ),
    "one range of one step, EDF": Case(
        lambda at: edf_file(at, ["V1", "V2", "V3"], [250] * 3, ranges={0: _ONE_STEP}),
        ("V2", "V3"),
        250.0,
        "V1 left out",
    ),
    "one lead without digits, aECG": Case(
        lambda at: _without_digits(_aecg(at, "")), ("V1", "V2", "V4"), 250.0, "V3 left out"
    ),
    "units in words, aECG": Case(
        lambda at: _aecg(at, "", "microV"), ("V1", "V2", "V4"), 250.0, "V3 left out"
    ),
    "one empty lead, aECG": Case(lambda at: _aecg(at, ""), ("V1", "V2", "V4"), 250.0, "V3 left out"),
    "one undecodable lead, aECG": Case(
        lambda at: _aecg(at, "1 2 x"), ("V1", "V2", "V4"), 250.0, "V3 left out", unseen=1
    ),
    "one signal file gone, WFDB": Case(_one_file_gone, ("V1", "V2"), 250.0, "V3"),
    "usual spellings, WFDB": Case(lambda at: _plain(at, _SPELLINGS), (*LIMB, "V1", "V2", "V3"), 250.0),
    "a path from a set's root, WFDB": Case(_set_path, ("II", "V1"), 250.0),
    "length 0, WFDB": Case(_zero_length, ("V1", "V2"), 250.0),
}

SHARED: dict[str, tuple[tuple[str, ...], float, str, bool]] = {  # leads, rate, words of a note, gain a doubt
    "wfdb_frames/w25_frames.hea": (("II",), 500.0, "RESP", False),
    "wfdb_frames/mixedsignals.hea": ((*LIMB, "V"), 249.89, "Pleth", False),
    "wfdb_gain_missing/w14_gain0.hea": (STANDARD_12, 500.0, "200 steps per mV", True),
    "resp_pleth_as_leads/p10143.hea": (("FECG",), 500.0, "UC", False),
    "wfdb_dup_ecg/w24_two_ecg.hea": (("ECG", "ECG 2"), 500.0, "ECG, ECG 2", False),
    "edf_dup_ecg/e11_label_dup.edf": (("ECG", "ECG 2"), 500.0, "ECG, ECG 2", False),
    "edf_one_bad_range/e2b_ecg_physmin_eq_max.edf": (STANDARD_12[:11], 500.0, "V6 left out", False),
    "aecg_empty_lead/a17_empty_lead.xml": (
        tuple(name for name in STANDARD_12 if name != "V3"),
        500.0,
        "V3 left out",
        False,
    ),
    "wfdb_ecg_lead_names/w20_names_long.hea": (STANDARD_12, 500.0, "", False),
    "wfdb_ptbxlplus_path/00001_medians.hea": (STANDARD_12, 500.0, "", False),
    "wfdb_len0/w4_len0.hea": (STANDARD_12, 500.0, "", False),
}

MISSING_SEGMENT = _segment_missing
PLAIN_WFDB = _plain
