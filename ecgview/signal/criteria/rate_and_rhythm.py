"""Rate, regularity, and whether P waves stand before the QRS complexes: a slow rate alone is no sinus bradycardia."""

from ecgview.signal import pacing
from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.measure.flutter import ALIKE, FASTEST_BPM, LONGEST_RECORD_S, SLOWEST_BPM
from ecgview.signal.measure.flutter import LEADS as FLUTTER_LEADS

GROUP = "Rate and rhythm"
KUSUMOTO = "Kusumoto FM et al., 2018 ACC/AHA/HRS guideline on bradycardia. Circulation 2019;140:e382-e482"
PAGE = "Page RL et al., 2015 ACC/AHA/HRS guideline on supraventricular tachycardia. Circulation 2016;133:e506-e574"
HINDRICKS = "Hindricks G et al., 2020 ESC guidelines on atrial fibrillation. Eur Heart J 2021;42:373-498"

# Of the beats: one P that was missed must not take sinus rhythm away, and f waves taken for P must not make it.
ENOUGH_P, HARDLY_P = 0.7, 0.4
# Mean absolute difference of successive RR in % of the mean RR: ours, set on PTB-XL folds 1 to 7.
IRREGULAR = 8.0
SINUS_AXIS = (
    -15.0,
    105.0,
)  # upright in I or II: 15 degrees about the quadrant that is written, for flat P waves
P_DOUBTED = "no P waves are marked before the beats, but rules see one on the median beat: absent, or missed"
MORE_ATRIAL = 1.2  # times the ventricular rate: P waves that no QRS follows


def sinus(look: Look) -> bool:
    """Return whether every QRS follows a P wave of the sinus node, and every P wave is followed by a QRS."""
    look.not_paced()
    share = look.with_p()
    if HARDLY_P <= share < ENOUGH_P:
        raise NotMeasurable(
            "P waves stand before some of the beats: too few for sinus rhythm, too many to deny it"
        )
    if share < HARDLY_P:
        look.say("P waves do not stand before the QRS complexes")
        return False
    axis = look.maybe("P axis")
    if axis is not None and not SINUS_AXIS[0] <= axis <= SINUS_AXIS[1]:
        look.say("the P axis is not that of the sinus node")
        return False
    if more_p_than_qrs(look):
        look.say("more P waves than QRS complexes")
        return False
    return True


def more_p_than_qrs(look: Look) -> bool:
    """Return whether P waves come that no QRS follows."""
    atrial, rate = look.atrial(), look.value("Heart rate")
    return atrial is not None and atrial.rate_bpm >= MORE_ATRIAL * rate


def no_p(look: Look) -> bool:
    """Return whether hardly a QRS has a P wave before it, and none come at an interval of their own either."""
    if look.with_p() >= HARDLY_P:
        return False
    if look.atrial() is not None:
        look.say("P waves are seen at regular intervals between the beats")
        return False
    return True


def p_by_rules(look: Look) -> bool:
    """Return whether plain rules see a P wave on the median beat, where whoever found the beats marked none."""
    median = look.facts.measured.median
    return median is not None and median.overall.get("P") is None and median.by_rules.get("P") is not None


def irregular(look: Look) -> bool:
    """Return whether RR intervals differ from one to the next without order."""
    return look.irregularity() > IRREGULAR


def _slow(look: Look, limit: str) -> bool:
    return look.value("Heart rate") < float(limit)


def _sinus_bradycardia(look: Look, limit: str) -> bool:
    look.adult()
    look.with_p_waves()
    if not _slow(look, limit):
        look.not_paced()
        return False
    if not sinus(look):
        return False
    atrial = look.facts.measured.atrial
    if atrial is not None and atrial.rate_bpm >= float(limit) and atrial.alone_s:
        look.say("the atria are not slow: no QRS follows some P waves")
        return False
    return True


def _bradycardia(look: Look, limit: str) -> bool:
    look.adult()
    return _slow(look, limit)


def _sinus_tachycardia(look: Look, _: str) -> bool:
    look.adult()
    look.with_p_waves()
    fast = look.value("Heart rate") > 100
    look.not_paced()
    if not fast:
        return False
    if no_p(look) and not irregular(look):
        raise NotMeasurable(
            "P waves are not seen, and may lie in T: sinus tachycardia or another cannot be told"
        )
    return sinus(look)


def _tachycardia(look: Look, _: str) -> bool:
    look.adult()
    return look.value("Heart rate") > 100


def _fibrillation(look: Look, _: str) -> bool:
    if look.facts.paced:
        look.not_paced()
    look.value("Heart rate")
    uneven = irregular(look)
    lacking = no_p(look)
    if uneven and not lacking and look.with_p() >= HARDLY_P and look.maybe("PR") is None:
        raise NotMeasurable("P waves stand before under half of the beats: neither seen as PR nor absent")
    return uneven and lacking


def _slow_fibrillation(look: Look, limit: str) -> bool:
    slow = _slow(look, limit)
    return _fibrillation(look, "") and slow


def _regular_without_p(look: Look, _: str) -> bool:
    look.not_paced()
    look.unless("AFLT", "atrial waves as in flutter")
    look.value("Heart rate")
    found = no_p(look) and not irregular(look)
    if found and p_by_rules(look):
        raise NotMeasurable(P_DOUBTED)
    return found


def _premature(kind: str) -> Rule:
    def found(look: Look, _: str) -> bool:
        if kind == "supraventricular":  # early against a rhythm of the sinus node
            look.not_paced()
            look.with_p_waves()
        times = [beat.time_s for beat, one in look.beats() if one == kind]
        look.number(f"{kind.capitalize()} beats", len(times), f"of {len(look.facts.beats)}")
        if times:
            look.where_s = (max(0.0, times[0] - 0.5), times[0] + 0.5)
        return bool(times)

    words = {
        "ventricular": "At least one beat of another shape than the dominant one, wide and not preceded by a P wave.",
        "supraventricular": "At least one beat of the dominant shape that comes early.",
    }
    code, name = {"ventricular": ("PVC", "Ventricular beats"), "supraventricular": ("PAC", "Early beats")}[
        kind
    ]
    where = "ecgview's classes of beats; no published limits"
    needs = {
        "ventricular": "",
        "supraventricular": "QRS complexes that are not paced; no atrial fibrillation or flutter by rule.",
    }[kind]
    return Rule(code, name, GROUP, (Definition(words[kind], where),), found, needs, statements=(code,))


def _flutter(look: Look, _: str) -> bool:
    look.value("Heart rate")
    if look.facts.record.seconds > LONGEST_RECORD_S:
        raise NotMeasurable("flutter waves are looked for in records of up to 30 s")
    if len(look.have(FLUTTER_LEADS)) < 2:
        raise NotMeasurable(f"fewer than two of {', '.join(FLUTTER_LEADS)}")
    found = look.facts.flutter
    if found is not None:
        look.number("Rate of the atrial waves", round(found.rate_bpm), "bpm")
        look.number("Height of the atrial waves", round(found.mv, 2), "mV", found.lead)
        look.leads = (found.lead,)
    return found is not None


def _paced(look: Look, _: str) -> bool:
    found = pacing.detect(look.facts.record)
    if found.state == "cannot tell":
        raise NotMeasurable(found.reason)
    look.number("Pacemaker stimuli", len(found.times_s), "seen")
    return found.state == "seen"


_SLOW = "Ventricular rate under {} per minute"
_SINUS = (
    f", a P wave before at least {100 * ENOUGH_P:.0f} % of the beats, its axis between {SINUS_AXIS[0]:.0f} and"
    f" {SINUS_AXIS[1]:.0f} degrees, and an atrial rate that is not {MORE_ATRIAL:g} times the ventricular one or more"
    " (the parts, the axis and the factor are ecgview's)."
).replace("-15", "\u221215")
_AF = (
    "RR intervals that differ from one to the next by more than"
    f" {IRREGULAR:g} % of their mean on average, and a P wave before less than {100 * HARDLY_P:.0f} % of the beats"
    " (the limits are ecgview's)."
)

RULES = (
    Rule(
        "SBRAD",
        "Sinus bradycardia",
        GROUP,
        tuple(
            Definition(_SLOW.format(limit) + _SINUS, f"{KUSUMOTO} (names limits of 60 and of 50)", limit)
            for limit in ("60", "50")
        ),
        _sinus_bradycardia,
        needs="Adults; QRS complexes that are not paced; no atrial fibrillation or flutter by rule.",
        statements=("SBRAD",),
    ),
    Rule(
        "BRADY",
        "Bradycardia, whatever the rhythm",
        GROUP,
        tuple(
            Definition(_SLOW.format(limit) + ".", f"{KUSUMOTO} (names limits of 60 and of 50)", limit)
            for limit in ("60", "50")
        ),
        _bradycardia,
        needs="Adults.",
    ),
    Rule(
        "STACH",
        "Sinus tachycardia",
        GROUP,
        (Definition("Ventricular rate over 100 per minute" + _SINUS, PAGE),),
        _sinus_tachycardia,
        needs="Adults; QRS complexes that are not paced; no atrial fibrillation or flutter by rule.",
        statements=("STACH",),
    ),
    Rule(
        "TACHY",
        "Tachycardia, whatever the rhythm",
        GROUP,
        (Definition("Ventricular rate over 100 per minute.", PAGE),),
        _tachycardia,
        needs="Adults.",
    ),
    Rule(
        "AFIB",
        "Irregular rhythm without P waves, as in atrial fibrillation",
        GROUP,
        (Definition(_AF, f"{HINDRICKS} (irregular RR, no distinct repeating P waves)"),),
        _fibrillation,
        needs="QRS complexes that are not paced.",
        statements=("AFIB",),
    ),
    Rule(
        "AFIB-SLOW",
        "Irregular rhythm without P waves, slow",
        GROUP,
        tuple(
            Definition(f"As AFIB, and a ventricular rate under {limit} per minute.", HINDRICKS, limit)
            for limit in ("60", "50")
        ),
        _slow_fibrillation,
        needs="QRS complexes that are not paced.",
    ),
    Rule(
        "AFLT",
        "Fast atrial waves without a pause, as in atrial flutter",
        GROUP,
        (
            Definition(
                f"Between the QRS complexes two of {', '.join(FLUTTER_LEADS)} repeat themselves after one interval and"
                f" after two, at {SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f} per minute (correlation {ALIKE:g} or more; the"
                " limits are ecgview's; the guideline names 240 to 340 for typical flutter).",
                PAGE,
            ),
        ),
        _flutter,
        needs="At least two of these leads; 30 s at most.",
        statements=("AFLT",),
    ),
    Rule(
        "NO-P",
        "Regular rhythm without P waves, as in a junctional rhythm",
        GROUP,
        (
            Definition(
                f"A P wave before less than {100 * HARDLY_P:.0f} % of the beats, and RR intervals that differ from one"
                f" to the next by {IRREGULAR:g} % of their mean at most (the limits are ecgview's).",
                f"{KUSUMOTO} (junctional rhythm)",
            ),
        ),
        _regular_without_p,
        needs="QRS complexes that are not paced; no flutter by rule.",
    ),
    _premature("ventricular"),
    _premature("supraventricular"),
    Rule(
        "PACE",
        "Pacemaker stimuli",
        GROUP,
        (Definition("Stimuli stand in the stored samples.", "ecgview's detector; no published limits"),),
        _paced,
        needs="Samples in which stimuli would be seen: not slow, not smoothed.",
        statements=("PACE",),
    ),
)
