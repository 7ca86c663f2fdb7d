"""Bundle-branch block by QRS duration and shape: of Strauss, or of the AHA."""

from ecgview.signal.criteria.criterion import NotMeasurable
from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.criteria.shape import Shape

GROUP = "Conduction"
SURAWICZ = "Surawicz B et al., AHA/ACCF/HRS recommendations, part III. J Am Coll Cardiol 2009;53:976-981"
WILLEMS = (
    "Willems JL et al., WHO/ISFC task force on conduction disturbances. J Am Coll Cardiol 1985;5:1261-1275"
)
STRAUSS = "Strauss DG, Selvester RH, Wagner GS. Am J Cardiol 2011;107:927-934"
NEEDS = "Adults; QRS complexes that are not paced; no pre-excitation by rule."
LEFT, STRAUSS_LEADS = ("I", "aVL", "V5", "V6"), ("I", "aVL", "V1", "V2", "V5", "V6")
SECOND_R_MV = 0.1  # a small square at 10 mm/mV: what a reader sees as an R'
MID_S = 0.04  # a notch within this of onset or offset is no mid-QRS notch
SMALL_Q_MV, SMALL_Q_S = 0.06, 0.02  # below, a q of I, V5 or V6 is noise of the onset


def _left(look: Look, name: str) -> bool:
    _asked(look)
    width = look.value("QRS duration")
    return _strauss(look, width) if name == "Strauss" else _aha_left(look, width)


def left_block(look: Look) -> bool:
    """Return whether either definition of left bundle-branch block is met, whichever the reader chose.

    Raises:
        NotMeasurable: neither is met, and one cannot be judged.
    """
    width = look.value("QRS duration")
    unsure: NotMeasurable | None = None
    for definition in (_strauss, _aha_left):
        try:
            if definition(look, width):
                return True
        except NotMeasurable as error:
            unsure = error
    if unsure is not None:
        raise NotMeasurable(f"left bundle-branch block cannot be judged: {unsure}")
    return False


def _asked(look: Look) -> None:
    look.adult()
    look.not_paced()
    look.unless("WPW", "pre-excitation widens the QRS")


def _strauss(look: Look, width: float) -> bool:
    if width < 130:
        return False
    wide = look.sex(width, 140, 130, "ms")
    down = all(look.shape(lead).letters[:1] == "Q" or _is_rs(look.shape(lead)) for lead in ("V1", "V2"))
    if not wide or not down:
        return False
    notched = _notched(look, STRAUSS_LEADS)
    look.number("Leads with a mid-QRS notch or slur", len(notched), f"of {', '.join(STRAUSS_LEADS)}")
    look.leads = notched
    if len(notched) < 2 and look.facts.fine is False:
        raise NotMeasurable("notches may be smoothed away: the samples hold less than 150 Hz")
    return len(notched) >= 2


def _aha_left(look: Look, width: float) -> bool:
    if width < 120:
        return False
    shapes = {lead: look.shape(lead) for lead in LEFT}
    broad = [lead for lead, one in shapes.items() if one.r and _broad(one, lead, look)]
    without_q = all(not _has_q(shapes[lead]) for lead in ("I", "V5", "V6"))
    late = [_peak(look, lead) > 60 for lead in ("V5", "V6")]
    down = all(look.shape(lead).letters[:1] == "Q" or _is_rs(look.shape(lead)) for lead in ("V1",))
    look.leads = tuple(broad)
    if not broad and without_q and all(late) and look.facts.fine is False:
        raise NotMeasurable("notches may be smoothed away: the samples hold less than 150 Hz")
    return len(broad) >= 2 and without_q and all(late) and down


def _broad(one: Shape, lead: str, look: Look) -> bool:
    """Return whether a lead shows a broad R that is notched or slurred, without an S to speak of."""
    tallest = max(one.r, key=lambda part: part.mv)
    return tallest.seconds >= 0.06 and (lead in _notched(look, (lead,)) or tallest.seconds >= 0.1)


def _right(look: Look, low: float, high: float) -> bool:
    _asked(look)
    width = look.value("QRS duration")
    if not low <= width < high:
        return False
    terminal = any(_second_r(look.shape(lead)) for lead in look.have(("V1", "V2")))
    pure = _late_r_in_v1(look)
    slow_s = all(_slow_s(look, lead) for lead in ("I", "V6"))
    return slow_s and (terminal or pure)


def _complete_right(look: Look, _: str) -> bool:
    return _right(look, 120, 1000)


def _incomplete_right(look: Look, name: str) -> bool:
    if name == "AHA":
        return _right(look, 110, 120)
    look.adult()
    look.not_paced()
    narrow = look.value("QRS duration") < 120
    leads = look.have(("V1", "V2"))
    if not leads:
        look.need("V1")
    found = {lead: max((one.mv for one in look.shape(lead).r[1:]), default=0.0) for lead in leads}
    look.leads = tuple(lead for lead, mv in found.items() if mv >= SECOND_R_MV)
    for lead in look.leads:
        look.number("R' amplitude", found[lead], "mV", lead)
    return narrow and bool(look.leads)


def _incomplete_left(look: Look, _: str) -> bool:
    _asked(look)
    width = look.value("QRS duration")
    if not 110 <= width < 120:
        return False
    late = all(_peak(look, lead) > 60 for lead in ("V4", "V5", "V6"))
    return late and not any(_has_q(look.shape(lead)) for lead in ("I", "V5", "V6"))


def _unspecific(look: Look, _: str) -> bool:
    _asked(look)
    wide = look.value("QRS duration") > 110
    named = [code for code in ("CLBBB", "CRBBB", "IRBBB", "ILBBB") if look.facts.state_of(code) == "met"]
    return wide and not named


def _second_r(one: Shape) -> bool:
    """Return whether the complex ends with an R' that is higher or longer than the first r."""
    if len(one.r) >= 2:
        first, last = one.r[0], one.r[-1]
        return last.mv > first.mv or last.seconds > first.seconds
    return False


def _late_r_in_v1(look: Look) -> bool:
    """Return whether V1 is a pure R, notched or not, that peaks after 50 ms."""
    one = look.shape("V1")
    upright = one.r and max(part.mv for part in one.r) > max((-part.mv for part in one.s), default=0.0)
    return bool(upright) and _peak(look, "V1") > 50


def _slow_s(look: Look, lead: str) -> bool:
    """Return whether the S lasts longer than the R, or longer than 40 ms."""
    one = look.shape(lead)
    s = look.number("S duration", 1000 * sum(part.seconds for part in one.s), "ms", lead)
    r = 1000 * sum(part.seconds for part in one.r)
    return bool(one.s) and (s > r or s > 40)


def _notched(look: Look, leads: tuple[str, ...]) -> tuple[str, ...]:
    found = []
    for lead in leads:
        one = look.shape(lead)
        if any(MID_S <= at <= one.seconds - MID_S / 2 for at in (*one.notches_s, *one.slurs_s)):
            found.append(lead)
    return tuple(found)


def _peak(look: Look, lead: str) -> float:
    peak = look.shape(lead).r_peak_s
    return 0.0 if peak is None else look.number("R peak time", round(1000 * peak), "ms", lead)


def _has_q(one: Shape) -> bool:
    q = one.q
    return q is not None and (q.mv < -SMALL_Q_MV or q.seconds > SMALL_Q_S)


def _is_rs(one: Shape) -> bool:
    """Return whether a complex is an r with a deeper S."""
    up = sum(part.mv for part in one.r)
    down = sum(-part.mv for part in one.s)
    return len(one.r) >= 1 and down > up


_RIGHT = (
    ", an R' in V1 or V2 that is higher or longer than the first r (or an R in V1 that peaks after 50 ms), and an S in"
    " I and V6 that is longer than the R or than 40 ms."
)

RULES = (
    Rule(
        "CLBBB",
        "Left bundle-branch block",
        GROUP,
        (
            Definition(
                "QRS of 140 ms or more in men, 130 ms or more in women, QS or rS in V1 and V2, and a mid-QRS notch or"
                " slur in at least two of I, aVL, V1, V2, V5, V6.",
                STRAUSS,
                "Strauss",
            ),
            Definition(
                "QRS of 120 ms or more, a broad notched or slurred R in at least two of I, aVL, V5, V6 (ecgview counts"
                " an R of 100 ms as slurred), no q in I, V5 and V6, an R peak time over 60 ms in V5 and V6, and rS or"
                " QS in V1 (that part is ecgview's).",
                SURAWICZ,
                "AHA",
            ),
        ),
        _left,
        needs=f"{NEEDS} Under 150 Hz a notch that is not seen makes it not measurable.",
        statements=("CLBBB",),
    ),
    Rule(
        "CRBBB",
        "Right bundle-branch block",
        GROUP,
        (Definition("QRS of 120 ms or more" + _RIGHT, SURAWICZ),),
        _complete_right,
        needs=NEEDS,
        statements=("CRBBB",),
    ),
    Rule(
        "IRBBB",
        "Incomplete right bundle-branch block",
        GROUP,
        (
            Definition("QRS of 110 to 119 ms" + _RIGHT, SURAWICZ, "AHA"),
            Definition(
                "QRS under 120 ms, and an R' of 0.1 mV or more in V1 or V2 (ecgview's limit of its height).",
                WILLEMS,
                "WHO/ISFC",
            ),
        ),
        _incomplete_right,
        needs=NEEDS,
        statements=("IRBBB",),
    ),
    Rule(
        "ILBBB",
        "Incomplete left bundle-branch block",
        GROUP,
        (
            Definition(
                "QRS of 110 to 119 ms, an R peak time over 60 ms in V4, V5 and V6, and no q in I, V5 and V6. The"
                " pattern of left ventricular hypertrophy that the publication names as well is not asked for.",
                SURAWICZ,
            ),
        ),
        _incomplete_left,
        needs=NEEDS,
        statements=("ILBBB",),
    ),
    Rule(
        "IVCD",
        "Unspecific intraventricular conduction delay",
        GROUP,
        (Definition("QRS over 110 ms without criteria for a bundle-branch block.", SURAWICZ),),
        _unspecific,
        needs=NEEDS,
        statements=("IVCD",),
    ),
)
