"""What a model is worth on records that it never saw, beside two baselines; each figure with its interval."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgview.errors import ModelError
from ecgview.models import cards, runtime
from ecgview.models.cards import ModelCard
from ecgview.progress import Progress, silent
from ecgview.training import baselines, labels, metrics, sources, splits
from ecgview.training.pack import Pack, load_or_build

Array = NDArray[np.float32]
FEWEST_POSITIVES = 5
MASK_RATIO = 0.25


def evaluate(
    model_id: str,
    data: Path,
    cache: Path,
    split: str = "test",
    progress: Progress = silent,
    resamples: int = 1000,
    with_baselines: bool = True,
) -> dict[str, Any]:
    """Return the figures of one model on one split of PTB-XL below `data`, as plain values.

    Raises:
        ModelError: the model is of a kind or label set that cannot be compared with PTB-XL.
    """
    card = cards.get(model_id)
    pack = load_or_build(
        sources.read_all(data), replace(card.input, scale=1.0), cache, str(data.resolve()), progress
    )
    index = splits.labelled(pack, split)
    head = {
        "model": card.id,
        "version": card.version,
        "sha256": card.sha256,
        "split": split,
        "folds": list(splits.SPLIT_FOLDS[split]),
        "n_records": len(index),
        "n_patients": len({pack.rows[i].patient_id for i in index}),
        "resamples": resamples,
    }
    if card.kind == "autoencoder":
        return head | _reconstruction(card, pack, index, resamples, progress)
    if card.kind != "classifier" or card.label_set != "ptbxl71":
        raise ModelError(
            f"{card.id} has no PTB-XL outputs", expected="a classifier of the 71 statements", found=card.kind
        )
    return head | _classification(card, pack, index, cache, resamples, with_baselines, progress)


def write_to_card(card: ModelCard, figures: dict[str, Any]) -> None:
    """Put the figures into the card's file under `metrics`."""
    path = card.folder / "card.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["metrics"] = figures
    path.write_text(json.dumps(raw, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def answers(card: ModelCard, pack: Pack, index: NDArray[np.int64], progress: Progress = silent) -> Array:
    """Return (n, classes) probabilities of packed records through the model's shipped weights."""
    module = runtime.network(card, "cpu")
    rows = []
    for begin in range(0, len(index), 32):
        progress(begin / len(index), f"{card.name}: record {begin}")
        signal = pack.millivolts(index[begin : begin + 32]).numpy() * np.float32(card.input.scale)
        rows.append(runtime.probabilities(module, signal, "cpu"))
    return np.concatenate(rows)


def _classification(
    card: ModelCard,
    pack: Pack,
    index: NDArray[np.int64],
    cache: Path,
    resamples: int,
    with_baselines: bool,
    progress: Progress,
) -> dict[str, Any]:
    every = labels.targets(pack, np.arange(len(pack)))
    wanted, supers = every[index], labels.superclass_targets(every[index])
    columns = metrics.with_at_least(wanted, FEWEST_POSITIVES)
    said = answers(card, pack, index, progress)
    above = labels.superclass_probability(said)
    figures = _figures(wanted, said, supers, above, columns, resamples)
    thresholds = np.array([np.nan if t is None else t for t in card.thresholds])
    figures["statement_macro_f1"] = _interval(
        lambda rows: metrics.macro_f1(wanted[rows], said[rows], thresholds), len(index), resamples
    )
    codes = labels.statement_codes()
    each = metrics.auroc(wanted, said)
    figures["per_statement"] = {
        codes[k]: {"auroc": round(float(each[k]), 4), "positives": int(wanted[:, k].sum())} for k in columns
    }
    if with_baselines:
        figures["baselines"] = {}
        for name, features in (
            ("logistic regression on amplitudes", baselines.amplitude_features(pack)),
            (
                "logistic regression on random kernels",
                baselines.kernel_features(pack, splits.labelled(pack, "train"), cache),
            ),
        ):
            progress(0.5, f"baseline: {name}")
            figures["baselines"][name] = _baseline(
                pack, every, index, features, columns, wanted, supers, above, resamples
            )
    return figures


def _figures(
    wanted: Array, said: Array, supers: Array, above: Array, columns: NDArray[np.int64], resamples: int
) -> dict[str, Any]:
    n = len(wanted)
    each = metrics.auroc(supers, above)
    return {
        "superclass_macro_auroc": _interval(lambda r: metrics.macro_auroc(supers[r], above[r]), n, resamples),
        "superclass_auroc": {
            name: round(float(value), 4) for name, value in zip(labels.SUPERCLASSES, each, strict=True)
        },
        "statement_macro_auroc": _interval(
            lambda r: metrics.macro_auroc(wanted[r], said[r], columns), n, resamples
        ),
        "statement_macro_auprc": _interval(
            lambda r: metrics.macro_auprc(wanted[r], said[r], columns), n, min(resamples, 200)
        ),
        "n_statements": len(columns),
    }


def _baseline(
    pack: Pack,
    every: Array,
    index: NDArray[np.int64],
    features: Array,
    columns: NDArray[np.int64],
    wanted: Array,
    supers: Array,
    model_above: Array,
    resamples: int,
) -> dict[str, Any]:
    """Return a baseline's figures, and the model's lead over it by paired bootstrap."""
    train, validation = splits.labelled(pack, "train"), splits.labelled(pack, "validation")
    every_super = labels.superclass_targets(every)
    strength = baselines.choose_strength(features, every_super, train, validation)
    above = baselines.predict(
        baselines.fit_logistic(features[train], every_super[train], strength), features[index]
    )
    said = np.zeros_like(wanted)
    models = baselines.fit_logistic(features[train], every[train][:, columns], strength)
    said[:, columns] = baselines.predict(models, features[index])
    figures = _figures(wanted, said, supers, above, columns, resamples)
    figures["penalty"] = strength
    figures["model_minus_baseline_superclass_auroc"] = _interval(
        lambda r: metrics.macro_auroc(supers[r], model_above[r]) - metrics.macro_auroc(supers[r], above[r]),
        len(index),
        resamples,
    )
    return figures


def _reconstruction(
    card: ModelCard, pack: Pack, index: NDArray[np.int64], resamples: int, progress: Progress
) -> dict[str, Any]:
    """Return the error on hidden segments against a straight line across them, both in uV RMS."""
    ours, line = [], []
    for count, row in enumerate(index):
        progress(count / len(index), f"record {count}")
        measured = pack.millivolts(np.array([row])).numpy()[0]
        mask = np.zeros(measured.shape[1] // 25, dtype=np.bool_)
        mask[np.random.default_rng(count).permutation(len(mask))[: round(MASK_RATIO * len(mask))]] = True
        prepared = measured * np.float32(card.input.scale)
        module = runtime.network(card, "cpu")
        predicted = runtime.predict_hidden(module, prepared, mask[None], "cpu")[0] / np.float32(
            card.input.scale
        )
        over_time = np.repeat(mask, 25)
        ours.append(np.mean((predicted - measured)[:, over_time] ** 2))
        line.append(np.mean((interpolated(measured, over_time) - measured)[:, over_time] ** 2))
    own, straight = np.array(ours), np.array(line)

    def root(values: NDArray[Any]) -> Callable[[NDArray[np.int64]], float]:
        return lambda rows: float(1000 * np.sqrt(values[rows].mean()))

    return {
        "mask_ratio": MASK_RATIO,
        "masked_rmse_uv": _interval(root(own), len(index), resamples),
        "linear_interpolation_rmse_uv": _interval(root(straight), len(index), resamples),
        "share_of_records_better_than_interpolation": round(float((own < straight).mean()), 4),
    }


def interpolated(signal: Array, hidden: NDArray[np.bool_]) -> Array:
    """Return (leads, samples) with straight lines across the hidden samples."""
    samples = np.arange(signal.shape[1])
    known = samples[~hidden]
    return np.stack([np.interp(samples, known, row[~hidden]) for row in signal]).astype(np.float32)


def _interval(figure: Callable[[NDArray[np.int64]], float], n: int, resamples: int) -> dict[str, float]:
    interval = metrics.bootstrap(figure, n, resamples)
    return {name: round(value, 4) for name, value in asdict(interval).items()}
