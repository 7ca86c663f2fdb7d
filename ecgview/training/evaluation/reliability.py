"""The reliability picture: how often it was so, by the probability that was said."""

from collections.abc import Mapping
from typing import Any

from ecgview.training.evaluation.ink import INK, RULE, SOFT, Ink, sized

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00")  # told apart by the colour-blind, too
POOLED = (INK, "#8c959f")


def draw(ink: Ink, x: float, y: float, side: float, figures: Mapping[str, Any]) -> float:
    """Draw stated against observed frequency, and below it how many answers stand in each bin; return the y below."""
    above, below = ink.axes(x, y, side, side), ink.axes(x, y + side + 4.5, side, 9)
    above.plot([0, 1], [0, 1], color=RULE, linewidth=0.8, linestyle="--")
    classes = [row for row in figures["calibration"] if row["class"] != "all"]
    for colour, row in zip(COLOURS, classes, strict=False):
        above.plot(*_points(row, "said", "observed"), color=colour, linewidth=0.7, label=row["class"])
    pooled = [row for row in figures["calibration"] if row["class"] == "all"]
    for place, row in enumerate(pooled):
        _pooled(above, row, POOLED[place])
        bins = len(row["count"])
        middle = [(k + (place + 1) / (len(pooled) + 1)) / bins for k in range(bins)]
        below.bar(middle, row["count"], width=0.35 / bins, color=POOLED[place])
    above.set(xlim=(0, 1), ylim=(0, 1))
    below.set(xlim=(0, 1), yscale="log")
    below.minorticks_off()
    above.legend(
        prop=sized(5.5), frameon=False, loc="upper left", handlelength=1.4, labelspacing=0.25, borderpad=0.1
    )
    title = "Reliability: share that was so, by what was said"
    above.set_title(title, fontproperties=sized(6.3, True), color=INK, pad=3, loc="left")
    said = "probability said; bars: number of answers"
    below.set_xlabel(said, fontproperties=sized(5.8), color=SOFT, labelpad=1)
    for axes in (above, below):
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(sized(5.5))
    return y + side + 4.5 + 9 + 6


def _pooled(axes: Any, row: Mapping[str, Any], colour: str) -> None:
    """Draw the curve of all classes of a level with the interval of each bin."""
    said, observed, low, high = _points(row, "said", "observed", "low", "high")
    reach = [
        [b - a for a, b in zip(low, observed, strict=True)],
        [b - a for a, b in zip(observed, high, strict=True)],
    ]
    name = f"all {row['level']}{'es' if row['level'] == 'superclass' else 's'}"
    axes.errorbar(
        said,
        observed,
        reach,
        color=colour,
        linewidth=1.3,
        elinewidth=0.7,
        marker="o",
        markersize=2.2,
        label=name,
    )


def _points(row: Mapping[str, Any], *names: str) -> list[list[float]]:
    """Return the columns of a curve at its filled bins."""
    filled = [k for k, count in enumerate(row["count"]) if count]
    return [[row[name][k] for k in filled] for name in names]
