"""What the device measured beside what ecgview did: the same quantity in one row, large differences marked (M7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.record import DEVICE_MEASUREMENTS, DeviceReading
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
UNITS = {"deg": "°"}


@dataclass(frozen=True, slots=True)
class Compared:
    """One global value of the device; `ours` is None where ecgview does not measure it."""

    name: str
    value: float
    unit: str
    ours: float | None = None
    differs: bool = False  # by more than the tolerance

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
        rows.append(Compared(WORDS[name], round(found.value, 1), found.unit, ours, differs))
    return rows
