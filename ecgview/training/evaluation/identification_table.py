"""The figures of an identifier as tables: for the page beside its card, for documentation, for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Figures = Mapping[str, Any]


class Table(NamedTuple):
    """A title, rows of cells of which the first is the head, and what must be known of them."""

    title: str
    rows: list[list[str]]
    note: str


def tables(figures: Figures) -> list[Table]:
    """Return the tables of what `identification.evaluate` returned, or of a card that holds it."""
    found = [_by_leads(figures), _parts(figures), _test(figures)]
    if "comparison_of_networks" in figures:
        found.append(_compared(figures["comparison_of_networks"]))
    return found


def markdown(figures: Figures) -> str:
    """Return the tables in Markdown, the same figures always as the same text."""
    return "\n".join(_lines(figures)) + "\n"


def _lines(figures: Figures) -> Iterator[str]:
    for k, table in enumerate(tables(figures)):
        if k:
            yield ""
        yield f"**{table.title}**"
        yield ""
        head, *rows = table.rows
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""
        yield table.note


def _by_leads(figures: Figures) -> Table:
    head = ["leads", "AUROC", "equal error rate", "two patients, look like one", "like two"]
    rows = [[*head, "one patient, look like two", "like one"]]
    for row in figures["lead_sets"]:
        name = (
            ", ".join(row["leads"]) if len(row["leads"]) < 6 else f"{row['leads'][0]} to {row['leads'][-1]}"
        )
        named = f"{row['name']}: {name}" if row["name"] else name
        rows.append(
            [
                named,
                _number(row["auroc"]),
                *(
                    _share(row[figure])
                    for figure in ("equal_error_rate", "false_match", "caught", "false_alarm")
                ),
                _share(row["missed"], of_the_rest=True),
            ]
        )
    refused = figures["conduction_changed"]
    why = ", ".join(f"{count} {reason}" for reason, count in figures["not_judged"].items())
    note = (
        f"PTB-XL, {figures['n_records']:,} ECGs of {figures['n_patients']:,} patients, each fold judged by what the "
        f"others taught: {figures['n_genuine']} pairs of one patient ({figures['n_patients_in_pairs']} patients), "
        f"{figures['n_impostor']:,} of two. Not judged: {figures['n_not_judged']} ECGs ({why}), and "
        f"{refused['n_impostor']:,} pairs of two patients and {refused['n_genuine']} of one between which a block came "
        "or went. 95 % intervals, patients drawn; cost of the likelihood ratio (Cllr) "
        f"{figures['likelihood_ratio_cost']:.2f} bit with 12 leads, 1 would tell nothing."
    )
    return Table("Known patients, by leads", rows, note)


def _parts(figures: Figures) -> Table:
    rows = [["pairs", "of", "pairs", "patients", "look like the other kind", "look like their kind"]]
    for row in figures["groups"]:
        wrong, right = ("false_alarm", "missed") if row["of"] == "one patient" else ("false_match", "caught")
        own = _share(row[right], of_the_rest=row["of"] == "one patient")
        rows.append(
            [
                row["group"],
                row["of"],
                f"{row['n_pairs']:,}",
                f"{row['n_patients']:,}",
                _share(row[wrong]),
                own,
            ]
        )
    return Table(
        "Where it may be worse, 12 leads", rows, "A dash: there are no such pairs, and nothing is known."
    )


def _test(figures: Figures) -> Table:
    rows = [
        [
            "what ships, on",
            "pairs of one patient",
            "look like two",
            "pairs of two",
            "look like one",
            "look like two",
        ]
    ]
    test = figures["test_fold"]
    if "false_alarm" in test:
        rows.append(
            [
                f"PTB-XL fold {', '.join(map(str, test['folds']))}",
                f"{test['n_genuine']} of {test['n_patients']} patients",
                _share(test["false_alarm"]),
                f"{test['n_impostor']:,}",
                _share(test["false_match"]),
                _share(test["caught"]),
            ]
        )
    for row in figures["other_hospitals"]:
        rows.append(
            [
                f"{row['hospital']}, {row['n_records']} ECGs",
                "-",
                "-",
                f"{row['n_pairs']:,}",
                _share(row["false_match"]),
                _share(row["caught"]),
            ]
        )
    note = "Each ECG of another hospital is taken to be of another patient: these sets name no patients."
    return Table("What ships, on patients that taught it nothing", rows, note)


def _compared(found: Mapping[str, Any]) -> Table:
    rows = [
        ["leads", "network, AUROC", "beats minus network", "network, equal error rate", "beats minus network"]
    ]
    for row in found["rows"]:
        rows.append(
            [
                str(len(row["leads"])),
                _number(row["network_auroc"]),
                _number(row["beats_minus_network_auroc"], signed=True),
                _number(row["network_equal_error_rate"]),
                _number(row["beats_minus_network_equal_error_rate"], signed=True),
            ]
        )
    first = found["rows"][0]
    note = (
        f"{found['network']} {found['version']}, paired over folds {', '.join(map(str, found['folds']))}, which taught "
        f"neither: {first['n_genuine']} pairs of {first['n_patients']} patients, {first['n_impostor']:,} of two."
    )
    return Table("Beside a network", rows, note)


def _number(value: Mapping[str, Any], *, signed: bool = False) -> str:
    if value["value"] is None or value["low"] is None:
        return "-"
    mark = "+" if signed else ""
    return f"{value['value']:{mark}.3f} ({value['low']:{mark}.3f} to {value['high']:{mark}.3f})"


def _share(value: Mapping[str, Any], *, of_the_rest: bool = False) -> str:
    """Return a share in percent with its interval; `of_the_rest`: of those of whom it is not true."""
    ends: Sequence[float | None] = (value["value"], value["low"], value["high"])
    known = [one for one in ends if one is not None]
    if len(known) < 3:
        return "-"
    middle, low, high = (
        (known[0], known[1], known[2]) if not of_the_rest else (1 - known[0], 1 - known[2], 1 - known[1])
    )
    return f"{middle:.1%} ({low:.1%} to {high:.1%})".replace("%", " %")
