"""The PhysioNet/CinC Challenges 2020 and 2021: folders of WFDB records, any depth, diagnoses in the headers.

Codes are SNOMED CT identifiers as in `Dx`. The first headers of 2020 carried CPSC 2018's nine words instead; they
become the identifiers that the later headers of the same recordings carry (their counts in the official tables are
equal). A patient is not named anywhere, so each recording stands for one. Records HR* are PTB-XL and are left out,
so that they never count as another hospital's.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ecgview.errors import FormatError
from ecgview.record import EcgRecord
from ecgview.training.data import tasks
from ecgview.training.data.rows import Row
from ecgview.training.data.sources.source import Problem, Tell, problem_of_file, read_or_tell
from ecgview.training.data.table import sex_of
from ecgview.training.data.tasks import Task

NAME = "CinC 2020/2021"
ANY_DEPTH = True
LEFT_OUT = "HR"  # PTB-XL under the challenge's names
HOSPITALS: Mapping[str, str] = {  # letters before the number -> the challenge's folder
    "A": "cpsc_2018",
    "Q": "cpsc_2018_extra",
    "I": "st_petersburg_incart",
    "S": "ptb",
    "E": "georgia",
    "JS": "chapman_shaoxing_ningbo",
}
CPSC_WORDS: Mapping[str, str] = {
    "AF": "164889003",
    "I-AVB": "270492004",
    "LBBB": "164909002",
    "Normal": "426783006",
    "PAC": "284470004",
    "PVC": "164884008",  # ventricular ectopics, which the challenge does not score
    "RBBB": "59118001",
    "STD": "429622005",
    "STE": "164931005",
}
_RATE = re.compile(r"^[^#\s]\S*\s+\d+\s+(\d+(?:\.\d+)?)", re.MULTILINE)  # name, leads, rate
_LINE = re.compile(r"^#\s*(\w+)\s*:\s*(.*?)\s*$", re.MULTILINE)
_LARGEST = 1_000_000  # bytes of a header
_LOOKED_AT = 20  # headers, to tell what a folder holds


def sniff(path: Path) -> bool:
    """Return whether one of the first headers below a folder carries diagnoses."""
    return path.is_dir() and any(map(has_diagnoses, islice(_headers(path), _LOOKED_AT)))


def open(path: Path) -> "Cinc":
    """Return the data set of a folder."""
    return Cinc(path)


@dataclass(frozen=True, slots=True)
class Cinc:
    """A folder with any of the challenge's sets below it."""

    path: Path

    @property
    def name(self) -> str:
        """The layout."""
        return NAME

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The 26 scored classes."""
        return (tasks.get("cinc26"),)

    @property
    def fold_names(self) -> Mapping[int, str]:
        """The challenge published no folds."""
        return {}

    def rows(self) -> Iterator[Row]:
        """Yield every recording but PTB-XL's, from its header."""
        for header in self._files():
            yield row_of(header)

    def records(self, tell: Tell | None = None) -> Iterator[tuple[Row, EcgRecord]]:
        """Yield every recording but PTB-XL's."""
        for header in self._files():
            record = read_or_tell(header, tell)
            if record is not None:
                yield row_of(header), record

    def problems(self) -> Iterator[Problem]:
        """Yield headers that cannot be read, signal files that are missing, diagnoses that are no identifier."""
        for header in self._files():
            if found := problem_of_file(header):
                yield found
                continue
            codes = row_of(header).codes
            if not codes:
                yield Problem("unlabelled", str(header), "the header has no Dx line")
            for code in codes:
                if not code.isdigit():
                    yield Problem("unknown-code", f"{header}, Dx", f"{code!r} is no SNOMED CT identifier")

    def facts(self) -> Mapping[str, str | int]:
        """Return how many recordings each hospital gave, and how many were left out as PTB-XL's."""
        counts: dict[str, str | int] = {}
        for header in _headers(self.path):
            name = "left out as PTB-XL (HR*)" if _prefix(header) == LEFT_OUT else _hospital(header)
            counts[name] = int(counts.get(name, 0)) + 1
        return counts

    def _files(self) -> Iterator[Path]:
        return (header for header in _headers(self.path) if _prefix(header) != LEFT_OUT)


def _headers(folder: Path) -> Iterator[Path]:
    """Yield header files in a fixed order, one folder at a time."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".hea") and not name.startswith("."):
                yield Path(place, name)


def _text(header: Path) -> str:
    try:
        with header.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", errors="replace")
    except OSError as error:
        raise FormatError(f"cannot be opened ({error.strerror})", where=str(header)) from None


def _fields(text: str) -> dict[str, str]:
    """Return the comments of a header, "Dx" and the like, by name."""
    return dict(_LINE.findall(text))


def has_diagnoses(header: Path) -> bool:
    """Return whether a header carries a line of diagnoses."""
    return "Dx" in _fields(_text(header))


def row_of(header: Path) -> Row:
    """Return the row of a recording, from its header alone."""
    text = _text(header)
    fields, rate = _fields(text), _RATE.search(text)
    named = [word.strip() for word in fields.get("Dx", "").split(",")]
    codes = dict.fromkeys(CPSC_WORDS.get(word, word) for word in named if word)
    age = fields.get("Age", "")
    hospital = _hospital(header)
    return Row(
        source=hospital,
        record_id=header.stem,
        patient_id=f"{hospital}-{header.stem}",
        codes=tuple(sorted(codes)),
        age_years=float(age) if age.isdigit() and int(age) <= 125 else None,
        sex=sex_of(fields.get("Sex", "")),
        rate_hz=float(rate[1]) if rate else None,
    )


def _prefix(header: Path) -> str:
    return re.sub(r"\d.*$", "", header.stem)


def _hospital(header: Path) -> str:
    return HOSPITALS.get(_prefix(header), header.parent.name)
