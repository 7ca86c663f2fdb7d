"""Score a model on records that it never saw."""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from ecgview.cli import _output, _progress
from ecgview.cli._each import count, print_json, say_research_only
from ecgview.counts import counted
from ecgview.errors import ModelError

NAME = "evaluate"
HELP = "figures of a model on PTB-XL's test fold, with intervals, baselines, subgroups, lead sets, comparison"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", help="id of a classifier, an autoencoder or median-beat"
    )
    parser.add_argument(
        "data", metavar="DATA", nargs="?", type=Path, help="folder with the data set in it or one level below"
    )
    parser.add_argument(
        "--judgements",
        metavar="STORE",
        nargs="?",
        type=Path,
        const=Path(),
        help="instead of a model: how often readers agreed with maps, against shams, in a database of reads (default: "
        "the user's); --csv writes each judgement",
    )
    parser.add_argument(
        "--attribution",
        metavar="RUN",
        type=Path,
        help="instead of its answers: what a classifier's maps of attribution are worth against the signal's own size; "
        "RUN is a folder that keeps what was measured, so that a run that was stopped goes on",
    )
    parser.add_argument(
        "--records", type=count, default=100, help="with --attribution: how many records of the split (100)"
    )
    parser.add_argument(
        "--others",
        type=count,
        default=0,
        help="with --attribution: how many of the CinC folders in DATA (none)",
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="with --attribution: also maps that the stamp should fail, as its limits were set with",
    )
    parser.add_argument("--split", default="test", choices=["train", "validation", "test"])
    parser.add_argument(
        "--task",
        default="ptbxl",
        choices=["ptbxl", "cinc26"],
        help="cinc26: every labelled record of the PhysioNet/CinC Challenge's folders in DATA, without a split",
    )
    parser.add_argument("--cache", type=Path, help="folder of packed ECGs (default: the user's cache folder)")
    parser.add_argument("--resamples", type=count, default=1000, help="of the bootstrap (1000)")
    parser.add_argument(
        "--compare", metavar="OTHER", default="", help="another of its kind, paired on the same records"
    )
    parser.add_argument(
        "--leads",
        metavar="SETS",
        default="",
        help="repeat with fewer leads: 12,6,3,2,1, leads joined by + (12,I+II+V5), or card, those the card knows",
    )
    parser.add_argument("--subgroups", action="store_true", help="repeat by sex, age and source")
    parser.add_argument("--no-baselines", action="store_true", help="leave the two logistic baselines out")
    _add_what_is_written(parser)


def _add_what_is_written(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--csv", metavar="FILE", type=_output.of_kind(".csv"), help="write every figure as one long table"
    )
    parser.add_argument(
        "--pdf", metavar="FILE", type=_output.of_kind(".pdf"), help="write the figures on one page"
    )
    parser.add_argument(
        "--update-card",
        action="store_true",
        help="make every figure of the model's card and write them and the page into it: calibration, subgroups, lead "
        "sets, other hospitals in DATA, what was left out, and what was not measured, with the reason",
    )
    parser.add_argument(
        "--update-reference",
        action="store_true",
        help="write into the model's folder what its thresholds rest on and its scores over records without each "
        "statement, of an autoencoder its errors by part of the beat, of median-beat all its files, and nothing else",
    )
    parser.add_argument(
        "--update-measured",
        metavar="FILE.npz",
        type=Path,
        help="write into the card what measured values (rate, intervals, beats) add to its statements, fitted on the "
        "out-of-fold answers of a training run, with the cuts that go with it, and nothing else",
    )
    parser.add_argument(
        "--update-leads",
        metavar="FILE.npz",
        type=Path,
        help="write into the card what it knows of sets of fewer leads (lines, thresholds, figures), fitted on the "
        "out-of-fold answers of a training run with those leads alone, and nothing else",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=_output.of_kind(".json"), help="write the JSON here too"
    )


def run(args: argparse.Namespace) -> int:
    """Evaluate, write what was asked for, and print."""
    from ecgview.training import evaluation
    from ecgview.training.evaluation import identification_table

    _output.have_folder(args.output, args.csv, args.pdf)
    say_research_only()
    if args.judgements is not None:
        return _judgements(args)
    if args.model is None or args.data is None:
        raise ModelError(
            "a model is scored on data",
            expected="MODEL DATA, or --judgements",
            found=args.model or "neither",
        )
    cache = args.cache or _cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    if args.update_reference:
        return _update_reference(args, cache)
    if args.update_measured is not None:
        return _update_measured(args, cache)
    if args.update_leads is not None:
        return _update_leads(args)
    if args.attribution is not None:
        return _maps(args)
    with _progress.shown() as progress:
        if args.update_card:
            _check_whole(args)
            figures = evaluation.evaluate_card(
                args.model,
                args.data,
                cache,
                progress,
                args.resamples,
                with_baselines=not args.no_baselines,
            )
        else:
            figures = evaluation.evaluate(
                args.model,
                args.data,
                cache,
                args.split,
                progress,
                args.resamples,
                with_baselines=not args.no_baselines,
                compare_with=args.compare,
                leads=args.leads,
                subgroups=args.subgroups,
                task=args.task,
            )
    _write(args, figures)
    if args.json:
        print_json(figures)
    elif "lead_sets" in figures:
        print(identification_table.markdown(figures), end="")
    else:
        print("\n".join(_lines(figures)))
    return 0


def _check_whole(args: argparse.Namespace) -> None:
    """Raise ModelError where a card would be made of a part: it is always the whole."""
    parts = (("--split", args.split != "test"), ("--task", args.task != "ptbxl"), ("--compare", args.compare))
    named = [name for name, given in (*parts, ("--leads", args.leads)) if given]
    if named:
        raise ModelError(
            "a card is made whole", expected="--update-card without these options", found=", ".join(named)
        )


def _judgements(args: argparse.Namespace) -> int:
    """Print how often readers agreed with reasons; each judgement, and the figures, into the files named."""
    from ecgview.training import evaluation
    from ecgview.training.evaluation import agreement

    kept = agreement.read(args.judgements if args.judgements.name else None)
    figures = agreement.figures(kept, args.resamples)
    if args.output:
        text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
        evaluation.write_text(args.output, text + "\n")
    if args.csv:
        agreement.write_rows(kept, args.csv)
    if args.json:
        print_json(figures)
    else:
        print("\n".join(_judgement_lines(figures)))
    return 0


def _judgement_lines(figures: dict[str, Any]) -> list[str]:
    """Return the counts, then agreement with maps and shams, overall, by target and by reader."""
    heads = ("judgements", "withdrawn", "records", "readers")
    lines = [", ".join(f"{figures[name]} {name}" for name in heads)]
    for row in figures["counts"]:
        where = f"{row['kind']} of {row['target']} by {row['model']} {row['version']}"
        lines.append(f"  {row['n']:4d} {row['verdict']}: {where} ({row['shown']})")
    for table in ("agreement", "by_target", "by_reader"):
        lines += [f"{table.replace('_', ' ')}:"] if figures[table] else []
        for row in figures[table]:
            names = ("reader", "kind", "target", "model", "version")
            lines.append(f"  {' '.join(row[name] for name in names if name in row)}")
            for word in ("true", "sham"):
                share = row[word]["agreement"]
                n = row[word]["agree"] + row[word]["disagree"]
                said = "nothing rated" if share is None else f"{_interval(share)} of {n}"
                lines.append(f"    agreement, {word}: {said}")
            if row["difference"] is not None:
                lines.append(f"    difference: {_interval(row['difference'])}")
            lines.append(f"    claim: {row['claim']}")
    return lines


def _maps(args: argparse.Namespace) -> int:
    """Measure a classifier's maps, write what was asked for, and print."""
    import datetime

    from ecgview.models import cards
    from ecgview.training import evaluation
    from ecgview.training.evaluation import attribution_sheet, attribution_table

    with _progress.shown() as progress:
        figures = evaluation.evaluate_maps(
            args.model,
            args.data,
            args.attribution,
            args.split,
            progress,
            args.resamples,
            records=args.records,
            others=args.others,
            controls=args.controls,
        )
    card = cards.get(args.model)
    if args.output:
        text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
        evaluation.write_text(args.output, text + "\n")
    if args.csv:
        attribution_table.write_csv(figures, args.csv)
    if args.pdf:
        attribution_sheet.write(figures, card, args.pdf)
    if args.update_card:
        attribution_table.write_to_card(card, figures, datetime.date.today().isoformat())
    if args.json:
        print_json(figures)
    else:
        print("\n".join(_lines(figures)))
    return 0


def _update_reference(args: argparse.Namespace, cache: Path) -> int:
    from ecgview.models import cards, same_patient
    from ecgview.training.evaluation import identification_files, judging, reconstruction

    asked = cards.get(args.model)
    if asked.network == same_patient.NETWORK:
        with _progress.shown() as progress:
            made = identification_files.update_reference(asked, args.data, cache, progress)
        print(f"{made.id}: {made.calibrated}")
        return 0
    if asked.kind == "autoencoder":
        with _progress.shown() as progress:
            path = reconstruction.update_reference(asked, args.data, cache, progress)
        print(f"{asked.id}: errors by part of the beat in {path}")
        return 0
    with _progress.shown() as progress:
        card = judging.update(asked, args.data, cache, progress)
    judged = sum(threshold is not None for threshold in card.thresholds)
    print(f"{card.id}: {judged} of {len(card.labels)} statements are judged. {card.threshold_rule}")
    return 0


def _update_measured(args: argparse.Namespace, cache: Path) -> int:
    from ecgview.models import cards
    from ecgview.training.evaluation import measured_fit

    with _progress.shown() as progress:
        card, fitted = measured_fit.update(
            cards.get(args.model), args.update_measured, args.data, cache, progress
        )
    for code, gain in fitted.gains.items():
        told = "gets shares" if gain.kept else gain.why_not
        print(
            f"{code:8} {gain.positives} of {gain.records} records: {gain.value:+.4f} "
            f"({gain.low:+.4f} to {gain.high:+.4f}) nats a record; {told}"
        )
    print(f"{card.id}: {len(fitted.section)} statements rest on measured values as well")
    return 0


def _update_leads(args: argparse.Namespace) -> int:
    from ecgview.models import cards
    from ecgview.training.evaluation import lead_set_fit

    with _progress.shown() as progress:
        card = lead_set_fit.update(
            cards.get(args.model), args.update_leads, args.data, args.resamples, progress
        )
    for one in card.lead_sets:
        told = one.figures["out_of_fold"]
        judged = sum(cut is not None for cut in one.thresholds.values())
        auroc = _interval(told["statement_macro_auroc"])
        n = told["n_records"]
        print(f"{one.name:8} {judged} of {len(card.labels)} statements judged, AUROC {auroc}, {n} records")
    print(f"{card.id}: {counted(len(card.lead_sets), 'set')} of fewer leads")
    return 0


def _write(args: argparse.Namespace, figures: dict[str, Any]) -> None:
    """Write JSON, CSV, page and card, as far as they were asked for."""
    from ecgview.models import cards
    from ecgview.training import evaluation

    card = cards.get(args.model)
    if args.output:
        text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
        evaluation.write_text(args.output, text + "\n")
    if args.csv:
        evaluation.write_table(figures, args.csv)
    if args.pdf:
        evaluation.write_sheet(figures, card, args.pdf)
    if args.update_card and "n_records" not in figures:  # of a kind that has no page
        evaluation.write_to_card(card, figures)
    elif args.update_card:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "page.pdf"
            evaluation.write_sheet(figures, card, page)
            evaluation.write_to_card(card, figures, page)


def _cache_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("ecgview", appauthor=False)) / "packs"


def _lines(figures: dict[str, Any], indent: str = "") -> list[str]:
    """Return one line per figure: value with its 95 % interval, nested ones and rows of tables indented."""
    lines = []
    for name, value in figures.items():
        if isinstance(value, dict) and set(value) == {"value", "low", "high"}:
            lines.append(f"{indent}{name}: {_interval(value)}")
        elif isinstance(value, dict):
            lines += [f"{indent}{name}:", *_lines(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines.append(f"{indent}{name}:")
            lines += [f"{indent}  {_row(row)}" for row in value]
        else:
            lines.append(f"{indent}{name}: {value}")
    return lines


def _row(row: dict[str, Any]) -> str:
    """Return one row of a table; its inner tables and curves stand in the JSON."""
    parts = []
    for name, value in row.items():
        if isinstance(value, dict):
            parts.append(f"{name} {_interval(value)}")
        elif isinstance(value, list) and value and isinstance(value[0], str):
            parts.append("+".join(value))
        elif not isinstance(value, list) and value is not None:
            parts.append(value if isinstance(value, str) else f"{name} {value:g}")
    return ", ".join(parts)


def _interval(value: dict[str, float | None]) -> str:
    if value["value"] is None or value["low"] is None:
        return "not known"
    return f"{value['value']:g} ({value['low']:g} to {value['high']:g})"
