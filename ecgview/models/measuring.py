"""The measurements of a record: the network finds the waves where it can, rules where it has no answer.

Rules measure what is longer than the network takes, minute by minute, and all where its weights are not here. Where
both look at the same beats and do not find the same ones, nothing is measured but the rate.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import numpy as np

from ecgview.errors import ModelError, SignalError
from ecgview.models import delineation
from ecgview.models.delineation import Delineation
from ecgview.record import EcgRecord
from ecgview.signal import measurements, pacing
from ecgview.signal.judgement import judged
from ecgview.signal.measure import by_rules, engine, minutes
from ecgview.signal.measure.engine import again, as_far_as_possible
from ecgview.signal.measure.measured import Edit, Measured, TEnd
from ecgview.signal.measurements import Measurement
from ecgview.signal.recent import CHECKED_S, Recent, checksum

__all__ = ["again", "as_far_as_possible", "measured", "recent"]

BY_RULES = "P, QRS and T were found by rules, which are less sure than the network"
WITHOUT = (
    *((name, "ms") for name in ("P duration", "PR", "QRS duration", "QT", "QTcF", "QTcB", "QTcFra", "QTcH")),
    *((name, "ms") for name in ("JT", "JTc")),
    *((name, "deg") for name in ("P axis", "QRS axis", "T axis", "QRS-T angle")),
    *((name, "mV") for name in ("RV5", "SV1", "RV5+SV1")),
)


def measured(record: EcgRecord, edits: Sequence[Edit] = (), t_end: TEnd = "network") -> Measured:
    """Return all measurements of a record, or why there are none.

    Args:
        record: of any number of leads and any length; over two minutes it is measured minute by minute, by rules.
        edits: laid on what was found, in order.
        t_end: how the end of T is found for QT; "network" is that of the experts whom the network learnt from.

    Raises:
        SignalError: an edit names what is not there, or puts an edge where it cannot be; no such end of T.
    """
    if t_end not in get_args(TEnd):
        ways = ", ".join(get_args(TEnd))
        raise SignalError("no such way to find the end of T", where="t_end", expected=ways, found=str(t_end))
    if record.seconds > delineation.LONGEST_S:
        found = minutes.of(record, lambda part: _by_rules(part, t_end))
        return again(found, record, edits) if edits else _told(record, found)
    try:
        by_network = delineation.delineate(record)
    except ModelError as error:
        found = _by_rules(record, t_end, str(error))
        return again(found, record, edits) if edits else _told(record, found)
    return of(record, by_network, edits, t_end)


def recent(record: EcgRecord) -> Measured:
    """Return `measured` of a record without edits, made once for all who ask about it in a row.

    One answer measures a record for its statements, for the criteria beside them, and for the edges on the trace.
    """
    if record.seconds > CHECKED_S:  # what is kept is known by its first seconds
        return measured(record)
    key = (
        checksum(record),
        record.signal.shape,
        record.sampling_rate_hz,
        record.lead_names,
        record.patient,
        record.source,
        record.notes,
        record.synthetic,
        repr(record.acquisition),
    )
    return _RECENT.of(key, lambda: measured(record))


_RECENT: Recent[Measured] = Recent(most=8)


def of(
    record: EcgRecord, found: Delineation, edits: Sequence[Edit] = (), t_end: TEnd = "network"
) -> Measured:
    """Return the measurements of a record that a network has delineated already; otherwise as `measured`."""
    if found.reason:
        unmeasured = Measured(
            found.leads,
            found.left_out,
            model=found.model,
            reason=found.reason,
            t_end=t_end,
            record_sha256=record.source.sha256,
        )
        return _told(record, unmeasured)
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


def _by_rules(record: EcgRecord, t_end: TEnd, why: str = "") -> Measured:
    """Return what rules measure; `why` is why no network was asked, where one would have been."""
    condition = judged(record)
    left_out = delineation.left_out(record, condition.faults)
    names = tuple(name for name in record.lead_names if name not in left_out)
    reason = condition.reason or ("" if names else "no lead with a signal")
    if reason:
        return Measured(names, left_out, reason=reason, t_end=t_end, record_sha256=record.source.sha256)
    signal, rate = engine.at_rate(np.stack([record.lead(name) for name in names]), record.sampling_rate_hz)
    beats = by_rules.beats(signal, rate, names, pacing.detect(record).times_s)
    if len(beats) < 2:
        reason = "fewer than two QRS complexes found"
        return Measured(names, left_out, reason=reason, t_end=t_end, record_sha256=record.source.sha256)
    warnings = (f"{BY_RULES}: {why}" if why else BY_RULES, *condition.warnings)
    return engine.of(record, beats, leads=names, left_out=left_out, warnings=warnings, t_end=t_end)


def _told(record: EcgRecord, found: Measured) -> Measured:
    """Return the measurements, or the reason beside each that there is not; a rate there may be all the same."""
    if not found.reason:
        return found
    values = (
        *measurements.rate(record),
        *measurements.stimuli(record),
        *(Measurement(name, None, unit, note=found.reason) for name, unit in WITHOUT),
    )
    return replace(found, values=values)
