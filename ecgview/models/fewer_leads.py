"""With which leads a record is asked: all twelve, or the best of the sets that the classifier's card has figures of.

A lead that is there but off (the guard's reason of that lead: no signal, gaps, nothing but noise) counts as not there.
Limb leads follow from two of I, II and III: such a lead is computed where it is missing or off. A lead under another
name than the standard ones (CM5, "bipolar 1") is another lead, and never stands in for one of them.

`asked` gives both what answers and what is asked: the card with the thresholds and lines of the set, and the record
with the leads of the set alone. A card without `lead_sets` is asked as it always was, with the whole record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ecgview.errors import NotAnalysed
from ecgview.leads import STANDARD_12, derive_limb
from ecgview.models import cards, guard, unusual
from ecgview.models.cards import ModelCard
from ecgview.models.lead_sets import LIMB, LeadSet
from ecgview.models.preprocessing import reason_not_to_take
from ecgview.record import EcgRecord, Signal
from ecgview.results import leads_named
from ecgview.signal.condition import STRETCH_S
from ecgview.signal.judgement import judged

_THREE = STANDARD_12[:3]
NO_REFERENCE = "none, the reference records were asked with all twelve leads"


@dataclass(frozen=True, slots=True, eq=False)
class _Heard:
    """The first seconds of the standard leads that can be asked, (samples,) mV each.

    `computed` names those that follow from two of I, II and III; `off` says of leads that are there why they are not
    asked as they are.
    """

    rows: Mapping[str, Signal]
    computed: tuple[str, ...]
    off: Mapping[str, str]


def classifier_for(record: EcgRecord, card: ModelCard) -> ModelCard:
    """Return who answers about a record where no model is named: the default, or who can where it cannot.

    Args:
        record: the ECG.
        card: of the default classifier.
    """
    if card.lead_sets or not (set(card.input.leads) - set(record.lead_names) or judged(record).off):
        return card
    shipped = [one for one in cards.available("classifier") if one.is_shipped and one.is_here]
    judged_by = {one.figures_of for one in shipped}  # models that are there to be judged: their refits answer
    others = (one for one in shipped if one.lead_sets and one.id not in judged_by)
    return next((one for one in others if card_for(one, record).asked_with is not None), card)


def asked(card: ModelCard, record: EcgRecord) -> tuple[ModelCard, EcgRecord]:
    """Return the card as this record is asked by it, and the record as it is asked: see `card_for` and `heard`."""
    own = card_for(card, record)
    return own, heard(own, record)


def card_for(card: ModelCard, record: EcgRecord) -> ModelCard:
    """Return the card with the thresholds, lines and words of the lead set that a record is asked with.

    The card itself where all twelve leads can be asked, or no set can.
    """
    if not card.lead_sets or card.asked_with is not None:
        return card
    there = _heard(card, record).rows
    if there.keys() >= set(card.input.leads):
        return card
    fitting = [one for one in card.lead_sets if there.keys() >= set(one.leads)]
    # of equal figures the larger set: what it has more is another view of the same heart
    best = max(fitting, key=lambda one: (one.macro_auroc, len(one.leads)), default=None)
    return card if best is None else with_set(card, best)


def with_set(card: ModelCard, chosen: LeadSet) -> ModelCard:
    """Return a card as a record with these leads alone is asked by it."""
    n = len(chosen.lines)
    calibrated = "not calibrated with these leads"
    if n:
        calibrated = f"calibrated with these leads, out of fold, for {n} of {len(card.labels)} statements"
    return replace(
        card,
        thresholds=chosen.cuts(card.labels),
        threshold_figures=chosen.threshold_figures,
        calibrated=calibrated,
        measured={},  # its weights were fitted beside the network's answer to twelve leads
        asked_with=chosen,
    )


def heard(card: ModelCard, record: EcgRecord) -> EcgRecord:
    """Return a record as it is asked by a card of `card_for`: with the leads that are asked alone, some computed.

    The record itself where nothing is left out or computed, and of a card without lead sets; else its first seconds.
    """
    if not card.lead_sets:
        return record
    found = _heard(card, record)
    wanted = card.input.leads if card.asked_with is None else card.asked_with.leads
    there = tuple(name for name in STANDARD_12 if record.has(name))
    if not found.rows.keys() >= set(wanted) or (wanted == there and not set(found.computed) & set(wanted)):
        return record
    return replace(record, signal=np.stack([found.rows[name] for name in wanted]), lead_names=wanted)


def reason_not_to_answer(card: ModelCard, record: EcgRecord) -> str:
    """Return why a card of `card_for` is not asked about a record, "" where it is."""
    wanted = card.input.leads if card.asked_with is None else card.asked_with.leads
    if card.lead_sets and card.asked_with is None and not _heard(card, record).rows.keys() >= set(wanted):
        return guard.reason_not_to_answer(record, wanted) or _no_set(card, record)
    own = heard(card, record)
    return guard.reason_not_to_answer(own, wanted) or reason_not_to_take(own, card.input)


def check(card: ModelCard, record: EcgRecord) -> None:
    """Raise NotAnalysed with the reason where a card of `card_for` is not to be asked about the record."""
    if reason := reason_not_to_answer(card, record):
        raise NotAnalysed.because(reason, record.source.path)


def words(card: ModelCard, record: EcgRecord) -> tuple[str, ...]:
    """Return what stands beside an answer of a card of `card_for`: the leads asked, and why others were not."""
    if not card.lead_sets:
        return ()
    found, own = _heard(card, record), card.asked_with
    if own is None:
        return tuple(
            f"{_off(name, found)}; computed from {_sources(found)}"
            for name in found.off
            if name in found.computed
        )
    computed = [
        name for name in own.leads if name in found.computed or name in record.acquisition.derived_leads
    ]
    beside = f", {', '.join(computed)} computed" if computed else ""
    said = f"asked with {leads_named(own.leads)} ({len(own.leads)} of {len(card.input.leads)} leads{beside})"
    unplaced = unusual.FILE if card.beside(unusual.FILE) else ""
    placed = "; how unusual the ECG is to the model is not known with these leads" if unplaced else ""
    left = [_off(name, found) for name in found.off if name not in own.leads]
    again = [
        f"{_off(name, found)}; computed from {_sources(found)}" for name in found.off if name in own.leads
    ]
    not_asked = (f"not asked with {', '.join(left)}",) if left else ()
    # Of a refit those of its evaluation model: it learned from the very records that figures are had on.
    judged = cards.with_figures(card)
    sets = () if judged is None else judged.lead_sets
    told = next((one.worth for one in sets if one.leads == own.leads), "")
    worth = f"; {told}" if told else ""
    stand = f"{said}: thresholds, calibration and figures are those of this set{worth}{placed}"
    return (stand, *not_asked, *again)


def _off(name: str, found: _Heard) -> str:
    return f"{name}: {found.off[name]}"


def _sources(found: _Heard) -> str:
    return " and ".join([name for name in _THREE if name in found.rows and name not in found.computed][:2])


def _no_set(card: ModelCard, record: EcgRecord) -> str:
    missing = ", ".join(name for name in card.input.leads if not record.has(name))
    others = ", ".join(name for name in record.lead_names if name not in STANDARD_12)
    beside = f"; {others} {'are other leads' if ',' in others else 'is another lead'}" if others else ""
    return f"leads not recorded: {missing}{beside}; no lead set of {card.id} is there"


def _heard(card: ModelCard, record: EcgRecord) -> _Heard:
    """Return what of the twelve leads can be asked.

    Where one of I, II and III is off, every limb lead that the recorder made of it is wrong, however lively it looks:
    the augmented ones are computed anew from the two that are left, or not asked.
    """
    off = {name: text for name, text in judged(record).off.items() if name in STANDARD_12}
    derived = set(record.acquisition.derived_leads)
    kept = round(max(STRETCH_S, card.input.seconds) * record.sampling_rate_hz) + 1
    rows = {name: record.lead(name)[:kept] for name in STANDARD_12 if record.has(name) and name not in off}
    if set(off) & set(_THREE):
        recorded = [name for name in _THREE if name in rows and name not in derived]
        rows = {name: row for name, row in rows.items() if name in recorded or name not in LIMB}
        if len(recorded) == 2 and _is_still_off(record, derive_limb({name: rows[name] for name in recorded})):
            # An electrode that two of the three share: the earlier one is what the recorder did not compute.
            del rows[recorded[1]]
    computed = derive_limb(rows)
    order = [name for name in STANDARD_12 if name in rows or name in computed]
    every = {**rows, **computed}
    return _Heard({name: every[name] for name in order}, tuple(n for n in order if n in computed), off)


def _is_still_off(record: EcgRecord, computed: Mapping[str, Signal]) -> bool:
    """Return whether the third of I, II and III is off as computed from the others, too."""
    name, row = next((name, row) for name, row in computed.items() if name in _THREE)
    return bool(judged(replace(record, signal=row[None], lead_names=(name,))).off)
