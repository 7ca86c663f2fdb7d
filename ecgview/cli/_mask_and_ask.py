"""`explain FILE --mask SPEC`: what the models would say if a part of the record were hidden from them."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, get_args

from ecgview import api
from ecgview.cli import _answers, _each, _exposure, _output
from ecgview.errors import ModelError
from ecgview.results import Changed, Compared, Fill, WhatIf

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 10  # statements in the text; JSON has them all


def add(parser: argparse.ArgumentParser) -> None:
    """Add --mask and what belongs to it."""
    parser.add_argument(
        "--mask",
        metavar="SPEC",
        help="hide this from the models and compare: 2.0-2.4 (seconds), 2.0-2.4@V1,V2, lead:V1, several separated by ;",
    )
    parser.add_argument(
        "--fill", choices=get_args(Fill), help="what stands in hidden stretches of time (default: flat)"
    )
    parser.add_argument(
        "--seed", type=_each.seed, help="of the random places it is compared with (default: 0)"
    )


def run(args: argparse.Namespace) -> int:
    """Print every statement and the LEF number before and after hiding, each against as much hidden elsewhere."""
    _output.keep_apart(args.output, args.file)
    _each.say_research_only()
    record = api.open_ecg(args.file)
    with _answers.memory() as memory:
        found = api.mask_and_ask(
            record,
            args.mask,
            args.fill,
            args.model,
            device=args.device,
            seed=args.seed or 0,
            memory=memory,
        )
    _exposure.log("explain", [record.source.sha256], f"{found.model.model_id}, {found.hidden.words}")
    told = {"path": str(args.file), "mask": args.mask, **as_json(found)}
    if args.output is not None:
        _output.write_json(told, args.output)
    if args.json:
        _each.print_json(told)
    else:
        print("\n".join(as_text(found, args.file, args.output)))
    return 0


def is_asked(args: argparse.Namespace) -> bool:
    """Return whether something is to be hidden; ModelError where that does not go with the rest that is asked."""
    if args.mask is None:
        for name in ("fill", "seed"):
            if getattr(args, name) is not None:
                raise ModelError(f"--{name} belongs to --mask", expected="--mask SPEC")
        return False
    if args.explanation is not None:
        raise ModelError("--with and --mask are two questions", expected="one of them")
    if args.output is not None and args.output.suffix.lower() != ".json":
        raise ModelError("this answer is written as .json", found=str(args.output))
    if args.file is None:
        raise ModelError("FILE is missing", expected="an ECG to hide something of")
    return True


def as_json(found: WhatIf) -> dict[str, Any]:
    """Return an answer as JSON's own types."""
    chance = found.chance
    statements = [
        _number(one, None if chance is None else chance.statement(place, one.difference))
        | {"positive_before": one.was_positive, "positive_after": one.is_positive}
        for place, one in enumerate(found.statements)
    ]
    lef = None
    if found.lef is not None:
        lef = _number(found.lef, None if chance is None else chance.of_lef(found.lef.difference))
    return {
        "hidden": asdict(found.hidden) | {"words": found.hidden.words},
        "model": asdict(found.model),
        "statements": statements,
        "lef": lef,
        "lef_model": None if found.lef_model is None else asdict(found.lef_model),
        "lef_reason": found.lef_reason,
        "compared_with": None if chance is None else chance.against,
        "seed": None if chance is None else chance.seed,
        "warnings": list(found.warnings),
        "precision": found.precision,
        "feature_distance_percentile": found.feature_distance_percentile,
        "device": found.device,
        "duration_ms": found.duration_ms,
    }


def _number(one: Changed, compared: Compared | None) -> dict[str, Any]:
    against = None
    if compared is not None and compared.n:
        against = asdict(compared) | {"words": compared.words}
    return asdict(one) | {"difference": one.difference, "chance": against}


def as_text(found: WhatIf, file: "Path", output: "Path | None") -> list[str]:
    """Return an answer as lines: what was or became positive, and what moved most."""
    head = f"{file}: hidden {found.hidden.words}" + (f", written to {output}" if output else "")
    order = sorted(range(len(found.statements)), key=lambda k: -abs(found.statements[k].difference))
    positive = [k for k in order if found.statements[k].was_positive or found.statements[k].is_positive]
    chosen = {*positive, *[k for k in order if k not in positive][:SHOWN]}
    chance = found.chance
    rows = []
    for k in order:
        if k in chosen:
            one = found.statements[k]
            compared = Compared() if chance is None else chance.statement(k, one.difference)
            rows.append(_line(one, f"{one.label} ({one.code})", compared))
    if found.lef is not None:
        compared = Compared() if chance is None else chance.of_lef(found.lef.difference)
        rows.append(_line(found.lef, found.lef.label, compared))
    else:
        rows.append(f"  LEF not analysed: {found.lef_reason}")
    facts = [
        f"  {one.named} in {found.precision}, {one.calibrated}, trained on {one.training_data}"
        for one in (found.model, found.lef_model)
        if one is not None
    ]
    against = [] if chance is None else [f"  compared with {chance.against}"]
    return [head, *(f"  note: {one}" for one in found.warnings), *rows, *against, *facts]


def _line(one: Changed, name: str, compared: Compared) -> str:
    turn = ""
    if one.was_positive != one.is_positive:
        turn = ", positive now" if one.is_positive else ", positive no more"
    elif one.not_assessable:
        turn = f", not assessable: {one.not_assessable}"
    chance = f", {compared.words} ({compared.smallest:+.3f} to {compared.largest:+.3f})" if compared.n else ""
    return f"  {name}: {one.before:.3f} to {one.after:.3f}, {one.difference:+.3f}{turn}{chance}"
