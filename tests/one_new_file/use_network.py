"""What becomes of a network that was added: built, trained, exported, asked, taken in; printed as JSON.

Argument: a folder to write to.
"""

import contextlib
import io
import json
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


def used(folder: Path) -> dict[str, Any]:
    before = {name for name in sys.modules if name == "torch"}
    listed = said("models", "networks").split()
    heavy = {name for name in sys.modules if name == "torch"} - before
    data = records(folder / "data")
    baseline = ("--set", 'method="baseline"')
    tuned = trained(folder, data, "mine-tuned", "--start", "mine", *baseline)
    trained(folder, data, "mine-post", "--start", "mine-tuned")  # goes on from a model of the catalogue
    trained(folder, data, "mine-run", "--start", folder / "mine-post" / "full", "--set", 'network="mine"')
    (tuned / "weights.safetensors").rename(
        folder / "theirs.safetensors"
    )  # without its card: to be recognised
    said("models", "import", folder / "theirs.safetensors")
    one = data / "r00.hea"
    return {
        "listed": listed,
        "heavy": sorted(heavy),
        "card": json.loads((tuned / "card.json").read_text(encoding="utf-8")),
        "post": json.loads(said("models", "info", "mine-post", "--json")),
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
