"""What becomes of a stage and a data source that were added: listed, run, exported, asked; printed as JSON.

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
from ecgview.errors import EcgviewError
from ecgview.formats import read, wfdb
from ecgview.models import cards


def said(*words: object) -> str:
    """Return what a command prints; it must end well."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            code = main([str(word) for word in words])
        except SystemExit as end:  # after --help
            code = end.code or 0
    if code:
        raise SystemExit(f"{words}: {errors.getvalue()}")
    return out.getvalue()


def records(folder: Path) -> Path:
    """Write forty ECGs of two kinds, upright and upside down, and the list of them."""
    ecg = read(resources.path("demo", "normal.hea"))
    folder.mkdir()
    lines, rng = [], np.random.default_rng(0)
    for number in range(40):
        gain = np.float32(rng.uniform(0.8, 1.2) * (1 if number % 2 else -1))
        wfdb.write(ecg.with_signal(gain * ecg.signal), folder / f"r{number:02d}")
        lines.append(f"r{number:02d}.hea p{number} {'up' if number % 2 else 'down'}")
    (folder / "recordings.list").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def refused(**asked: Any) -> str:
    """Return why a stage does not run."""
    try:
        api.train("mine", "probe", "data", "out", **asked)
    except EcgviewError as error:
        return str(error)
    return ""


def used(folder: Path) -> dict[str, Any]:
    listed = said("train", "--help"), said("train", "mine", "--help")
    heavy = [name for name in ("torch", "accelerate") if name in sys.modules]
    data = records(folder / "data")
    checked = json.loads(said("data", "check", data, "--json"))
    to = cards.user_folder() / "mine-probed"
    common = ("--data", data, "--cache", folder / "cache", "--smoke", "--device", "cpu")
    said("train", "mine", "probe", "--out", folder / "run", "--export", to, *common)
    said("train", "mtecg", "pretrain", "--out", folder / "pre", *common, "--set", "auxiliary_components=0")
    return {
        "listed": listed,
        "heavy": heavy,
        "checked": checked["sources"][0],
        "log": (folder / "run" / "log.csv").read_text(encoding="utf-8").splitlines(),
        "card": json.loads((to / "card.json").read_text(encoding="utf-8")),
        "answer": json.loads(said("classify", data / "r01.hea", "--model", "mine-probed", "--json")),
        "pretrained": (folder / "pre" / "last.pt").is_file(),
        "refused": [refused(start="elsewhere"), refused(values={"epoch": 1})],
    }


if __name__ == "__main__":
    print(json.dumps(used(Path(sys.argv[1]))))
