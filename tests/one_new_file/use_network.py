"""What becomes of a network that was added: built, trained, exported, asked, taken in; printed as JSON.

Argument: a folder to write to.
"""

import contextlib
import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ecgview import api, resources
from ecgview.cli import main
from ecgview.formats import read, wfdb

FEW = ("--smoke", "--set", 'task="own"', "--set", "batch=8")


def said(*words: object) -> str:
    """Return what a command prints; it must end well."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = main([str(word) for word in words])
    if code:
        raise SystemExit(f"{words}: {errors.getvalue()}")
    return out.getvalue()


def records(folder: Path) -> Path:
    """Write forty ECGs of two kinds, upright and upside down, with their labels."""
    ecg = read(resources.path("demo", "normal.hea"))
    folder.mkdir()
    lines, rng = ["path,patient_id,labels"], np.random.default_rng(0)
    for number in range(40):
        gain = np.float32(rng.uniform(0.8, 1.2) * (1 if number % 2 else -1))
        wfdb.write(ecg.with_signal(gain * ecg.signal), folder / f"r{number:02d}")
        lines.append(f"r{number:02d}.hea,p{number},{'up' if number % 2 else 'down'}")
    (folder / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def trained(folder: Path, data: Path, model_id: str, *words: object) -> Path:
    """Train the network and export it as a model of the user."""
    from ecgview.models import cards

    to = cards.user_folder() / model_id
    common = ("--data", data, "--out", folder / model_id, "--cache", folder / "cache", "--export", to)
    said("train", "posttrain", *common, *FEW, *words)
    return to


def rates() -> list[float]:
    """Return the rate of each block of the network that post-training builds."""
    from ecgview.models.networks.kit.drop_path import DropPath
    from ecgview.training.stages.posttrain import PostTrainRecipe, backbone

    body = backbone(PostTrainRecipe(small=True), Path("mine"), ("down", "up"))
    return [round(part.rate, 6) for part in body.network.modules() if isinstance(part, DropPath)]


def distance(model: Path) -> float:
    """Return how far the exported network's logits lie from those that were written beside it."""
    import torch

    from ecgview.models import architectures, cards
    from ecgview.training.engine.export import formula_ecg

    golden = json.loads((model / "golden.json").read_text(encoding="utf-8"))
    module = architectures.load(cards.read_card(model / "card.json"))
    with torch.inference_mode():
        said = module(torch.from_numpy(formula_ecg()[None]))[0].numpy()
    return float(np.abs(said - np.array(golden["logits"])).max())


def used(folder: Path) -> dict[str, Any]:
    api.list_networks()
    heavy = [name for name in sys.modules if name == "torch" or name.startswith("ecgview.models.networks.")]
    listed = said("models", "networks").split()  # tells of each whether it can be used, and so reads them
    data = records(folder / "data")
    baseline = ("--set", 'method="baseline"')
    tuned = trained(folder, data, "mine-tuned", "--start", "mine", *baseline)
    trained(folder, data, "mine-post", "--start", "mine-tuned")  # goes on from a model of the catalogue
    trained(folder, data, "mine-run", "--start", folder / "mine-post" / "full", "--set", 'network="mine"')
    one = data / "r01.hea"
    answered = api.classify(one, model_id="mine-tuned")
    # Without its card: to be recognised by its names and shapes.
    shutil.copy(tuned / "weights.safetensors", folder / "theirs.safetensors")
    said("models", "import", folder / "theirs.safetensors", "--yes")
    return {
        "listed": listed,
        "heavy": heavy,
        "card": json.loads((tuned / "card.json").read_text(encoding="utf-8")),
        "post": json.loads(said("models", "info", "mine-post", "--json")),
        "rates": rates(),
        "golden": distance(tuned),
        "tuned": {score.code: score.probability for score in answered.scores},
        "run": api.model_card("mine-run").network,
        "log": (folder / "mine-post" / "full" / "log.csv").read_text(encoding="utf-8").splitlines(),
        "cli": json.loads(said("classify", one, "--model", "mine-post", "--json")),
        "api": {score.code: score.probability for score in api.classify(one, model_id="mine-post").scores},
        "map": json.loads(
            said("explain", one, "--statement", "up", "--model", "mine-post", "--anyway", "--json")
        ),
        "imported": json.loads(said("models", "info", "theirs", "--json")),
        "theirs": json.loads(said("classify", one, "--model", "theirs", "--json")),
    }


if __name__ == "__main__":
    print(json.dumps(used(Path(sys.argv[1]))))
