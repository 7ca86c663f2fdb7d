#!/usr/bin/env python3
"""Print the product's timings in one run, as figures and as ratios measured on this machine.

python benchmarks/run.py [ECG]        default: a demonstration record
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import get_args

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgview import resources
from ecgview.results import Fill, Hidden, HiddenSpan

SIZE = (1600, 1000)


def main() -> None:
    """Run every benchmark."""
    ecg = Path(sys.argv[1]) if len(sys.argv) > 1 else resources.path("demo", "normal.hea")
    start_up()
    window = first_paint(ecg)
    window.close()
    models(ecg)


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Return the median time of a call in ms, after two calls to warm up."""
    work()
    work()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def start_up() -> None:
    """Time a fresh process to its first shown window, and see that torch is not in it."""
    code = (
        "import sys, time; began = time.perf_counter()\n"
        "from ecgview.desktop import app\n"
        "qt = app.application(); window = app.open_window(); window.resize(1600, 1000); window.show()\n"
        "qt.processEvents()\n"
        "print(time.perf_counter() - began, 'torch' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=private_home()
        )
        for _ in range(3)
    ]
    seconds = [float(run.stdout.split()[0]) for run in runs]
    torch_there = any(run.stdout.split()[1] == "True" for run in runs)
    print(
        f"start-up to first window: {statistics.median(seconds):.2f} s (goal under 1.5), torch loaded: {torch_there}"
    )


def private_home() -> dict[str, str]:
    """Return an environment whose settings and store are not the user's."""
    import tempfile

    home = tempfile.mkdtemp(prefix="ecgview-benchmark-")
    return {**os.environ, "HOME": home, "XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home}


def first_paint(ecg: Path):
    """Time from asking for a record to its trace on the screen, cold and then warm."""
    os.environ.update(private_home())
    from ecgview.desktop import app

    qt = app.application()
    window = app.open_window()
    window.resize(*SIZE)
    window.show()
    qt.processEvents()
    canvas = window.canvas
    times: list[float] = []
    records = [ecg, resources.path("demo", "lvh.hea"), resources.path("demo", "lbbb.hea"), ecg]
    for record in records:
        began = time.perf_counter()
        window.workspace.ecg.open(record)
        while canvas.record is None or canvas.record.source.path != str(record):
            qt.processEvents()
            if time.perf_counter() - began > 60:
                raise SystemExit(f"{record} was not painted within a minute")
        canvas.viewport().repaint()
        times.append((time.perf_counter() - began) * 1000)
        settle(qt)
    print(f"first paint after open: {times[0]:.0f} ms cold, {statistics.median(times[1:]):.0f} ms warm")
    return window


def settle(qt) -> None:
    """Let jobs of the window finish."""
    until = time.perf_counter() + 1.0
    while time.perf_counter() < until:
        qt.processEvents()


def models(ecg: Path) -> None:
    """Time one record through MTECG-T and Net1D, and compare with the machine's matrix-multiply peak."""
    import torch

    from ecgview import api
    from ecgview.explain import reconstruction
    from ecgview.models import asking
    from ecgview.models.networks.mtecg import Mtecg
    from ecgview.models.networks.net1d import Net1d

    torch.set_num_threads(1)
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    peak = 2 * 1024**3 / (median_ms(lambda: a @ b, 20) / 1000) / 1e9
    print(f"matrix multiply, float32, one thread: {peak:.0f} GFLOP/s")
    record = api.open_ecg(ecg)
    anew = asking.Recent(0)  # recalls nothing, so that the network is timed
    print(f"classify, whole call: {median_ms(lambda: api.classify(record, memory=anew), 20):.0f} ms")
    lef_ms = median_ms(lambda: api.lef(record, memory=anew), 10)
    print(f"LEF with contributions, whole call: {lef_ms:.0f} ms")
    mask = reconstruction.random_mask(0.25, 0, 200)
    print(
        f"mask to picture: {median_ms(lambda: reconstruction.explain(record, mask), 20):.0f} ms (goal under 200)"
    )
    mask_and_ask(record)
    x = torch.randn(1, 12, 5000)
    for name, module in (("MTECG-T", Mtecg()), ("Net1D", Net1d())):
        module.eval()
        with torch.inference_mode():
            spent = median_ms(lambda m=module: m(x), 15)
        needed = flops(module, x) / 1e9
        at_peak = needed / peak * 1000
        print(
            f"{name}, one record: {spent:.1f} ms for {needed:.2f} GFLOP; {spent / at_peak:.1f} x the time at peak"
        )


def mask_and_ask(record) -> None:
    """Print a what-if in ms and as a multiple of the classifier's forward pass, and its comparison with chance."""
    from ecgview.explain import mask_and_ask as asking
    from ecgview.models import runtime
    from ecgview.models.preprocessing import prepare

    ground = asking.ground(record, device="cpu")
    card = runtime.classifier_named(None)
    module, one = runtime.network(card, "cpu"), prepare(record, card.input)[None]
    forward = median_ms(lambda: runtime.probabilities(module, one, "cpu"), 20)
    for fill in get_args(Fill):
        hidden = Hidden((HiddenSpan(2.0, 2.4, ("V1",)),), fill=fill)
        asked = median_ms(lambda hidden=hidden: asking.ask(ground, hidden), 20)
        chance = median_ms(lambda hidden=hidden: asking.chance(ground, hidden), 3)
        print(
            f"mask and ask, {fill}: {asked:.0f} ms with LEF ({asked / forward:.1f} forward passes), "
            f"20 random spans {chance:.0f} ms ({chance / forward:.0f})"
        )


def flops(module, x) -> float:
    """Return the floating-point operations of one forward pass."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        module(x)
    return float(counter.get_total_flops())


if __name__ == "__main__":
    main()
