"""Long and short QT, by QTc of Fridericia."""

from ecgview.signal.criteria.look import Look
from ecgview.signal.criteria.rule import Definition, Rule
from ecgview.signal.measure.ranges import SHORT_QT_MS

RAUTAHARJU = "Rautaharju PM et al., AHA/ACCF/HRS recommendations, part IV. J Am Coll Cardiol 2009;53:982-991"
ZEPPENFELD = (
    "Zeppenfeld K et al., 2022 ESC guidelines on ventricular arrhythmias. Eur Heart J 2022;43:3997-4126"
)
DREW = "Drew BJ et al., AHA/ACCF statement on torsade de pointes in hospital. Circulation 2010;121:1047-1060"
NEEDS = "A QRS under 120 ms that is not paced: else QT follows conduction; no flutter waves on T."


def _qtc(look: Look) -> float:
    look.narrow()
    look.st_is_free()
    look.maybe("QT")
    if (look.maybe("RR irregularity") is not None) and look.facts.state_of("AFIB") == "met":
        look.say("irregular rhythm: QTc is that of the mean RR, see how many beats it is of")
    return look.value("QTcF")


def _long(look: Look, name: str) -> bool:
    qtc = _qtc(look)
    return qtc >= 480 if name == "ESC" else look.sex(qtc, 450, 460, "ms")


def _very_long(look: Look, _: str) -> bool:
    return _qtc(look) > 500


def _short(look: Look, name: str) -> bool:
    return _qtc(look) <= shortest_usual(name)


def shortest_usual(name: str) -> float:
    """Return the QTc, ms, up to which QT is short by a definition."""
    return 390.0 if name == "AHA" else SHORT_QT_MS


RULES = (
    Rule(
        "LNGQT",
        "Long QTc",
        "Repolarisation",
        (
            Definition(
                "QTc (Fridericia) of 450 ms or more in men, 460 ms or more in women.", RAUTAHARJU, "AHA"
            ),
            Definition("QTc (Fridericia) of 480 ms or more.", ZEPPENFELD, "ESC"),
        ),
        _long,
        needs=NEEDS,
        statements=("LNGQT",),
    ),
    Rule(
        "QTC-500",
        "QTc over 500 ms",
        "Must not be missed",
        (Definition("QTc (Fridericia) over 500 ms.", DREW),),
        _very_long,
        needs=NEEDS,
        critical=True,
        statements=("LNGQT",),
    ),
    Rule(
        "SHORT-QT",
        "Short QTc",
        "Repolarisation",
        (
            Definition("QTc (Fridericia) of 360 ms or less.", ZEPPENFELD, "ESC"),
            Definition("QTc (Fridericia) of 390 ms or less.", RAUTAHARJU, "AHA"),
        ),
        _short,
        needs=NEEDS,
    ),
)
