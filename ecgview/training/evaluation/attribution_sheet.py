"""The figures of a model's maps on one page: each method against the signal's own size, by statement, and the stamp."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.explain import faithfulness, offered
from ecgview.models.cards import ModelCard
from ecgview.training.evaluation.attribution_table import EVERY, FIGURES
from ecgview.training.evaluation.ink import INK, RULE, SOFT, Ink, sized, write_pdf

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT, RIGHT = 10.0, 200.0
MIDDLE = 107.0
Figures = Mapping[str, Any]


def write(figures: Figures, card: ModelCard, path: Path) -> None:
    """Write the page as PDF; the same figures give the same bytes."""
    write_pdf([draw(figures, card)], path, f"Maps of {card.id}")


def draw(figures: Figures, card: ModelCard) -> "Figure":
    """Return the page."""
    ink = Ink()
    ink.line(
        LEFT, 8.5, f"Maps of {card.name} {card.version}: do they show what its scores rest on?", 14, bold=True
    )
    y = ink.line(LEFT, 15.5, RESEARCH_USE_ONLY, 8, bold=True)
    rows = [
        ("Model", f"{card.id}, version {card.version}, {card.network}; sha256 {card.sha256}"),
        ("Measured on", f"{figures['n_maps']} maps of {figures['n_records']} records: {figures['records']}"),
    ]
    y = ink.facts(LEFT, y + 1, RIGHT - LEFT, rows, 6.8) + 1
    ink.rule(y)
    low = _methods(ink, y + 2, figures)
    left = _statements(ink, low, figures["statements"])
    right = _gains(ink, low, figures["statements"])
    _stamp(ink, max(left, right) + 3, figures)
    _foot(ink, figures)
    return ink.figure


def _methods(ink: Ink, y: float, figures: Figures) -> float:
    head = [
        "Records, fill of hidden cells, map",
        "maps",
        "insertion - deletion",
        "less amplitude",
        "less integrated gradients",
        "with occlusion",
    ]
    rows = [head]
    for row in figures["methods"]:
        cells = [row[name] for name in FIGURES]
        name = f"{row['set']}, {row['fill']}: {row['method']}"
        rows.append([name, str(row["n_maps"]), *map(shown, cells)])
    return ink.table(LEFT, y, RIGHT - LEFT, rows, 6.2) + 3


def _statements(ink: Ink, y: float, found: Sequence[Mapping[str, Any]]) -> float:
    rows = [["Statement", "maps", "gain on amplitude", "offered"]]
    rows += [[row["code"], str(row["n"]), shown(row["minus_amplitude"]), row["offered"]] for row in found]
    return ink.table(LEFT, y, 92, rows, 6.2)


def _gains(ink: Ink, y: float, found: Sequence[Mapping[str, Any]]) -> float:
    """Draw each statement's gain with its interval; left of zero the map is worse than the signal's own size."""
    height = 3.2 * len(found) + 4
    axes = ink.axes(MIDDLE + 14, y + 2, RIGHT - MIDDLE - 16, height)
    for place, row in enumerate(found):
        gain = row["minus_amplitude"]
        axes.plot(gain["value"], place, "o", color=INK, markersize=2.4)
        if gain["low"] is not None:
            axes.plot([gain["low"], gain["high"]], [place, place], color=INK, linewidth=0.9)
    axes.axvline(0, color=RULE, linewidth=0.8)
    axes.set_yticks(range(len(found)), [row["code"] for row in found], fontproperties=sized(5.5), color=SOFT)
    axes.set_ylim(len(found) - 0.5, -0.5)
    axes.set_xlabel(
        "insertion - deletion of the map less that of the amplitude", fontproperties=sized(6), color=SOFT
    )
    return y + height + 8


def _stamp(ink: Ink, y: float, figures: Figures) -> None:
    rows = [["What the stamp fails", "maps", "share failed", "by remainder", "by agreement", "by amplitude"]]
    for row in figures["stamp"]:
        parts = (row["failed_by_remainder"], row["failed_by_agreement"], row["failed_by_amplitude"])
        rows.append(
            [row["map"], str(row["n_maps"]), shown(row["failed"]), *(f"{part:.2f}" for part in parts)]
        )
    y = ink.table(LEFT, y, RIGHT - LEFT, rows, 6.2) + 1
    signed = next(row for row in figures["shuffled_weights"] if row["set"] == EVERY)
    ink.paragraph(
        LEFT,
        y,
        RIGHT - LEFT,
        "Rank correlation with the map of the same network with shuffled weights: "
        f"{shown(signed['rank_correlation'])}. Remainder of 12 steps as a part of the share: median "
        f"{figures['completeness']['median']}, 90th percentile {figures['completeness']['p90']}.",
        6.2,
    )


def _foot(ink: Ink, figures: Figures) -> None:
    text = (
        f"In brackets: 95 % percentile intervals of {figures['resamples']} bootstrap resamples by patient. Cells: one "
        f"lead over {faithfulness.CELL_S:g} s; curves of the statement's probability in {faithfulness.STEPS} steps, "
        "from all cells hidden to none (insertion) and back (deletion), the largest of the map first; the area between "
        f"them. A statement of fewer than {offered.FEWEST} maps is offered as all maps together are. The stamp fails a "
        f"remainder above {faithfulness.LARGEST_REMAINDER:.0%} of the share, a rank correlation with occlusion below "
        f"{faithfulness.LEAST_AGREEMENT:g}, and no gain on the amplitude. "
    )
    ink.foot(LEFT, RIGHT - LEFT, text)


def shown(value: Mapping[str, float | None]) -> str:
    """Return a value with its interval: "0.12 (0.03 to 0.20)"."""
    if value["value"] is None:
        return "-"
    if value["low"] is None or value["high"] is None:
        return f"{value['value']:.3f}"
    return f"{value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
