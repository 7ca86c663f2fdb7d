"""A rule's look at one record: it asks for numbers here, and each number that it was given stands beside its answer."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import fmean

import numpy as np

from ecgview.record import EcgRecord, Patient
from ecgview.signal import pacing
from ecgview.signal.criteria.criterion import Asked, NotApplicable, NotMeasurable, State
from ecgview.signal.criteria.shape import Shape, shape_of
from ecgview.signal.measure import between_beats, deflections, flutter
from ecgview.signal.measure.atrial import Atrial
from ecgview.signal.measure.flutter import Flutter
from ecgview.signal.measure.measured import BeatClass, Measured, Median
from ecgview.signal.measure.waves import Beat, Kind, Wave
from ecgview.signal.measurements import Measurement

ADULT_YEARS = 16.0  # rules for adults are not asked of children
WIDE_MS = 120.0
FINE_HZ = 150.0  # the bandwidth under which fine notches are smoothed away (AHA 2007: Kligfield et al.)
LEVEL_S = 0.02  # the level before the QRS onset that amplitudes are counted from
MATTERS = 0.5  # of the beats: they are paced, they have a P wave


@dataclass(eq=False)
class Facts:
    """What all rules know of a record; `state_of` gives the answer to another rule by its code."""

    asked: Asked
    state_of: Callable[[str], State]
    _shapes: dict[str, Shape] = field(default_factory=dict)

    @property
    def record(self) -> EcgRecord:
        """The record."""
        return self.asked.record

    @property
    def measured(self) -> Measured:
        """Its measurements."""
        return self.asked.measured

    @property
    def patient(self) -> Patient:
        """Its patient."""
        return self.asked.patient

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], Measurement]:
        """Values of all leads and of each."""
        both = (*self.measured.values, *self.measured.lead_values)
        return {(one.name, one.lead): one for one in reversed(both)}

    @cached_property
    def with_amplitudes(self) -> frozenset[str]:
        """Leads of which anything was measured: a wave that they lack is absent, not unknown."""
        return frozenset(one.lead for one in self.measured.lead_values if one.value is not None)

    @cached_property
    def beats(self) -> tuple[tuple[Beat, BeatClass], ...]:
        """Beats that are no noise, with their classes."""
        both = zip(self.measured.beats, self.measured.classes, strict=True)
        return tuple((beat, kind) for beat, kind in both if kind != "noise")

    @cached_property
    def pacing(self) -> pacing.Pacing:
        """Stimuli: seen, not seen, or not to be told."""
        return pacing.detect(self.record)

    @cached_property
    def paced(self) -> bool:
        """Whether the QRS is paced: stimuli are seen, or beats are paced, and it is wide."""
        seen = sum(kind == "paced" for _, kind in self.beats) >= MATTERS * max(len(self.beats), 1)
        if not seen and self.pacing.state != "seen":
            return False
        width = self.by_name.get(("QRS duration", ""))
        return width is None or width.value is None or width.value >= WIDE_MS

    @cached_property
    def flutter(self) -> Flutter | None:
        """Fast atrial waves without a pause, on which ST and T lie."""
        return flutter.find(self.record, self.measured.leads, [beat for beat, _ in self.beats])

    @property
    def fine(self) -> bool | None:
        """Whether fine notches are kept: None where the file states no low-pass, and the rate would do."""
        low = self.record.acquisition.lowpass_hz
        if self.record.sampling_rate_hz < 2 * FINE_HZ or (low is not None and low < FINE_HZ):
            return False
        return None if low is None else True

    def shape(self, median: Median, lead: str, qrs: Wave) -> Shape:
        """Return the shape of the median QRS in one lead; kept, for several rules look at it."""
        if lead not in self._shapes:
            trace, at = _levelled(median, lead, qrs)
            onset = at(qrs.onset_s)
            slope = deflections.pr_slope(trace, onset, median)
            part = trace[onset : at(qrs.offset_s) + 1]
            self._shapes[lead] = shape_of(part, median.sampling_rate_hz, slope)
        return self._shapes[lead]


class Look:
    """One rule's look: what it was given is kept in `used`, what it said in `said`, where in `leads` and `where_s`."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.used: list[Measurement] = []
        self.said: list[str] = []
        self.leads: tuple[str, ...] = ()
        self.where_s: tuple[float, float] | None = None
        self._saw: set[tuple[str, str]] = set()  # lead, and what of it: "mV", "form", "ST"
        self.saw_beats = False  # what beats do not show may be seen in those that were not sorted

    # Numbers -------------------------------------------------------------------------------------------------

    def value(self, name: str) -> float:
        """Return a value of all leads.

        Raises:
            NotMeasurable: there is none.
        """
        found = self.maybe(name)
        if found is None:
            one = self.facts.by_name.get((name, ""))
            why = one.note if one is not None and one.note else f"no {name}"
            raise NotMeasurable(why if one is None or not one.note else f"no {name}: {why}")
        return found

    def maybe(self, name: str) -> float | None:
        """Return a value of all leads, or None; it counts as used where it is there."""
        one = self.facts.by_name.get((name, ""))
        if one is None or one.value is None:
            return None
        self._take(one)
        return one.value

    def number(self, name: str, value: float, unit: str, lead: str = "") -> float:
        """Keep a number that the rule made itself among those it used."""
        self._take(Measurement(name, value, unit, lead=lead))
        return value

    def amplitude(self, wave: str, lead: str) -> float:
        """Return how high a wave of one lead is in mV, or how deep; 0 where the lead has no such wave.

        Raises:
            NotMeasurable: the lead was not recorded or not measured.
        """
        return abs(self.level(wave, lead)) if wave != "T" else self.level(wave, lead)

    def level(self, wave: str, lead: str) -> float:
        """Return an amplitude in mV with its sign: of T, or of the ST segment at "J", "J+60" or "J+80".

        Raises:
            NotMeasurable: the lead was not recorded or not measured.
        """
        self.need(lead)
        if wave in ("J", "J+60", "J+80", "T"):
            self._saw.add((lead, "ST"))
        if not wave.endswith("duration"):
            self._saw.add((lead, "mV"))
        if lead not in self.facts.with_amplitudes:
            raise NotMeasurable(f"no amplitudes in {lead}")
        named = self.facts.by_name
        one = named.get((f"{wave} amplitude", lead)) or named.get((wave, lead))
        if one is None or one.value is None:
            if wave in ("J", "J+60", "J+80"):
                raise NotMeasurable(f"no {wave} in {lead}")
            return 0.0
        self._take(one)
        return one.value

    def st_after(self, lead: str, ms: float) -> float:
        """Return the level so long after the QRS of all leads ends, in mV from that before it, in the median beat.

        Raises:
            NotMeasurable: there is no such lead, or no QRS.
        """
        median, qrs = self._median("QRS", lead)
        self._saw |= {(lead, "mV"), (lead, "ST")}
        levelled, at = _levelled(median, lead, qrs)
        return float(levelled[at(qrs.offset_s + ms / 1000)])

    def duration(self, wave: str, lead: str) -> float:
        """Return how long a wave of one lead lasts in ms; 0 where the lead has no such wave."""
        return self.level(f"{wave} duration", lead)

    def shape(self, lead: str) -> Shape:
        """Return the shape of the median QRS in one lead.

        Raises:
            NotMeasurable: there is no such lead, or no QRS.
        """
        median, qrs = self._median("QRS", lead)
        self._saw.add((lead, "form"))
        return self.facts.shape(median, lead, qrs)

    def trace(self, lead: str, kind: Kind, own: bool = False) -> tuple[np.ndarray, float]:
        """Return the median beat of a lead in mV from its level before P or QRS, within a wave, and its rate in Hz.

        The wave is that of all leads, with `own` that of this lead where it has one.

        Raises:
            NotMeasurable: there is no such lead, or no such wave.
        """
        median, wave = self._median(kind, lead)
        self._saw.add((lead, "form"))
        if own:
            wave = median.leads.get(lead, {}).get(kind, wave)
        levelled, at = _levelled(median, lead, wave)
        return levelled[at(wave.onset_s) : at(wave.offset_s) + 1], median.sampling_rate_hz

    def need(self, *leads: str) -> None:
        """Say that a rule cannot be asked without these leads.

        Raises:
            NotMeasurable: one of them is not there.
        """
        measured = self.facts.measured
        for lead in leads:
            if lead in measured.left_out:
                raise NotMeasurable(f"{lead} is left out: {measured.left_out[lead]}")
            if lead not in measured.leads:
                raise NotMeasurable(f"{lead} was not recorded")

    def have(self, leads: Iterable[str]) -> tuple[str, ...]:
        """Return those of some leads of which amplitudes were measured."""
        return tuple(lead for lead in leads if lead in self.facts.with_amplitudes)

    def saw_leads(self, *what: str) -> frozenset[str]:
        """Return the leads of which a rule looked at amplitudes ("mV"), the form ("form") or ST and T ("ST")."""
        return frozenset(lead for lead, one in self._saw if one in what)

    def sure(self, name: str) -> None:
        """Say that a rule needs a value of all leads that is not of low confidence.

        Raises:
            NotMeasurable: it is.
        """
        one = self.facts.by_name.get((name, ""))
        if one is not None and one.confidence == "low":
            raise NotMeasurable(f"{name} is of low confidence{': ' if one.note else ''}{one.note}")

    def drop(self, keep: Iterable[Measurement]) -> None:
        """Keep only these of the numbers that were used: a rule that looks at every lead names those that matter."""
        self.used = list(keep)

    # Beats ---------------------------------------------------------------------------------------------------

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Look at beats for a remark only: the answer itself is of the whole record."""
        saw = self.saw_beats
        yield
        self.saw_beats = saw

    def beats(self) -> tuple[tuple[Beat, BeatClass], ...]:
        """Return the beats that are no noise.

        Raises:
            NotMeasurable: there are fewer than three.
        """
        found = self.facts.beats
        self.saw_beats = True
        if len(found) < 3:
            raise NotMeasurable("fewer than three beats")
        return found

    def rr_ms(self) -> tuple[float, ...]:
        """Return the RR intervals in ms of beats that follow each other without noise between; two at least.

        Raises:
            NotMeasurable: there are fewer.
        """
        self.beats()
        measured = self.facts.measured
        found = between_beats.following(measured.beats, measured.classes)
        if len(found) < 2:
            raise NotMeasurable("noise between QRS complexes: fewer than two RR intervals")
        return tuple(1000.0 * (end - start) for start, end in found)

    def with_p(self) -> float:
        """Return which part of the beats that could have a P wave before them has one; named among the numbers.

        The first beat's P may lie before the record, and a beat that comes early or is ventricular has none.
        """
        asked = [beat for beat, kind in self.beats()[1:] if kind in ("dominant", "paced", "supraventricular")]
        if not asked:
            raise NotMeasurable("no beats of the dominant rhythm")
        n = sum(beat.overall["P"] is not None for beat in asked)
        self.number("P waves before QRS", n, f"of {len(asked)} beats")
        return n / len(asked)

    def atrial(self) -> Atrial | None:
        """Return P waves that come at one interval, as far as they are seen; their rate stands among the numbers."""
        found = self.facts.measured.atrial
        if found is not None:
            self.number("Atrial rate", round(found.rate_bpm, 1), "bpm")
        return found

    def irregularity(self) -> float:
        """Return how far successive RR intervals differ: their mean absolute difference in % of the mean RR."""
        found = self.maybe("RR irregularity")
        if found is not None:
            return found
        rr = self.rr_ms()
        steps = [abs(after - before) for before, after in pairwise(rr)]
        return self.number("RR differences", 100.0 * fmean(steps) / fmean(rr), "% of the mean RR")

    # What a rule is not meant for ----------------------------------------------------------------------------

    def adult(self) -> None:
        """Say that a rule holds for adults.

        Raises:
            NotApplicable: the patient is a child.
        """
        age = self.facts.patient.age_years
        if age is None:
            self.say("age unknown: limits of adults")
        elif age < ADULT_YEARS:
            raise NotApplicable(f"limits of adults; this patient is {age:g} years old")

    def with_p_waves(self) -> None:
        """Say that a rule is about P waves, which a fibrillating or fluttering atrium has not.

        Raises:
            NotApplicable: irregular RR intervals without P waves, or flutter waves.
        """
        self.unless("AFLT", "atrial waves as in flutter: there are no P waves")
        self.unless("AFIB", "an irregular rhythm without P waves, as in atrial fibrillation")

    def st_is_free(self) -> None:
        """Say that ST and T cannot be judged where fast atrial waves lie on them.

        Raises:
            NotMeasurable: they do.
        """
        found = self.facts.flutter
        if found is not None:
            raise NotMeasurable(
                f"ST and T lie on atrial waves of {found.rate_bpm:.0f} per minute, {found.mv:.2f} mV in {found.lead}"
            )

    def not_paced(self) -> None:
        """Say that a rule is not asked of paced complexes.

        Raises:
            NotApplicable: they are.
        """
        if self.facts.paced:
            raise NotApplicable("paced QRS complexes")

    def unless(self, code: str, what: str) -> None:
        """Say that a rule is not asked where another is met.

        Raises:
            NotApplicable: it is.
        """
        if self.facts.state_of(code) == "met":
            raise NotApplicable(what)

    def narrow(self) -> None:
        """Say that a rule is not asked of wide complexes, nor of paced ones.

        Raises:
            NotApplicable: they are wide.
            NotMeasurable: there is no QRS duration.
        """
        self.not_paced()
        width = self.value("QRS duration")
        if width >= WIDE_MS:
            raise NotApplicable(f"QRS {width:.0f} ms: repolarisation follows conduction")

    def sex(self, value: float, men: float, women: float, unit: str, strictly: bool = False) -> bool:
        """Return whether a value reaches the limit of the patient's sex (with `strictly`: exceeds it).

        Raises:
            NotMeasurable: the sex is unknown, and the limits of men and women give different answers.
        """
        reached = [value > one if strictly else value >= one for one in (men, women)]
        sex = self.facts.patient.sex
        if sex in ("male", "female"):
            return reached[0] if sex == "male" else reached[1]
        limits = f"men {men:g} {unit}, women {women:g} {unit}"
        if reached[0] != reached[1]:
            raise NotMeasurable(f"sex unknown, and the value lies between the limits of both ({limits})")
        self.say(f"sex unknown: {'reaches' if reached[0] else 'under'} the limits of both ({limits})")
        return reached[0]

    def say(self, text: str) -> None:
        """Add a sentence to what is to be borne in mind."""
        if text not in self.said:
            self.said.append(text)

    def _take(self, one: Measurement) -> None:
        if "mV" in one.unit:
            self._saw.add((one.lead, "mV"))
        if not any((one.name, one.lead) == (other.name, other.lead) for other in self.used):
            self.used.append(one)

    def _median(self, kind: Kind, lead: str) -> tuple[Median, Wave]:
        """Return the median beat, which has that lead, and a wave of all leads."""
        median = self.facts.measured.median
        wave = median.overall.get(kind) if median is not None else None
        if median is None or wave is None:
            raise NotMeasurable(f"no {kind} in a median beat")
        if lead not in median.lead_names:
            self.need(lead)
            raise NotMeasurable(f"no median beat in {lead}")
        return median, wave


def _levelled(median: Median, lead: str, wave: Wave) -> tuple[np.ndarray, Callable[[float], int]]:
    """Return a lead of the median beat in mV from its level just before a wave, and sample numbers of times."""
    row = np.asarray(median.signal[median.lead_names.index(lead)], np.float64)

    def at(time_s: float) -> int:
        return min(max(median.peak + round(time_s * median.sampling_rate_hz), 0), len(row) - 1)

    first, past = median.level_samples(wave.onset_s, LEVEL_S)
    return row - float(np.median(row[first:past])), at
