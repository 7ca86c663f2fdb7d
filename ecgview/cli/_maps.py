"""Maps of attribution for `ecgview explain`: of one statement, or of the LEF number and its predictors."""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ecgview import api
from ecgview.about import RESEARCH_USE_ONLY
from ecgview.cli import _answers, _each, _exposure, _mask_and_ask, _output
from ecgview.errors import ModelError
from ecgview.record import EcgRecord
from ecgview.results import Attribution, Stamp

LAYOUT = "3x4+1R"  # the page that "not on this page" speaks of
PX_PER_MM = 8.0  # 200 dpi
KINDS = (".json", ".npz", ".png")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is mapped, and how far it is checked."""
    parser.add_argument("--statement", metavar="CODE", help="where this statement's score comes from")
    parser.add_argument("--lef", action="store_true", help="where the LEF number comes from")
    parser.add_argument(
        "--predictor",
        metavar="NAME",
        help='with --lef: where this predictor\'s share comes from; "others" too',
    )
    parser.add_argument(
        "--check",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="check the map on this record (seconds)",
    )
    parser.add_argument(
        "--anyway",
        action="store_true",
        help="map a statement for which no map is offered; the reason stands by it",
    )


def is_asked(args: argparse.Namespace) -> bool:
    """Return whether a map is asked for; ModelError if the options do not go together."""
    if args.predictor is not None and not args.lef:
        raise ModelError("--predictor goes with --lef")
    if args.statement is not None and args.lef:
        raise ModelError("one thing is mapped at a time", expected="--statement CODE or --lef")
    if not args.lef and args.statement is None:
        return False
    if args.explanation is not None:
        raise ModelError("--with and a map are two questions", expected="one of them")
    if args.file is None:
        raise ModelError("FILE is missing", expected="an ECG to map")
    return True


def run(args: argparse.Namespace) -> int:
    """Print what a map tells, and what hiding a part would change where --mask asks; write all of it where asked."""
    from ecgview.models import fewer_leads, runtime

    masked = None
    _output.keep_apart(args.output, args.file)
    _each.say_research_only()
    record, doubt = api.open_ecg(args.file), ""
    if args.statement is not None:
        from ecgview.explain import attribution, offered

        card = fewer_leads.card_for(runtime.classifier_for(record, args.model), record)
        attribution.output_of(card, args.statement)
        fewer_leads.check(card, record)  # before what is offered: of this record nothing is
        doubt = offered.doubt_of(card, args.statement, anyway=args.anyway)
    predictor = (args.predictor or "") if args.lef else None
    with _answers.memory() as memory:
        found, stamp = api.attribute(
            record, args.statement or "", predictor, args.model, args.device, check=args.check, memory=memory
        )
        if args.mask is not None:
            classifier_id, lef_id = (None, args.model) if args.lef else (args.model, None)
            masked = api.mask_and_ask(
                record,
                args.mask,
                args.fill,
                classifier_id,
                lef_id,
                device=args.device,
                seed=args.seed or 0,
                memory=memory,
            )
    _exposure.log("explain", [record.source.sha256], found.model.model_id)
    told = {"path": str(args.file), **content(record, found, stamp, doubt)}
    if masked is not None:
        told["mask"] = _mask_and_ask.as_json(masked)
    if args.output is not None:
        _write(args.output, record, found, stamp, told, doubt)
    if args.json:
        _each.print_json(told)
    else:
        print("\n".join(_lines(told, args.output)))
        if masked is not None:
            print("\n".join(_mask_and_ask.as_text(masked, args.file, None)))
    return 0


def content(record: EcgRecord, found: Attribution, stamp: Stamp, doubt: str) -> dict[str, Any]:
    """Return a map as JSON's own types.

    The sum of `map` (leads x segments) and `remainder` is `share`; of a page of 3x4+1R the sum of `map` where
    `on_page`, `remainder` and `not_on_page` is.
    """
    from ecgview.explain import on_page
    from ecgview.paper import layout
    from ecgview.paper.settings import PaperSettings

    page = on_page.shown_by(layout.compose(record, PaperSettings(layout=LAYOUT)))
    parts, best = on_page.divided(found, page), on_page.strongest(found)
    return {
        "model": asdict(found.model),
        "of": found.of,
        "target": found.target,
        "leads": list(found.leads),
        "segment_s": found.segment_s,
        "map": found.cells.astype(float).tolist(),
        "on_page": parts.here.tolist(),
        "page": LAYOUT,
        "share": found.share,
        "remainder": found.remainder,
        "not_on_page": parts.not_on_page,
        "unit": found.unit,
        "completeness": stamp.completeness,
        "occlusion_agreement": stamp.occlusion_agreement,
        "insertion_minus_deletion": stamp.insertion_minus_deletion,
        "amplitude": stamp.amplitude,
        "verdict": stamp.verdict,
        "strongest": None if best is None else asdict(best),
        "method": found.method,
        "legend": on_page.overlay(found, stamp.verdict, doubt).legend,
        "notes": list(found.notes),
        "precision": found.precision,
        "warnings": list(found.warnings),
        "feature_distance_percentile": found.feature_distance_percentile,
        "research_only": RESEARCH_USE_ONLY,
    }


def _lines(told: dict[str, Any], output: Path | None) -> list[str]:
    unit, facts = told["unit"], told["model"]
    what = told["target"] or "all predictors"
    sums = f"share {told['share']:+.4f} {unit}, of it remainder {told['remainder']:+.4f}"
    best = told["strongest"]
    found = [f"  {told['path']}: {what}" + (f", written to {output}" if output else "")]
    found += [f"  note: {warning}" for warning in told["warnings"]]
    found += [f"  {sums}, not on a page of {LAYOUT} {told['not_on_page']:+.4f}"]
    if best is not None:
        found += [
            f"  strongest: {best['lead']}, {best['start_s']:.2f} to {best['end_s']:.2f} s, {best['value']:+.4f} {unit}"
        ]
    names = {
        "completeness": "remainder as a part of the share",
        "occlusion_agreement": "rank correlation with hiding each place",
        "insertion_minus_deletion": "insertion minus deletion",
        "amplitude": "the same of the signal's size alone",
    }
    found += [f"  {name}: {told[key]:.3f}" for key, name in names.items() if told[key] is not None]
    origin = f" ({facts['origin']})" if facts["origin"] else ""
    named = f"{facts['model_id']} {facts['version']}{origin} in {told['precision']}"
    model = f"{named}, {facts['calibrated']}, trained on {facts['training_data']}"
    return [
        *found,
        f"  {told['verdict']}",
        f"  {told['legend']}",
        *(f"  {note}" for note in told["notes"]),
        f"  {model}",
    ]


def _write(
    path: Path, record: EcgRecord, found: Attribution, stamp: Stamp, told: dict[str, Any], doubt: str
) -> None:
    from ecgview.report.whole_file import whole_file

    if path.suffix.lower() == ".json":
        return _output.write_json(told, path)
    with whole_file(path) as part:
        if path.suffix.lower() == ".npz":
            # Arrays of numbers and of text alone: nothing that a reader would have to unpickle.
            rest = {key: value for key, value in told.items() if key not in ("map", "on_page", "leads")}
            with part.open("wb") as opened:
                np.savez(
                    opened,
                    leads=np.array(found.leads),
                    segment_s=np.float64(found.segment_s),
                    map=found.cells,
                    on_page=np.array(told["on_page"], dtype=np.bool_),
                    share=np.float64(found.share),
                    remainder=np.float64(found.remainder),
                    not_on_page=np.float64(told["not_on_page"]),
                    about=np.array(json.dumps(rest, ensure_ascii=False, allow_nan=False)),
                )
        else:
            _paint(part, record, found, stamp, told, doubt)


def _paint(
    path: Path, record: EcgRecord, found: Attribution, stamp: Stamp, told: dict[str, Any], doubt: str
) -> None:
    """Paint the page with its bars; no name, number or date of a patient is on it."""
    from ecgview.explain import on_page
    from ecgview.models import context
    from ecgview.paper import layout, palette
    from ecgview.paper.painter import write_png
    from ecgview.paper.settings import PaperSettings

    facts, what = found.model, found.target or "LEF, all predictors"
    head = (
        f"{what}: {on_page.LEGEND}",
        f"{told['verdict']}; share {found.share:+.3f} {found.unit}, remainder {found.remainder:+.3f}, "
        f"not on this page {told['not_on_page']:+.3f}; {found.method}",
        f"{facts.named} in {found.precision}, {facts.calibrated}. {RESEARCH_USE_ONLY}",
        *filter(None, (doubt,)),
        *found.notes,
        *map(context.sentence, found.warnings),
    )
    page = layout.compose(record, PaperSettings(layout=LAYOUT), header_lines=head)
    write_png(path, page, palette.RED, on_page.overlay(found, stamp.verdict), PX_PER_MM)
