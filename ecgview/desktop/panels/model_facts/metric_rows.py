"""The figures of a model card as rows of text, each with its interval where the card gives one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_VALUE_KEYS = ("value", "estimate", "mean")


def metric_rows(metrics: Mapping[str, Any], group: str = "") -> Iterator[tuple[str, str]]:
    """Yield (name, figure): "Macro AUROC", "0.841 (0.812–0.867)".

    A figure is a number, a text, or a mapping with a value and its interval ("low" and "high", or "ci");
    any other mapping is a group whose name stands before the names in it. Long tables are left out.
    """
    for key, value in metrics.items():
        name = f"{group}: {_words(key)}" if group else _words(key)
        if isinstance(value, Mapping):
            figure = _figure(value)
            if figure:
                yield name, figure
            elif len(value) <= 12:
                yield from metric_rows(value, name)
        elif isinstance(value, bool | int | float | str):
            yield name, _number(value)


def _figure(value: Mapping[str, Any]) -> str:
    shown = next((value[key] for key in _VALUE_KEYS if key in value), None)
    if not isinstance(shown, int | float):
        return ""
    interval = value.get("ci", value.get("interval", (value.get("low"), value.get("high"))))
    text = _number(shown)
    if (
        isinstance(interval, Sequence)
        and len(interval) == 2
        and all(isinstance(x, int | float) for x in interval)
    ):
        text += f" ({_number(interval[0])}–{_number(interval[1])})"
    n = value.get("n", value.get("n_records"))
    return f"{text}, n = {n}" if isinstance(n, int) else text


def _number(value: float | str | bool) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.3f}" if isinstance(value, float) else f"{value}"


def _words(key: str) -> str:
    text = key.replace("_", " ")
    for known in ("auroc", "auprc", "ci", "rmse", "uv"):
        text = " ".join(
            {"uv": "µV"}.get(known, known.upper()) if word == known else word for word in text.split(" ")
        )
    return text[:1].upper() + text[1:]
