"""The figures of a model's card as rows of text, each with its interval where the card gives one.

Window and command line tell a card by these rows; a card may come from anyone, so that a figure of another shape than
`ecgview evaluate` writes is passed over.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ecgview.models import cards
from ecgview.models.cards import ModelCard

Row = tuple[str, str]
NO_FIGURES = "The card gives no figures on data the model never saw."
_VALUE_KEYS = ("value", "estimate", "mean")
# Named beside the model already.
_OF_THE_MODEL = frozenset(
    ("model", "version", "sha256", "folds", "resamples", "resampled_by", "evidence", "calibration_bins")
)
_BASELINE_ROWS = {
    "superclass_macro_auroc": "superclass_macro_auroc",
    "statement_macro_auroc": "statement_macro_auroc",
    "model_minus_baseline_superclass_auroc": "lead of the model, superclass_auroc",
}
_WRITTEN = {name: name.upper() for name in ("auroc", "auprc", "ci", "rmse", "f1")} | {
    "uv": "µV",
    "hz": "Hz",
    "platt": "Platt",
    "brier": "Brier",
}
_OF_A_GROUP = ("n_records", "superclass_macro_auroc", "statement_macro_auroc", "statement_macro_f1")
_MOST_LEADS_NAMED = 6
_LONGEST_GROUP = 12  # of a group without a heading of its own; longer ones are tables that `--json` holds


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of figures under one heading; `note` says what they are."""

    heading: str
    rows: tuple[Row, ...]
    note: str = ""
    detail: bool = False  # too long for a panel: the command line tells it


def sections(card: ModelCard) -> list[Section]:
    """Return everything that a card says a model is worth, the most important first."""
    note = cards.figures_note(card)
    note = f"{note[:1].upper()}{note[1:]}." if note else ""
    judged = cards.with_figures(card)
    figures = judged.metrics if judged is not None else {}
    if not figures:
        return [Section("Performance", (), f"{note} {NO_FIGURES}".strip())]
    apart = {name for name, _ in _HEADINGS}
    own = {name: value for name, value in figures.items() if name not in {*apart, *_OF_THE_MODEL}}
    found = [Section("Performance", tuple(metric_rows(own)), note)]
    for name, tell in _HEADINGS:
        found += [one for one in tell(figures.get(name), figures) if one.rows or one.note]
    return found


def metric_rows(metrics: Mapping[str, Any], group: str = "") -> Iterator[Row]:
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
            elif len(value) <= _LONGEST_GROUP:
                yield from metric_rows(value, name)
        elif isinstance(value, bool | int | float | str):
            yield name, _number(value)


def _superclasses(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
    if isinstance(value, Mapping):
        yield Section("AUROC of each superclass", tuple(metric_rows(value)))


def _statements(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
    if isinstance(value, Mapping):
        rows = [(code, _line(one, ())) for code, one in value.items() if isinstance(one, Mapping)]
        yield Section("Each statement", tuple(rows), detail=True)


def _calibration(value: Any, figures: Mapping[str, Any]) -> Iterator[Section]:
    """Yield what was said beside what was so, of all classes of a level together."""
    for curve in _mappings(value):
        if curve.get("class") != "all":
            continue
        columns = [curve.get(name) for name in ("said", "observed", "low", "high", "count")]
        if not all(isinstance(column, Sequence) for column in columns):
            continue
        rows = []
        for said, observed, low, high, count in zip(*columns, strict=False):
            numbers = (said, observed, low, high)
            if count and all(isinstance(one, int | float) for one in numbers):
                rows.append(
                    (
                        f"Said {said:.1%}",
                        f"was so in {observed:.1%} ({low:.1%}–{high:.1%}) of {count} answers",
                    )
                )
        level = f"{curve.get('level', '')}{'es' if curve.get('level') == 'superclass' else 's'}"
        bins = figures.get("calibration_bins", "")
        yield Section(f"Calibration, all {level}", tuple(rows), f"{bins}" if isinstance(bins, str) else "")


def _subgroups(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
    rows = [
        (
            f"{row.get('grouping')}: {row.get('group')}",
            _line({name: row[name] for name in _OF_A_GROUP if name in row}, ()),
        )
        for row in _mappings(value)
    ]
    yield Section("Subgroups", tuple(rows))


def _lead_sets(value: Any, figures: Mapping[str, Any]) -> Iterator[Section]:
    rows = []
    for row in _mappings(value):
        leads = row.get("leads")
        names = [str(name) for name in leads] if isinstance(leads, Sequence) else []
        name = f"{len(names)} leads" if len(names) > _MOST_LEADS_NAMED else ", ".join(names)
        rows.append((name, _line(row, ("leads", "n_leads", "name"))))
    note = figures.get("lead_subsets_note", "")
    yield Section("With fewer leads", tuple(rows), note if rows and isinstance(note, str) else "")


def _hospitals_measured(value: Any, figures: Mapping[str, Any]) -> Iterator[Section]:
    for told in _hospitals(value, figures):
        yield replace(told, heading=f"{told.heading}, with measured values")


def _hospitals(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
    if not isinstance(value, Mapping):
        return
    note = value.get("note", "")
    rows = [(str(row.get("hospital")), _line(row, ("hospital",))) for row in _mappings(value.get("sets"))]
    yield Section("Other hospitals", tuple(rows), note if isinstance(note, str) else "")
    findings = [
        (f"{row.get('finding')}, {row.get('hospital')}", _line(row, ("finding", "hospital")))
        for row in _mappings(value.get("findings"))
    ]
    yield Section("Findings in other hospitals", tuple(findings), detail=True)


def _table(heading: str, *names: str, detail: bool = False) -> Any:
    """Return a teller of a list of rows that are called by these of their cells."""

    def tell(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
        rows = [
            (", ".join(str(row[name]) for name in names if name in row), _line(row, names))
            for row in _mappings(value)
        ]
        yield Section(heading, tuple(rows), detail=detail)

    return tell


def _reasons(heading: str) -> Any:
    def tell(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
        if isinstance(value, Mapping):
            yield Section(heading, tuple(metric_rows(value)))

    return tell


def _baselines(value: Any, _: Mapping[str, Any]) -> Iterator[Section]:
    for name, figures in value.items() if isinstance(value, Mapping) else ():
        if isinstance(figures, Mapping):
            shown = {label: figures[key] for key, label in _BASELINE_ROWS.items() if key in figures}
            yield Section(f"Beside it: {name}", tuple(metric_rows(shown)))


_HEADINGS: tuple[tuple[str, Any], ...] = (
    ("superclass_auroc", _superclasses),
    ("per_statement", _statements),
    ("calibration", _calibration),
    ("subgroups", _subgroups),
    ("lead_subsets", _lead_sets),
    ("lead_subsets_note", lambda _value, _figures: ()),
    ("lead_sets", _lead_sets),
    ("groups", _table("Groups of pairs", "of", "group")),
    ("other_hospitals", _table("Other hospitals", "hospital")),
    ("rhythms", _table("Rhythms", "rhythm")),
    ("tasks", _table("Tasks of the benchmark", "task", detail=True)),
    ("external", _hospitals),
    ("external_with_measured_values", _hospitals_measured),
    ("baselines", _baselines),
    ("left_out", _reasons("Left out of these figures")),
    ("not_measured", _reasons("Not measured")),
    ("check", lambda _value, _figures: ()),
)


def _mappings(value: Any) -> Iterable[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else ()


def _line(row: Mapping[str, Any], apart: Sequence[str]) -> str:
    """Return the figures of a row in one line, with the name of each."""
    plain = {name: value for name, value in row.items() if name not in apart}
    return ", ".join(f"{_within(name)} {figure}" for name, figure in metric_rows(plain))


def _within(name: str) -> str:
    """Return a name as it stands within a line: a capital only where it is an abbreviation."""
    return name if name[:2].isupper() or name[1:2].isdigit() else name[:1].lower() + name[1:]


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
    words = key.removeprefix("n_").replace("_", " ").split(" ")
    text = " ".join(_WRITTEN.get(word, word) for word in words)
    return text[:1].upper() + text[1:]
