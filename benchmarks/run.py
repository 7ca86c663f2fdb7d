#!/usr/bin/env python3
"""Print the product's timings in one run, as figures and as ratios measured on this machine.

python benchmarks/run.py [--networks] [ECG]        default: a demonstration record; --networks: nothing but these
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import get_args

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgview import resources
from ecgview.results import Fill, Hidden, HiddenSpan

SIZE = (1600, 1000)


def main() -> None:
    """Run every benchmark."""
    words = [word for word in sys.argv[1:] if word != "--networks"]
    ecg = Path(words[0]) if words else resources.path("demo", "normal.hea")
    if "--networks" in sys.argv:
        import torch

        torch.set_num_threads(1)
        networks(ecg)
        return
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
    """Time the networks, and whole calls that ask them."""
    import torch

    from ecgview import api
    from ecgview.explain import reconstruction
    from ecgview.models import asking

    torch.set_num_threads(1)
    networks(ecg)
    record = api.open_ecg(ecg)
    anew = asking.Recent(0)  # recalls nothing, so that the network is timed
    for name in ("fp32", "bf16"):
        ms = median_ms(lambda name=name: api.classify(record, precision=name, memory=anew), 20)
        print(f"classify, whole call, {name}: {ms:.0f} ms")
    lef_ms = median_ms(lambda: api.lef(record, memory=anew), 10)
    print(f"LEF with contributions, whole call: {lef_ms:.0f} ms")
    mask = reconstruction.random_mask(0.25, 0, 200)
    print(
        f"mask to picture: {median_ms(lambda: reconstruction.explain(record, mask), 20):.0f} ms (goal under 200)"
    )
    mask_and_ask(record)


def networks(ecg: Path) -> None:
    """Print what the classifier takes for one record and a batch, against plain PyTorch and the machine's limit.

    The limit is the time of the same number of operations at the rate of a large product of matrices, in the same
    precision, by the same thread. What takes turns is timed in turn, so that a busy machine is so to all of them.
    """
    import numpy as np
    import torch

    from ecgview import api
    from ecgview.models import architectures, precision, runtime
    from ecgview.models.networks.net1d import Net1d
    from ecgview.models.preprocessing import prepare

    card = runtime.classifier_named(None)
    plain = architectures.load(card)
    one = prepare(api.open_ecg(ecg), card.input)[None]
    chosen = precision.choose(card, "cpu", "bf16")
    print(chosen.why_not or chosen.parity.sentence)
    kinds = {"fp32": torch.float32} | ({"bf16": torch.bfloat16} if chosen.precision == "bf16" else {})
    factors = {name: torch.randn(1024, 1024).to(kind) for name, kind in kinds.items()}
    works = {("product", name): (lambda a=a: a @ a) for name, a in factors.items()}
    for count in (1, runtime.BATCH, 2 * runtime.BATCH):
        signals = np.repeat(one, count, axis=0)
        works["plain PyTorch, fp32", count] = partial(asked_plainly, plain, signals)
        for name in kinds:
            ask = partial(runtime.probabilities, runtime.network_to_ask(card, "cpu", name), signals, "cpu")
            works[f"ecgview, {name}", count] = partial(ask, one_thread=True)
    with torch.inference_mode():
        spent = in_turn(works, 9)
    rates = {name: 2 * 1024**3 / spent["product", name] / 1e6 for name in kinds}  # GFLOP/s
    for name, rate in rates.items():
        print(f"product of matrices, {name}, one thread: {rate:.0f} GFLOP/s")
    needed = flops(plain, torch.from_numpy(one)) / 1e9
    print(f"{card.name}: {needed:.2f} GFLOP for a record, attention with them")
    for (what, count), ms in spent.items():
        if what == "product":
            continue
        limit = needed / rates[what[-4:]] * 1000
        base = spent["plain PyTorch, fp32", count]
        print(
            f"{what}, {count} at a time: {ms / count:.1f} ms a record, {base / ms:.2f} x plain, "
            f"{ms / count / limit:.2f} x the limit"
        )
    module, x = Net1d().eval(), torch.from_numpy(np.ascontiguousarray(one))
    with torch.inference_mode():
        ms = median_ms(lambda: module(x), 9)
    gflop = flops(module, x) / 1e9
    print(
        f"Net1D, one record: {ms:.1f} ms for {gflop:.2f} GFLOP, {ms * rates['fp32'] / gflop / 1000:.2f} x the limit"
    )


def asked_plainly(module, signals):
    """Ask a network as one would write it first: `signals` (n, leads, samples)."""
    import torch

    return torch.sigmoid(module(torch.from_numpy(signals))).numpy()


def in_turn(works, repeats: int):
    """Return the median time of each piece of work in ms, each run once in every round."""
    times = {name: [] for name in works}
    for turn in range(repeats + 1):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if turn:  # the first round warms up
                times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(each) for name, each in times.items()}


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
    """Return the floating-point operations of one forward pass.

    Attention is written out for it as its two products: PyTorch's counter knows nothing of its fused kernel for
    processors, and would leave a seventh of MTECG-T out.
    """
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.inference_mode(), sdpa_kernel(SDPBackend.MATH):
        module(x)
    return float(counter.get_total_flops())


if __name__ == "__main__":
    main()
