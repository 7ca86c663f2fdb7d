"""Risk of low left ventricular ejection fraction, with the reasons."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview import api
from ecgview.cli import _answers, _each, _exposure

if TYPE_CHECKING:
    from ecgview.models.asking import Memory

NAME = "lef"
HELP = "index or probability of low ejection fraction (LEF) with exact contributions"
OPENS_ECGS = True


def register(parser: argparse.ArgumentParser) -> None:
    """Add FILE..., the model, the device."""
    _each.add_files(parser)
    parser.add_argument("--model", metavar="ID", help="an LEF model (default: the one without LEF training)")
    parser.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    _each.add_precision(parser)


def run(args: argparse.Namespace) -> int:
    """Print the LEF result of each file."""
    _each.say_research_only()

    def work(path: Path, memory: "Memory") -> dict[str, Any]:
        answer = api.lef(path, args.model, device=args.device, precision=args.precision, memory=memory)
        _exposure.log("lef", [answer.record_sha256], answer.model.model_id)
        shares = answer.contributions
        return {
            "path": str(path),
            "model": answer.model.model_id,
            "name": answer.model.name,
            "version": answer.model.version,
            "origin": answer.model.origin,
            "training_data": answer.model.training_data,
            "calibrated": answer.model.calibrated,
            "precision": answer.precision,
            "kind": answer.kind,
            "model_output": answer.model_output,
            "value": answer.value,
            "threshold": answer.threshold,
            "result": answer.result,
            "reason": answer.reason,
            "percentile": answer.percentile,
            "percentile_of": answer.reference,
            "reference": None if answer.reference_set is None else asdict(answer.reference_set),
            "place": answer.place,
            "no_place": answer.no_place,
            "lvef_cut": answer.cut,
            "warnings": list(answer.warnings),
            "feature_distance_percentile": answer.feature_distance_percentile,
            "caveat": answer.model.caveat,
            "base_value": None if shares is None else shares.base_value,
            "contributions": []
            if shares is None
            else [
                {"predictor": c.predictor, "value": c.value, "contribution": c.contribution}
                for c in shares.items
            ],
            "output_unit": None if shares is None else shares.output_unit,
            "single_predictors": [
                {"predictor": name, "value": value} for name, value in answer.single_predictors
            ],
            "placed": [
                {
                    "predictor": one.predictor,
                    "value": one.value,
                    "direction": one.direction,
                    "percentile": one.percentile,
                    "not_assessable": one.not_assessable,
                    "place": one.place,
                }
                for one in answer.placed
            ],
        }

    with _answers.memory() as memory:
        return _each.run(
            args, lambda path: work(path, memory), _lines, lambda found: found["value"] is not None
        )


def _lines(found: dict[str, Any]) -> Iterator[str]:
    origin = f" ({found['origin']})" if found["origin"] else ""
    yield f"{found['path']}  {found['model']} {found['version']}{origin} in {found['precision']}, {found['calibrated']}"
    yield f"  {found['name']}"
    for warning in found["warnings"]:
        yield f"  note: {warning}"
    if found["value"] is None:
        yield f"  {found['result']}: {found['reason']}"
        return
    if found["kind"] == "index":
        for item in found["placed"]:
            towards = f"; towards a low fraction: {item['direction']}" if item["direction"] else ""
            yield f"  {item['predictor']:<12} {item['value']:.4f}  {item['place']}{towards}"
        if found["percentile_of"]:
            yield f"  percentiles among {found['percentile_of']}"
        cut = found["lvef_cut"]
        whose = f"output of a model fitted to {cut}, not calibrated" if cut else "their mean"
        yield f"  {whose}, an index and not a probability: {found['place']}"
        never = "no verdict" if cut else "never compared with echocardiography: no verdict"
        yield f"  {never}; a low percentile does not rule out disease"
        yield f"  {found['caveat']}"
    else:
        limit = "no threshold" if found["threshold"] is None else f"threshold {found['threshold']:g}"
        yield f"  {found['result']}: {found['value']:.3f} (probability of {found['lvef_cut']}; {limit})"
    for item in found["contributions"]:
        yield f"  {item['contribution']:+8.3f}  {item['predictor']} = {item['value']:.4g}"
    if found["no_place"]:
        yield f"  {found['no_place']}"
    yield f"  base {found['base_value']:.3f} + contributions = {found['model_output']:.3f} {found['output_unit']}"
