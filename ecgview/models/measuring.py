"""The measurements of a record: the network finds the beats where it can, rules where it was not trained."""

from collections.abc import Sequence

from ecgview.errors import ModelError
from ecgview.models import delineation
from ecgview.record import EcgRecord
from ecgview.signal import measurements
from ecgview.signal.measure import engine
from ecgview.signal.measure.engine import again
from ecgview.signal.measure.measured import Edit, Measured, TEnd
from ecgview.signal.measurements import Measurement

__all__ = ["again", "measured"]

WITHOUT = (
    ("P duration", "ms"),
    ("PR", "ms"),
    ("QRS duration", "ms"),
    ("QT", "ms"),
    ("QTcF", "ms"),
    ("QTcB", "ms"),
    ("QTcFra", "ms"),
    ("QTcH", "ms"),
    ("JT", "ms"),
    ("JTc", "ms"),
    ("P axis", "deg"),
    ("QRS axis", "deg"),
    ("T axis", "deg"),
    ("QRS-T angle", "deg"),
    ("RV5", "mV"),
    ("SV1", "mV"),
    ("RV5+SV1", "mV"),
)


def measured(record: EcgRecord, edits: Sequence[Edit] = (), t_end: TEnd = "network") -> Measured:
    """Return all measurements of a record, or why there are none.

    Args:
        record: of any number of leads.
        edits: laid on what was found, in order.
        t_end: how the end of T is found for QT; "network" is that of the experts whom the network learnt from.

    Raises:
        SignalError: an edit names what is not there, or moves an edge past another.
    """
    try:
        found = delineation.delineate(record)
    except ModelError as error:
        return _without(record, str(error), t_end)
    if found.reason:
        return _without(record, found.reason, t_end)
    return engine.of(
        record,
        found.beats,
        edits,
        leads=found.leads,
        left_out=found.left_out,
        model=found.model,
        warnings=found.warnings,
        t_end=t_end,
    )


def _without(record: EcgRecord, reason: str, t_end: TEnd) -> Measured:
    """Return the reason for every value that there is not; a rate, where there are beats, is one all the same."""
    values = (
        *measurements.rate(record),
        *measurements.stimuli(record),
        *(Measurement(name, None, unit, note=reason) for name, unit in WITHOUT),
    )
    return Measured(record.lead_names, {}, values=values, reason=reason, t_end=t_end)
