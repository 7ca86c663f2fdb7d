"""The LEF index and the LEF models."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecgview.cli import _each, _progress

if TYPE_CHECKING:
    Steps = argparse._SubParsersAction[argparse.ArgumentParser]

NAME = "lef"
HELP = "low ejection fraction from a classifier's predictors"


def register(parser: argparse.ArgumentParser) -> None:
    """Add `fit`, `compare`, `mini`, `synthetic` and `reference`."""
    steps = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    _register_fit(steps)
    _register_compare(steps)
    _register_mini(steps)
    _register_synthetic(steps)
    reference = steps.add_parser(
        "reference", help="scale and percentiles of the index from PTB-XL outside the test fold"
    )
    reference.add_argument("--data", type=Path, required=True, help="folder with PTB-XL")
    reference.add_argument("--out", type=Path, required=True, help="the index's folder, with card.json")
    reference.add_argument("--classifier", metavar="ID", required=True)
    reference.add_argument("--cache", type=Path, help="folder of packed ECGs (default: OUT/../cache)")
    reference.add_argument(
        "--out-of-fold",
        type=Path,
        metavar="RUN/out-of-fold.npz",
        help="of the classifier's own training: answers about records that no network had learnt from",
    )


def _register_fit(steps: "Steps") -> None:
    fit = steps.add_parser("fit", help="fit, calibrate and explain a model on EchoNext")
    fit.add_argument("--data", type=Path, required=True, help="EchoNext, or a synthetic folder in its layout")
    fit.add_argument(
        "--out", type=Path, required=True, help="folder of the new model; its name is the model's id"
    )
    fit.add_argument(
        "--classifier",
        metavar="ID",
        action="append",
        default=[],
        help="whose outputs are the predictors; repeatable",
    )
    fit.add_argument(
        "--kind",
        action="append",
        choices=["logistic", "trees", "xgboost"],
        help="of model to try, repeatable (default: logistic and trees; xgboost needs the extra of that name)",
    )
    fit.add_argument(
        "--measured",
        action="store_true",
        help="measurements and criteria are predictors, too (about 0.1 s an ECG)",
    )
    fit.add_argument("--external", type=Path, help="another cohort in the same layout")
    fit.add_argument(
        "--limit", type=float, default=45.0, metavar="PERCENT", help="low is an LVEF of this or less (45)"
    )
    fit.add_argument("--cache", type=Path, help="kept answers of the classifiers (default: OUT/../cache)")
    fit.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    fit.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    fit.add_argument("--smoke", action="store_true", help="few records, few models: to see that all works")


def _register_compare(steps: "Steps") -> None:
    compare = steps.add_parser(
        "compare", help="LEF models on the same echo records: figures and paired differences, by patient"
    )
    compare.add_argument("--data", type=Path, required=True, help="EchoNext, or another cohort in its layout")
    compare.add_argument(
        "--model", metavar="ID", action="append", default=[], help="a fitted LEF model; repeatable"
    )
    compare.add_argument(
        "--mini", type=Path, metavar="WEIGHTS", help="EchoNext-Mini's weights.pt, beside them"
    )
    compare.add_argument("--split", default="test", choices=["train", "val", "test", "no_split"])
    compare.add_argument(
        "--limit", type=float, default=45.0, metavar="PERCENT", help="low is an LVEF of this or less (45)"
    )
    compare.add_argument("-o", "--out", type=Path, metavar="FILE.json", help="where the figures are written")
    compare.add_argument("--cache", type=Path, help="kept answers of the classifiers (default: beside DATA)")
    compare.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    compare.add_argument("--device", default="auto", choices=["auto", "cpu", "cuda", "mps"])
    compare.add_argument("--smoke", action="store_true", help="few records: to see that all works")


def _register_mini(steps: "Steps") -> None:
    mini = steps.add_parser("mini", help="train EchoNext-Mini, the network published beside EchoNext")
    mini.add_argument(
        "--data", type=Path, required=True, help="EchoNext, or a synthetic folder in its layout"
    )
    mini.add_argument("--out", type=Path, required=True, help="the weights, a .safetensors file")
    mini.add_argument("--epochs", type=int, default=100, help="at most; 20 without a gain end it")
    mini.add_argument("--seed", type=_each.seed, default=0)
    mini.add_argument(
        "--weighted", action="store_true", help="weigh positives, as the published weights look trained"
    )
    mini.add_argument("--smoke", action="store_true", help="few records, one epoch: to see that all works")


def _register_synthetic(steps: "Steps") -> None:
    synthetic = steps.add_parser(
        "synthetic", help="write synthetic ECGs in EchoNext's layout with a planted relation"
    )
    synthetic.add_argument("out", metavar="DIR", type=Path)
    synthetic.add_argument("--records", type=int, default=1200)
    synthetic.add_argument("--seed", type=_each.seed, default=0)
    synthetic.add_argument("--classifier", metavar="ID", help="whose predictors carry the relation")


def run(args: argparse.Namespace) -> int:
    """Do one of the five."""
    if args.stage == "synthetic":
        from ecgview.training.echonext import synthetic

        with _progress.shown() as progress:
            synthetic.write(args.out, args.records, args.seed, args.classifier, progress=progress)
        return 0
    if args.stage == "mini":
        return _mini(args)
    if args.stage == "compare":
        return _compare(args)
    cache = args.cache or args.out.parent / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    if args.stage == "reference":
        from ecgview.training.lef import reference

        with _progress.shown() as progress:
            reference.run(args.classifier, args.data, cache, args.out, progress, args.out_of_fold)
        return 0
    return _fit(args, cache)


def _fit(args: argparse.Namespace, cache: Path) -> int:
    from ecgview.training.lef import run as lef
    from ecgview.training.lef.fit import FitRecipe

    kinds = tuple(dict.fromkeys(args.kind or FitRecipe().models))
    recipe = lef.LefRecipe(args.limit, FitRecipe(kinds), args.resamples)
    if args.smoke:
        quick = FitRecipe(kinds, strengths=(1e-2, 0.1), depths=(2,), rounds=40)
        recipe = lef.LefRecipe(limit_percent=args.limit, fit=quick, resamples=50, most_records=1000)
    with _progress.shown() as progress:
        card = lef.run(
            recipe,
            args.data,
            args.out,
            cache,
            args.classifier,
            args.external,
            progress,
            args.device,
            measured=args.measured,
        )
    test = card.metrics["test"]
    auroc = test["auroc"]
    print(
        f"{card.id}: {card.name}\n  test split, {test['n_records']} ECGs of {test['n_patients']} patients: "
        f"AUROC {auroc['value']:.3f} ({auroc['low']:.3f} to {auroc['high']:.3f}), {card.calibrated}\n"
        f"  {card.training_data}"
    )
    return 0


def _mini(args: argparse.Namespace) -> int:
    from safetensors.torch import save_file

    from ecgview.training.echonext import layout, mini_training

    recipe = mini_training.MiniRecipe(weighted=args.weighted, epochs=args.epochs, seed=args.seed)
    if args.smoke:
        recipe = mini_training.MiniRecipe(weighted=args.weighted, epochs=1, most_records=64, seed=args.seed)
    source = layout.open_folder(args.data)
    with _progress.shown() as progress:
        network, epoch = mini_training.train(recipe, source, progress)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    part = args.out.with_suffix(".part")
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, part)
    part.replace(args.out)
    said = "synthetic ECGs: it says nothing about people" if source.is_synthetic else "EchoNext"
    print(f"{args.out}: EchoNext-Mini, trained on {said}; weights of epoch {epoch}")
    return 0


def _compare(args: argparse.Namespace) -> int:
    from ecgview.training.evaluation.plain import known
    from ecgview.training.lef import comparison

    cache = args.cache or args.data.parent / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    with _progress.shown() as progress:
        found = comparison.run(
            args.data,
            args.model,
            args.mini,
            cache,
            args.split,
            args.limit,
            50 if args.smoke else args.resamples,
            1000 if args.smoke else 0,
            progress,
            args.device,
        )
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        part = args.out.with_suffix(".part")
        part.write_text(json.dumps(known(found), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(args.out)
    print(
        f"{found['data']}, {found['split']} split: {found['n_records']} ECGs of {found['n_patients']} patients, "
        f"{found['n_low']} with an LVEF of {found['limit_percent']:g} % or less"
    )
    for name, figures in found["models"].items():
        print(f"  {name}: " + ", ".join(_figure(figures, one) for one in ("auroc", "auprc", "f1")))
    for pair in found["differences"]:
        print(
            f"  {pair['first']} minus {pair['second']}: {_figure(pair, 'auroc')}, p {pair['auroc']['p']:.3f}"
        )
    return 0


def _figure(figures: dict[str, Any], name: str) -> str:
    found = figures.get(name)
    if found is None:
        return f"{name.upper()} without a cut"
    return f"{name.upper()} {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"
