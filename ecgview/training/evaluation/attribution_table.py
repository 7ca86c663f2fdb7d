"""What a run of `evaluation.attribution` says: each method against the signal's own size, each statement, the stamp."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ecgview import csv_cells
from ecgview.errors import ModelError
from ecgview.explain import faithfulness, offered
from ecgview.models.cards import ModelCard
from ecgview.training.evaluation.attribution import (
    AMPLITUDE,
    CONTROLS,
    FILLED,
    FLAT,
    GRADIENTS,
    METHODS,
    OTHER_HOSPITALS,
)
from ecgview.training.evaluation.metrics import Bootstrap
from ecgview.training.evaluation.plain import Figure, interval, rounded
from ecgview.training.evaluation.table import COLUMNS
from ecgview.training.evaluation.written import write_text

Pair = Mapping[str, Any]
EVERY = "all records"
FIGURES = (
    "insertion_minus_deletion",
    "minus_amplitude",
    "minus_integrated_gradients",
    "agreement_with_occlusion",
)
FEWEST = 2  # maps for an interval


def describe(lines: Sequence[Mapping[str, Any]], card: ModelCard, resamples: int) -> dict[str, Any]:
    """Return every figure of a run as plain values; intervals are 95 % percentiles of resampled patients."""
    pairs = [
        {**pair, "record": line["record"], "patient": line["patient"], "set": _set(line)}
        for line in lines
        for pair in line["pairs"]
    ]
    sets = {EVERY: pairs} | {
        name: [pair for pair in pairs if pair["set"] == name] for name in sorted({p["set"] for p in pairs})
    }
    return {
        "model": card.id,
        "version": card.version,
        "sha256": card.sha256,
        "n_records": len(lines),
        "n_patients": len({line["patient"] for line in lines}),
        "n_maps": len(pairs),
        "records": "; ".join(
            f"{sum(_set(one) == name for one in lines)} of {name}" for name in list(sets)[1:]
        ),
        "resamples": resamples,
        "resampled_by": "patient",
        "methods": [row for name, some in sets.items() for row in _methods(name, some, resamples)],
        "statements": _statements(pairs, resamples),
        "shuffled_weights": [row for name, some in sets.items() for row in _shuffled(name, some, resamples)],
        "completeness": _completeness(pairs),
        "stamp": _stamp(pairs, resamples),
        "processor_seconds_per_record": _seconds(lines),
    }


def _set(line: Mapping[str, Any]) -> str:
    return f"PTB-XL fold {line['fold']}" if line["fold"] else OTHER_HOSPITALS


def _methods(name: str, pairs: Sequence[Pair], resamples: int) -> Iterator[dict[str, Any]]:
    """Yield a row per fill and method: its area, less that of the signal's size on the same records, its agreement."""
    for fill in (FLAT, FILLED):
        for method in dict.fromkeys((*METHODS, *CONTROLS)):
            some = [pair for pair in pairs if method in pair["insertion_minus_deletion"].get(fill, ())]
            if len(some) < FEWEST:
                continue
            areas = [pair["insertion_minus_deletion"][fill][method] for pair in some]
            compared = [pair for pair in some if method in pair["agreement"]]
            yield {
                "set": name,
                "fill": fill,
                "method": method,
                "n_records": len({pair["record"] for pair in some}),
                "n_maps": len(some),
                "insertion_minus_deletion": _mean(some, areas, resamples),
                "minus_amplitude": _mean(some, _gains(some, fill, method), resamples),
                "minus_integrated_gradients": _mean(some, _gains(some, fill, method, GRADIENTS), resamples),
                "agreement_with_occlusion": _mean(
                    compared, [pair["agreement"][method] for pair in compared], resamples
                ),
            }


def _gains(pairs: Sequence[Pair], fill: str, method: str, other: str = AMPLITUDE) -> list[float]:
    """Return how much larger the area of a method is than that of another on the same record, by map."""
    areas = [pair["insertion_minus_deletion"][fill] for pair in pairs]
    return [float(one[method] - one[other]) for one in areas]


def _statements(pairs: Sequence[Pair], resamples: int) -> list[dict[str, Any]]:
    """Return by statement what the map that ships gains on the signal's size, and whether it is offered."""
    pooled = _mean(pairs, _gains(pairs, FLAT, GRADIENTS), resamples)
    rows = []
    for code in sorted({pair["code"] for pair in pairs}):
        some = [pair for pair in pairs if pair["code"] == code]
        gain = _mean(some, _gains(some, FLAT, GRADIENTS), resamples)
        rows.append(
            {
                "code": code,
                "n": len(some),
                "called": sum(pair["called"] for pair in some),
                "minus_amplitude": gain,
                "offered": offered.rule(len(some), gain["low"], pooled["low"]),
            }
        )
    return rows


def _shuffled(name: str, pairs: Sequence[Pair], resamples: int) -> Iterator[dict[str, Any]]:
    for kind in ("signed", "absolute"):
        found = [pair["shuffled"][kind] for pair in pairs]
        yield {
            "set": name,
            "cells": kind,
            "n_maps": len(pairs),
            "rank_correlation": _mean(pairs, found, resamples),
        }


def _completeness(pairs: Sequence[Pair]) -> dict[str, float | None]:
    found = [pair["completeness"] for pair in pairs]
    return {"median": rounded(float(np.median(found))), "p90": rounded(float(np.percentile(found, 90)))}


def _stamp(pairs: Sequence[Pair], resamples: int) -> list[dict[str, Any]]:
    """Return by kind of map which share of them the stamp fails, and for which reason."""
    rows = []
    for method in (GRADIENTS, *CONTROLS):
        some = [pair for pair in pairs if method in pair["insertion_minus_deletion"][FLAT]]
        if len(some) < FEWEST:
            continue
        why = [_reasons(pair, method) for pair in some]
        row: dict[str, Any] = {"map": method, "n_maps": len(some)}
        row["failed"] = _mean(some, [float(bool(one)) for one in why], resamples)
        for name, word in (
            ("remainder", "remainder"),
            ("agreement", "agreement"),
            ("amplitude", "no better"),
        ):
            counted = [any(reason.startswith(word) for reason in one) for one in why]
            row[f"failed_by_{name}"] = rounded(float(np.mean(counted)))
        rows.append(row)
    return rows


def _reasons(pair: Pair, method: str) -> list[str]:
    """Return why the stamp fails a map; only one of integrated gradients promises a sum, and can break it."""
    areas = pair["insertion_minus_deletion"][FLAT]
    completeness = pair["completeness"] if method == GRADIENTS else 0.0
    return faithfulness.reasons(
        "", completeness, pair["agreement_on_half"][method], areas[method], areas[AMPLITUDE]
    )


def _seconds(lines: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    timed = [line["processor_s"] for line in lines if "processor_s" in line]
    return {
        name: rounded(float(np.median([one[name] for one in timed])), 2)
        for name in (timed[0] if timed else ())
    }


def _mean(pairs: Sequence[Pair], values: Sequence[float], resamples: int) -> Figure:
    """Return the mean over maps with its interval by patient, which is not known of fewer than two patients."""
    if not pairs:
        return {"value": None, "low": None, "high": None}
    column = np.array(values, np.float64)[:, None]
    patients = np.unique([pair["patient"] for pair in pairs], return_inverse=True)[1]
    if patients.max() == 0:
        return {"value": rounded(float(column.mean())), "low": None, "high": None}
    bootstrap = Bootstrap(len(pairs), resamples, groups=np.asarray(patients, np.int64))
    return interval(bootstrap.draw(lambda w: (w @ column) / w.sum(1, keepdims=True)).each()[0])


def write_csv(figures: Mapping[str, Any], path: Path) -> None:
    """Write a line per figure: figure, class (method or statement), subgroup (set and fill), value, low, high, n."""
    text = io.StringIO()
    writer = csv_cells.Writer(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_lines(figures))
    write_text(path, text.getvalue())


def _lines(figures: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for row in figures["methods"]:
        for name in FIGURES:
            yield _line(name, row["method"], f"{row['set']}, fill {row['fill']}", row[name], row["n_maps"])
    for row in figures["statements"]:
        yield _line(
            "minus_amplitude", row["code"], f"offered: {row['offered']}", row["minus_amplitude"], row["n"]
        )
    for row in figures["shuffled_weights"]:
        name = f"rank_correlation_with_shuffled_weights_{row['cells']}"
        yield _line(name, "", row["set"], row["rank_correlation"], row["n_maps"])
    for row in figures["stamp"]:
        yield _line("failed_by_the_stamp", row["map"], "", row["failed"], row["n_maps"])


def _line(figure: str, name: str, subgroup: str, value: Mapping[str, Any], n: int) -> dict[str, Any]:
    return {"figure": figure, "class": name, "subgroup": subgroup, **value, "n": n}


def write_to_card(card: ModelCard, figures: Mapping[str, Any], made: str) -> Path:
    """Write what decides which maps are offered into a file beside the card, and return its path.

    Args:
        card: of the model, in a folder that can be written.
        figures: of `describe`.
        made: the day, as 2026-11-28.

    Raises:
        ModelError: the figures are of other weights.
    """
    if figures["sha256"] != card.sha256:
        raise ModelError("the figures are of other weights", expected=card.sha256, found=figures["sha256"])
    kept = {name: figures[name] for name in ("model", "version", "sha256", "records", "n_records", "n_maps")}
    kept |= {
        "made": made,
        "pooled": row_of(figures, EVERY, FLAT, GRADIENTS)["minus_amplitude"],
        "shuffled_weights": figures["shuffled_weights"][0]["rank_correlation"],
        "limits": {
            "largest_remainder": faithfulness.LARGEST_REMAINDER,
            "least_agreement": faithfulness.LEAST_AGREEMENT,
        },
        "rule": f"offered where the interval of the gain lies above zero; of fewer than {offered.FEWEST} maps "
        "where that of all maps does",
    }
    kept |= {name: figures[name] for name in ("statements", "methods", "stamp", "completeness")}
    path = card.folder / offered.FILE
    write_text(path, json.dumps(kept, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    return path


def row_of(figures: Mapping[str, Any], name: str, fill: str, method: str) -> dict[str, Any]:
    """Return the row of a set, fill and method; KeyError where it was not measured."""
    for row in figures["methods"]:
        if (row["set"], row["fill"], row["method"]) == (name, fill, method):
            return dict(row)
    raise KeyError(method)
