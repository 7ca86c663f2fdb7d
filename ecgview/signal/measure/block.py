"""The block that every cart prints first: rate, PR, QRS, QT and QTc, axes; in one order for window, report and JSON."""

from collections.abc import Sequence
from dataclasses import dataclass

from ecgview.signal.measurements import Measurement, NormalRange

UNITS = {"deg": "°", "uV": " µV"}
ARROWS = {"below": "↓", "above": "↑"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of the block: its name, and the measurements that stand in it, in this order."""

    title: str
    values: tuple[Measurement, ...]

    @property
    def text(self) -> str:
        """The values with one unit, "–" for one that was not measured: "398/421 ms", "45/–/30°"."""
        unit = UNITS.get(self.values[0].unit, f" {self.values[0].unit}")
        if len(self.values) == 1:
            one = self.values[0]
            return (
                number(one) if one.value is None else " ".join(filter(None, (number(one) + unit, arrow(one))))
            )
        said = "/".join(f"{number(one)}{arrow(one)}" for one in self.values)
        return said if all(one.value is None for one in self.values) else said + unit

    @property
    def marks(self) -> tuple[str, ...]:
        """What a reader must not overlook, in words: "high", "low", "uncertain", "edited"; each once."""
        sides = {"below": "low", "above": "high", "": ""}
        found = [sides[against_range(one)] for one in self.values if not is_quiet(one)]
        found += ["uncertain" for one in self.values if one.confidence == "low"]
        found += ["edited" for one in self.values if one.source == "edited"]
        return tuple(dict.fromkeys(word for word in found if word))

    @property
    def why(self) -> str:
        """Why values are missing, each reason once; "" where none is."""
        reasons = {one.note: None for one in self.values if one.value is None and one.note}
        return "; ".join(reasons)


BLOCK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Rate", ("Heart rate",)),
    ("PR", ("PR",)),
    ("QRS", ("QRS duration",)),
    ("QT/QTcF", ("QT", "QTcF")),
    ("P/QRS/T axes", ("P axis", "QRS axis", "T axis")),
)


def of(values: Sequence[Measurement]) -> tuple[Entry, ...]:
    """Return the places of the block that these measurements of all leads fill."""
    own = {one.name: one for one in values if not one.lead}
    found = []
    for title, names in BLOCK:
        there = tuple(own[name] for name in names if name in own)
        if there:
            found.append(Entry(title if len(there) == len(names) else there[0].name, there))
    return tuple(found)


def number(item: Measurement) -> str:
    """Return the value as it is written (M1): whole ms, bpm and degrees, 0.01 mV; "–" where it was not measured."""
    if item.value is None:
        return "–"
    return f"{item.value:.2f}" if item.unit == "mV" else f"{item.value:.0f}".replace("-", "−")


def against_range(item: Measurement) -> str:
    """Return "below" or "above" where a value lies outside its range, else ""."""
    return "" if item.value is None or item.range is None else item.range.side(item.value)


def is_quiet(item: Measurement) -> bool:
    """Return whether a value is outside its range, and yet where many healthy people's is: its arrow is enough."""
    return item.value is not None and item.range is not None and item.range.is_quiet(item.value)


def arrow(item: Measurement) -> str:
    """Return the arrow behind a value outside its range."""
    return ARROWS.get(against_range(item), "")


def in_words(item: Measurement) -> str:
    """Return what a value outside its range is said to be: "above 200 ms (18 and over)", "" within it."""
    side, limits = against_range(item), item.range
    if not side or limits is None:
        return ""
    limit = limits.limit(side)
    unit = UNITS.get(item.unit, f" {item.unit}")
    return f"{side} {limit:g}{unit}".replace("-", "−") + (f" ({limits.of})" if limits.of else "")


def told(item: Measurement) -> str:
    """Return all that is known of a value, a line each: value, range and publication, source, doubt, note."""
    unit = UNITS.get(item.unit, f" {item.unit}")
    where = f" in {item.lead}" if item.lead else ""
    lines = [f"{item.name}{where}: {number(item)}{unit if item.value is not None else ''}"]
    if item.range is not None:
        of = f", {item.range.of}" if item.range.of else ""
        lines.append(f"Usual: {_limits(item.range)}{unit}{of} ({item.range.publication})")
        if words := in_words(item):
            lines.append(f"It is {words}")
    lines.append(source(item))
    if item.confidence:
        lines.append(f"Confidence: {item.confidence}")
    if item.note:
        lines.append(item.note[:1].upper() + item.note[1:])
    return "\n".join(lines)


def _limits(limits: NormalRange) -> str:
    low, high = limits.low, limits.high
    if low is None or high is None:
        return f"from {low:g}" if low is not None else f"up to {high:g}"
    return f"{low:g} to {high:g}".replace("-", "−")


def sources(entries: Sequence[Entry]) -> str:
    """Return where the values of the block come from, in words: "computed", "computed, edited by Reader A"."""
    items = [one for entry in entries for one in entry.values]
    by = dict.fromkeys(one.by for one in items if one.source == "edited")
    kinds = dict.fromkeys(one.source for one in items)
    said: list[str] = [kind for kind in kinds if kind != "edited"]
    if "edited" in kinds:
        names = ", ".join(filter(None, by))
        said.append(f"edited by {names}" if names else "edited")
    return ", ".join(said)


def source(item: Measurement) -> str:
    """Return where a value comes from, in words: "computed", "edited by Reader A, computed 398"."""
    if item.source != "edited":
        return item.source
    by = f" by {item.by}" if item.by else ""
    before = "not measured before" if item.before is None else f"computed {item.before:.0f}".replace("-", "−")
    return f"edited{by}, {before}"
