"""What the device measured beside what ecgview did: the same quantity in one row, large differences marked (M7)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ecgview.record import DEVICE_MEASUREMENTS, DeviceReading, DeviceStatement
from ecgview.signal.measurements import Measurement

WORDS = {
    "heart_rate": "Heart rate",
    "rr": "RR mean",
    "p_duration": "P duration",
    "pr": "PR",
    "qrs": "QRS duration",
    "qt": "QT",
    "qtc": "QTc",
    "qtcb": "QTcB",
    "qtcf": "QTcF",
    "p_axis": "P axis",
    "qrs_axis": "QRS axis",
    "t_axis": "T axis",
}
TOLERANCE = {"heart_rate": 5.0, "qrs": 10.0, "pr": 20.0, "qt": 20.0}  # bpm, ms; a choice of ours (M7)
UNITS = {"deg": "°", "uV": " µV"}
# A printed line stops within a sentence where it ends with, is wholly, or the next one begins with, one of these.
_ENDS = re.compile(r"(?:[,(/]|\b(?:and|or|of|with|without|due to|cannot rule out|consider))$", re.IGNORECASE)
_DEGREES = (
    "occasional|frequent|rare|marked|multiple|probabl[ey]|possibl[ey]|nonspecific|acute|old|recent|moderate"
)
_BEFORE_A_NAME = re.compile(rf"(?:.*\b(?:with|and) )?(?:{_DEGREES})", re.IGNORECASE)
_BEGINS = re.compile(r"[,;.)(]|(?:with|and|or|are|is|has|have|now|no longer)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Compared:
    """One global value in the file; `ours` is None where ecgview does not measure it now.

    `version` is that of ecgview where it wrote the value itself: two versions stand beside each other then.
    """

    name: str
    value: float
    unit: str
    ours: float | None = None
    differs: bool = False  # by more than the tolerance
    version: str = ""

    @property
    def by(self) -> str:
        """Who measured it: "device", "ecgview 0.1.0, in the file"."""
        return f"ecgview {self.version}, in the file" if self.version else "device"

    @property
    def text(self) -> str:
        """The device's value with its unit."""
        sign = UNITS.get(self.unit)
        return f"{self.value:g}{sign}" if sign else f"{self.value:g} {self.unit}"


def compared(reading: DeviceReading, measured: Sequence[Measurement]) -> list[Compared]:
    """Return the device's global values in the usual order, each with ecgview's own where there is one."""
    own = {item.name: item.value for item in measured}
    rows = []
    for name in DEVICE_MEASUREMENTS:
        found = next((one for one in reading.measurements if one.name == name and not one.lead), None)
        if found is None:
            continue
        ours = own.get(WORDS[name])
        limit = TOLERANCE.get(name)
        differs = ours is not None and limit is not None and abs(ours - found.value) > limit
        rows.append(Compared(WORDS[name], round(found.value, 1), found.unit, ours, differs, reading.ecgview))
    return rows


def sentences(statements: Sequence[DeviceStatement]) -> list[DeviceStatement]:
    """Return statements with the lines of one sentence joined, word for word; one without text shows its code.

    Only lines by the same hand are joined. A file gives printed lines, which may end within a sentence.
    """
    found: list[DeviceStatement] = []
    for one in statements:
        text = " ".join((one.text or one.code).split())
        if not text:
            continue
        before = found[-1] if found else None
        if before is not None and before.by == one.by and _is_one_sentence(before.text, text):
            space = "" if text[0] in ",;.)" else " "
            found[-1] = replace(before, text=f"{before.text}{space}{text}")
        else:
            found.append(replace(one, text=text))
    return found


def _is_one_sentence(before: str, after: str) -> bool:
    unclosed = before.count("(") > before.count(")")
    in_small = after[0].islower() and before[0].isupper() and before[-1] not in ".!"
    return bool(
        unclosed
        or in_small
        or _ENDS.search(before)
        or _BEFORE_A_NAME.fullmatch(before)
        or _BEGINS.match(after)
    )
