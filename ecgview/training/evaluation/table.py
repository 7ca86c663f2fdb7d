"""All figures as one long table: a line per figure, class and subgroup."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ecgview import csv_cells
from ecgview.training.evaluation.written import write_text

COLUMNS = ("figure", "class", "subgroup", "value", "low", "high", "n")
_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives", "positives")
_OF_A_CLASS = ("auroc", "auprc", "f1", "brier", "calibration_error", "threshold", *_COUNTS)
Line = dict[str, Any]


def write(figures: Mapping[str, Any], path: Path) -> None:
    """Write the lines as CSV; `n` is the number of records behind a figure, empty where it is not known."""
    text = io.StringIO()
    writer = csv_cells.Writer(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines(figures))
    write_text(path, text.getvalue())


def lines(figures: Mapping[str, Any]) -> Iterator[Line]:
    """Yield a line per figure; interval and n are empty where there are none."""
    n = figures["n_records"]
    yield from _flat(figures, "", n)
    for row in figures.get("classes", ()):
        for name in _OF_A_CLASS:
            if row.get(name) is not None:
                yield _line(f"{row['level']}_{name}", row["class"], "", row[name], n)
    for row in figures.get("calibration", ()):
        yield from _curve(row)
    yield from _confusion(figures.get("confusion", {}))
    for row in figures.get("tasks", ()):
        yield from _flat(row, f"task: {row['task']}", row["n_records"])
    for row in figures.get("subgroups", ()):
        group = f"{row['grouping']}: {row['group']}"
        yield from _flat(row, group, row["n_records"])
        for one in row.get("classes", ()):
            if one["auroc"] is not None:
                yield _line("superclass_auroc", one["class"], group, one["auroc"], row["n_records"])
            yield _line("superclass_positives", one["class"], group, one["positives"], row["n_records"])
    if "with_100_hz" in figures:
        yield from _flat(
            figures["with_100_hz"], "with records at 100 Hz", figures["with_100_hz"]["n_records"]
        )
    for row in figures.get("external", {}).get("sets", ()):
        yield from _flat(row, f"hospital: {row['hospital']}", row["n_records"])
    for row in figures.get("external", {}).get("findings", ()):
        for name in ("auroc", "sensitivity", "specificity", "positives", "cut"):
            if isinstance(row.get(name), Mapping | int | float):
                yield _line(name, row["finding"], f"hospital: {row['hospital']}", row[name], row["n_records"])
    for row in figures.get("rhythms", ()):
        yield from _flat(row, f"rhythm: {row['rhythm']}", row["n_records"])
    for name, value in figures.get("phase_rmse_uv", {}).items():
        yield _line("phase_rmse_uv", name, "", value, n)
    for row in figures.get("lead_sets", ()):
        yield from _flat(row, f"leads: {' '.join(row['leads'])}", row["n_genuine"])
    for row in figures.get("groups", ()):
        yield from _flat(row, f"{row['of']}: {row['group']}", row["n_pairs"])
    for row in figures.get("lead_subsets", ()):
        yield from _flat(row, f"leads: {' '.join(row['leads'])}", row["n_records"])
    for name, baseline in figures.get("baselines", {}).items():
        yield from _flat(baseline, f"baseline: {name}", n)
    yield from _comparison(figures.get("comparison", {}))


def _flat(values: Mapping[str, Any], subgroup: str, n: int) -> Iterator[Line]:
    """Yield a line per number and interval of a mapping, and per class of a mapping of classes."""
    for name, value in values.items():
        if name == "superclass_auroc" and subgroup:
            for one, number in value.items():
                yield _line(name, one, subgroup, number, n)
        elif _is_interval(value) or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield _line(name, "", subgroup, value, n)


def _curve(row: Mapping[str, Any]) -> Iterator[Line]:
    bins = len(row["count"])
    for k in range(bins):
        if row["count"][k]:
            name = f"{row['level']}_calibration_bin_{k / bins:g}_to_{(k + 1) / bins:g}"
            seen = {"value": row["observed"][k], "low": row["low"][k], "high": row["high"][k]}
            yield _line(f"{name}_said", row["class"], "", row["said"][k], row["count"][k])
            yield _line(f"{name}_observed", row["class"], "", seen, row["count"][k])


def _confusion(found: Mapping[str, Any]) -> Iterator[Line]:
    for truth, counts in zip(found.get("truth", ()), found.get("counts", ()), strict=True):
        for call, count in zip(found["top_call"], counts, strict=True):
            yield _line(f"top_call_{call}", truth, "", count, sum(counts))


def _comparison(found: Mapping[str, Any]) -> Iterator[Line]:
    for row in found.get("differences", ()):
        name = f"{row['level']}_{row['figure']}_minus_{found['other']}"
        yield _line(name, row["class"], "", row["difference"], found["n_records"])
        yield _line(f"{name}_p", row["class"], "", row["p"], found["n_records"])


def _line(figure: str, name: str, subgroup: str, value: Any, n: int) -> Line:
    numbers = value if _is_interval(value) else {"value": value}
    return {"figure": figure, "class": name, "subgroup": subgroup, **numbers, "n": n}


def _is_interval(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"value", "low", "high"}
