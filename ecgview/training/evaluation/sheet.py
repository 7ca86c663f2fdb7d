"""The evidence of a model's card on one page: what it is, its figures with intervals, how reliable they are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview.about import RESEARCH_USE_ONLY
from ecgview.models import cards
from ecgview.models.cards import ModelCard
from ecgview.training.data import splits
from ecgview.training.evaluation import identification_table, reliability
from ecgview.training.evaluation.ink import Ink, write_pdf

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEFT, RIGHT = 10.0, 200.0
MIDDLE = 107.0
MOST_GROUPS = 14
Figures = Mapping[str, Any]


def write(figures: Figures, card: ModelCard, path: Path) -> None:
    """Write the pages as PDF, one or two; the same figures give the same bytes."""
    pages = [draw(figures, card)]
    if "left_out" in figures:
        pages.append(draw_parts(figures, card))
    write_pdf(pages, path, f"Evaluation of {card.id}")


def draw(figures: Figures, card: ModelCard) -> "Figure":
    """Return the page."""
    ink = Ink()
    y = _head(ink, figures, card)
    if "lead_sets" in figures:
        _identification(ink, y, figures)
    elif "classes" not in figures:
        _plain(ink, y, figures)
    else:
        y = _overall(ink, y, figures)
        y = _statements(ink, y, figures)
        _parts(ink, y, figures)
    _foot(ink, figures)
    return ink.figure


def draw_parts(figures: Figures, card: ModelCard) -> "Figure":
    """Return the second page of a whole card: every subgroup, other hospitals, and what was left out."""
    ink = Ink()
    ink.line(
        LEFT, 8.5, f"Evaluation of {card.name} {card.version}: groups and other hospitals", 14, bold=True
    )
    top = ink.line(LEFT, 15.5, RESEARCH_USE_ONLY, 8, bold=True) + 2
    left = _subgroups(ink, top, figures["subgroups"], most=len(figures["subgroups"])) + 2
    for title, said in (("Left out of all figures", "left_out"), ("Not measured", "not_measured")):
        if rows := figures.get(said):
            left = ink.line(LEFT, left, title, 7, bold=True)
            for name, value in rows.items():
                left = ink.paragraph(LEFT, left, 92, f"{name}: {value}.", 6)
            left += 1.5
    if external := figures.get("external"):
        _outside(ink, top, external)
    _foot(ink, figures)
    return ink.figure


def _outside(ink: Ink, y: float, external: Mapping[str, Any]) -> None:
    rows = [["Other hospitals", "records", "findings", "AUROC"]]
    for row in external["sets"]:
        cells = [str(row["n_records"]), str(row["n_findings"]), _with_interval(row["macro_auroc"])]
        rows.append([row["hospital"], *cells])
    y = ink.table(MIDDLE + 1, y, 92, rows, 6.2) + 2
    rows = [["Finding, hospital", "present", "AUROC", "sensitivity", "specificity"]]
    for row in external["findings"]:
        cells = [_with_interval(row.get(name), 2) for name in ("auroc", "sensitivity", "specificity")]
        present = f"{row['positives']} of {row['n_records']}"
        rows.append([f"{row['finding']}, {row['hospital']}", present, *cells])
    y = ink.table(MIDDLE + 1, y, 92, rows, 5.6)
    note = external["note"]
    ink.paragraph(MIDDLE + 1, y + 0.4, 92, note[:1].upper() + note[1:] + ".", 5.8, soft=True)


def _head(ink: Ink, figures: Figures, card: ModelCard) -> float:
    ink.line(LEFT, 8.5, f"Evaluation of {card.name} {card.version}", 14, bold=True)
    y = ink.line(LEFT, 15.5, RESEARCH_USE_ONLY, 8, bold=True)
    rows = [
        ("Model", f"{card.id}, version {card.version}, {card.network}; sha256 {card.sha256}"),
        ("Trained on", card.training_data),
        ("Calibration", card.calibrated),
        ("Evaluated on", _evaluated_on(figures)),
    ]
    if refits := _refits(card):
        rows.append(("Also those of", refits))
    y = ink.facts(LEFT, y + 1, RIGHT - LEFT, rows, 6.8)
    ink.rule(y + 0.6)
    return y + 2.2


def _refits(card: ModelCard) -> str:
    """Return which models that ship have these figures stand for them, in words."""
    named = [f"{one.id}: {cards.figures_note(one)}" for one in cards.available() if one.figures_of == card.id]
    return "; ".join(named)


def _evaluated_on(figures: Figures) -> str:
    if figures.get("task") == "cinc26":
        score = _with_interval(figures["challenge_score"])
        return (
            f"{figures['n_records']} records of the PhysioNet/CinC Challenges 2020 and 2021, PTB-XL's left out; "
            f"{figures['n_classes_answered']} of {figures['n_classes']} scored classes answered by the PTB-XL "
            f"statement of the same SNOMED CT finding; challenge score {score}"
        )
    if "lead_sets" in figures:
        return (
            f"{figures['n_records']} records of {figures['n_patients']} patients of PTB-XL, "
            f"{splits.folds_in_words(figures['folds'])} in turn; no patient stands in two folds"
        )
    return (
        f"{figures['n_records']} records of {figures['n_patients']} patients: {figures['split']} split of PTB-XL "
        f"({splits.folds_in_words(figures['folds'])}); no patient stands in two splits"
    )


def _identification(ink: Ink, y: float, figures: Figures) -> None:
    for table in identification_table.tables(figures):
        y = ink.line(LEFT, y, table.title, 8, bold=True)
        y = ink.table(LEFT, y, RIGHT - LEFT, table.rows, 5.2)
        y = ink.paragraph(LEFT, y + 0.4, RIGHT - LEFT, table.note, 5.4, soft=True) + 2


def _plain(ink: Ink, y: float, figures: Figures) -> None:
    """Write the figures of a model that is no classifier."""
    rows = [["", "value (95 % interval)"]]
    for name, value in figures.items():
        if isinstance(value, Mapping) and set(value) == {"value", "low", "high"}:
            rows.append([name.replace("_uv", ", µV").replace("_", " "), _with_interval(value, 1)])
        elif isinstance(value, float):
            rows.append([name.replace("_", " "), f"{value:g}"])
    ink.table(LEFT, y, 120, rows, 8)


def _overall(ink: Ink, y: float, figures: Figures) -> float:
    """Write the means and the superclasses on the left, the reliability picture on the right."""
    wide = 128.0
    rows = [["Mean over", "AUROC", "AUPRC", "F1", "Brier", "calibration error"]]
    for level, count in (
        ("superclass", "5 superclasses"),
        ("statement", f"{figures['n_statements']} statements"),
    ):
        if f"{level}_macro_auroc" in figures:
            named = [
                figures[f"{level}_{name}"] for name in ("macro_auroc", "macro_auprc", "macro_f1", "brier")
            ]
            named.append(figures.get(f"{level}_calibration_error"))
            rows.append([count, *(_with_interval(one) for one in named)])
    below = ink.table(LEFT, y, wide, rows, 7) + 2
    supers = [row for row in figures["classes"] if row["level"] == "superclass"]
    if supers:
        below = ink.table(LEFT, below, wide, _class_table("Superclass", supers), 7) + 2
        below = _confusion(ink, below, wide, figures["confusion"])
    bottom = reliability.draw(ink, 147.0, y + 3.5, 52.0, figures)
    below = max(below, bottom) + 1.5
    ink.rule(below)
    return below + 1.6


def _class_table(title: str, rows: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    table = [[title, "present", "AUROC", "AUPRC", "F1", "TP", "FP", "FN", "TN", "cal. err."]]
    for row in rows:
        counts = [str(row.get(f"{name}s", "-")) for name in _COUNTS]
        own = [_with_interval(row[name], 2) for name in ("auroc", "auprc", "f1")]
        table.append(
            [row["class"], str(row["positives"]), *own, *counts, _number(row["calibration_error"], 2)]
        )
    return table


_COUNTS = ("true_positive", "false_positive", "false_negative", "true_negative")


def _confusion(ink: Ink, y: float, width: float, found: Mapping[str, Any]) -> float:
    rows = [["Present, by top call:", *found["top_call"]]]
    for truth, counts in zip(found["truth"], found["counts"], strict=True):
        rows.append([truth, *map(str, counts)])
    y = ink.table(LEFT, y, 80, rows, 6.5)
    said = (
        "A record with several superclasses stands in each of their rows. A superclass is called where one of its "
        "statements is."
    )
    return ink.paragraph(LEFT, y + 0.5, width, said, 5.8, soft=True)


def _statements(ink: Ink, y: float, figures: Figures) -> float:
    rows = [row for row in figures["classes"] if row["level"] == "statement"]
    half = -(-len(rows) // 2)
    lead = 1.3 if half <= 24 else 1.15
    ends = [
        ink.table(x, y, 92.0, _class_table("Statement", part), 5.9 if half <= 24 else 5.4, lead)
        for x, part in ((LEFT, rows[:half]), (MIDDLE + 1, rows[half:]))
        if part
    ]
    low = max([y, *ends]) + 1
    ink.rule(low)
    return low + 1.6


def _parts(ink: Ink, y: float, figures: Figures) -> None:
    """Write tasks and subgroups on the left; lead sets, the other model and the baselines on the right."""
    left = _tasks(ink, y, figures["tasks"]) if figures.get("tasks") else y
    groups = figures.get("subgroups")
    if groups and "left_out" not in figures:  # a whole card has a page for them
        _subgroups(ink, left, groups)
    right = y
    if subsets := figures.get("lead_subsets"):
        rows = [["Leads", "superclass AUROC", "lost", "statement AUROC"]]
        for row in subsets:
            names = (
                "all 12"
                if row["n_leads"] == 12
                else "6 limb"
                if row["n_leads"] == 6
                else " ".join(row["leads"])
            )
            cells = [
                row.get(f"{name}")
                for name in ("superclass_macro_auroc", "superclass_auroc_lost", "statement_macro_auroc")
            ]
            rows.append([names, *(_with_interval(cell, 3) for cell in cells)])
        right = ink.table(MIDDLE + 1, right, 92, rows, 6.2)
        note = figures["lead_subsets_note"]
        right = (
            ink.paragraph(MIDDLE + 1, right + 0.4, 92, note[:1].upper() + note[1:] + ".", 5.8, soft=True) + 2
        )
    if compared := figures.get("comparison"):
        right = _comparison(ink, right, compared)
    if baselines := figures.get("baselines"):
        _baselines(ink, right, baselines)


def _tasks(ink: Ink, y: float, found: Sequence[Mapping[str, Any]]) -> float:
    rows = [["Task of the benchmark", "records", "AUROC", "AUPRC"]]
    for row in found:
        name = f"{row['n_scored']} of {row['n_classes']} {row['task']}"
        rows.append(
            [name, str(row["n_records"]), *(_with_interval(row[f"macro_{f}"]) for f in ("auroc", "auprc"))]
        )
    low = ink.table(LEFT, y, 92, rows, 6.2)
    note = "Records without a label of the task left out; classes with five positives or more."
    return ink.paragraph(LEFT, low + 0.4, 92, note, 5.8, soft=True) + 2


def _subgroups(ink: Ink, y: float, groups: Sequence[Mapping[str, Any]], most: int = MOST_GROUPS) -> float:
    rows = [["Subgroup", "records", "superclass AUROC", "statement AUROC", "statements"]]
    for row in groups[:most]:
        cells = [row.get("superclass_macro_auroc"), row["statement_macro_auroc"]]
        shown = [_with_interval(cell, 3) for cell in cells]
        rows.append(
            [f"{row['grouping']}: {row['group']}", str(row["n_records"]), *shown, str(row["n_statements"])]
        )
    low = ink.table(LEFT, y, 92, rows, 6.2)
    note = "Means of two groups may be over different statements: those with five or more positives in the group."
    if len(groups) > most:
        note += f" {len(groups) - most} more groups are in the table of all figures."
    return ink.paragraph(LEFT, low + 0.4, 92, note, 5.8, soft=True)


def _comparison(ink: Ink, y: float, compared: Mapping[str, Any]) -> float:
    title = f"Minus {compared['other']} {compared['other_version']}"
    rows = [[title, "difference", "p"]]
    for row in compared["differences"]:
        if row["class"] == "macro":
            rows.append(
                [
                    f"{row['level']} {row['figure'].upper() if row['figure'] != 'brier' else 'Brier'}",
                    _with_interval(row["difference"]),
                    _number(row["p"]),
                ]
            )
    return ink.table(MIDDLE + 1, y, 92, rows, 6.2) + 2


def _baselines(ink: Ink, y: float, baselines: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [["Baseline (macro AUROC)", "of it", "this model has more by"]]
    for name, found in baselines.items():
        for level in ("superclass", "statement"):
            cells = [found.get(f"{level}_macro_auroc"), found.get(f"model_minus_baseline_{level}_auroc")]
            rows.append([f"{name}, {level}", *(_with_interval(cell) for cell in cells)])
    ink.table(MIDDLE + 1, y, 92, rows, 6.2)


def _foot(ink: Ink, figures: Figures) -> None:
    text = (
        f"In brackets: 95 % percentile intervals of {figures['resamples']} bootstrap resamples by "
        f"{figures['resampled_by']}; a class absent from a resample is left out of its mean. "
    )
    if "classes" in figures:
        text += (
            "Statements with fewer than five positives are not scored. F1 and counts are at the card's thresholds, "
            "chosen on the validation fold. Calibration error: mean distance of stated and observed in "
            f"{figures['calibration_bins']}; bars of the picture are Wilson's 95 % intervals. A dash: the card has no "
            "threshold there, or the figure is not known. "
        )
    ink.foot(LEFT, RIGHT - LEFT, text)


def _with_interval(value: Mapping[str, Any] | None, digits: int = 3) -> str:
    if value is None or value["value"] is None:
        return "-"
    if value["low"] is None:
        return f"{value['value']:.{digits}f}"
    joint = " to " if value["low"] < 0 else "\u2013"
    return f"{value['value']:.{digits}f} ({value['low']:.{digits}f}{joint}{value['high']:.{digits}f})"


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
