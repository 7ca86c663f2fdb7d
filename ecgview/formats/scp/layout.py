"""How the signals of an SCP-ECG record are laid out: leads, beats, and what stands before samples.

Sections 3, 4 and the beginning of 5 and 6 (EN 1064, clauses 5.6 to 5.9). Samples are numbered from 1.
"""

import math
from dataclasses import dataclass

from ecgview.errors import FormatError
from ecgview.formats.kit.scp_leads import lead_name
from ecgview.formats.scp.bimodal import Beat
from ecgview.formats.scp.sections import Sections
from ecgview.record import ImportNote

MOST_SAMPLES = 20_000_000  # of all leads together: 80 MB


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead of section 3: samples `first` to `last`, both counted from 1."""

    name: str
    number: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """Number of samples."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Leads:
    """What section 3 says."""

    leads: tuple[Lead, ...]
    subtracted: bool  # the reference beat was taken out of the rhythm
    simultaneous: int  # leads recorded at the same time, as stated


@dataclass(frozen=True, slots=True)
class Beats:
    """What section 4 says; `fiducial` is a sample of the reference beat, from 1."""

    reference_ms: int
    fiducial: int
    beats: tuple[Beat, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """What stands before the samples in section 5 or 6, and the bytes of each lead."""

    nanovolts: int
    interval_us: int
    differences: int
    bimodal: bool
    parts: tuple[bytes, ...]


def read_leads(record: Sections) -> Leads:
    """Return section 3; FormatError for no leads or impossible sample numbers."""
    data = record.data(3)
    count, flags = data.u8("section 3, number of leads"), data.u8("section 3, flags")
    where = f"{record.path}: section 3"
    if not count:
        raise FormatError("no leads", where=where, found="0")
    leads = []
    from_zero = False
    for place in range(1, count + 1):
        first, last = data.u32("section 3, first sample"), data.u32("section 3, last sample")
        number = data.u8("section 3, lead")
        # Code 0 is "unspecified lead" (table of 5.6): numbered, so that two of them stay apart.
        name = lead_name(number) if number else f"lead {place}"
        if first == 0:
            from_zero, first = True, 1
        if last < first or last - first >= MOST_SAMPLES:
            raise FormatError(
                "impossible sample numbers", where=f"{where}, {name}", found=f"{first} to {last}"
            )
        leads.append(Lead(name, number, first, last))
    if sum(lead.count for lead in leads) > MOST_SAMPLES:
        raise FormatError("impossible sample numbers", where=where, expected=f"under {MOST_SAMPLES} samples")
    if from_zero:
        text = (
            "a lead begins at sample 0, where the standard counts from 1; it was taken to begin at sample 1"
        )
        record.notes.append(ImportNote("header", text))
    # Flag byte, 5.6: bit 0 reference beat subtracted, bit 2 all leads simultaneous, bits 3 to 7 how many
    # are.
    return Leads(tuple(leads), bool(flags & 1), flags >> 3)


def read_beats(record: Sections) -> Beats:
    """Return section 4; no beats where it is missing."""
    if not record.has(4):
        return Beats(0, 0, ())
    data = record.data(4)
    length, fiducial = data.u16("section 4, length"), data.u16("section 4, fiducial point")
    count = data.u16("section 4, number of beats")
    zones = [
        [data.u16("section 4, beat type"), *(data.u32("section 4, beat") for _ in range(3))]
        for _ in range(count)
    ]
    protected = [[0, 0]] * count  # older writers leave them out
    if data.left >= 8 * count:
        protected = [[data.u32("section 4, zone"), data.u32("section 4, zone")] for _ in range(count)]
    beats = tuple(Beat(*zone, *area) for zone, area in zip(zones, protected, strict=True))
    return Beats(length, fiducial, beats)


def read_block(record: Sections, number: int, count: int, *, samples: bool = True) -> Block:
    """Return the parameters of section 5 or 6, and the bytes of `count` leads unless only the former are wanted."""
    data = record.data(number)
    field_ = f"section {number}"
    # 5.8 and 5.9: amplitude value multiplier in nV, sample time interval in microseconds, kind of
    # difference data, then (only in section 6) the bimodal flag: in section 5 the byte is reserved and
    # may hold anything.
    nanovolts, interval = data.u16(f"{field_}, amplitude"), data.u16(f"{field_}, sample interval")
    differences, bimodal = data.u8(f"{field_}, differences"), data.u8(f"{field_}, bimodal flag")
    for name, value, right in (
        ("amplitude", nanovolts, nanovolts > 0),
        ("sample interval", interval, interval > 0),
        ("differences", differences, differences <= 2),
    ):
        if not right:
            raise FormatError("impossible value", where=f"{record.path}: {field_}, {name}", found=str(value))
    lengths = [data.u16(f"{field_}, bytes of a lead") for _ in range(count)] if samples else []
    parts = tuple(data.take(length, f"{field_}, lead {k}") for k, length in enumerate(lengths, start=1))
    return Block(nanovolts, interval, differences, number == 6 and bimodal == 1, parts)


def rate_of(interval_us: int) -> tuple[float, bool]:
    """Return the rate behind an interval in whole us, and whether it is only the nearest whole rate.

    Carts at 240 or 360 Hz cannot write their interval exactly; the whole rate that rounds to it is taken.
    """
    exact = 1e6 / interval_us
    lowest, highest = math.ceil(1e6 / (interval_us + 0.5)), math.floor(1e6 / (interval_us - 0.5))
    if lowest == highest:
        return float(lowest), lowest != exact
    return exact, False
