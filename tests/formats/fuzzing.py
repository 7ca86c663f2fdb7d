"""Feed every reader mutated files, models too, and every command odd words: typed errors only, nothing touched.

    python tests/formats/fuzzing.py --count 100000 [--format DICOM ...] [--seed 1] [--jobs 2]

Readers run in child processes, so that a crash of a library is counted and not suffered. An input is made from
format, seed and number alone: `--format DICOM --seed 1 --only 4711` runs a single one again, with its traceback.
"""

import argparse
import contextlib
import io
import itertools
import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent), str(HERE)]

import numpy as np  # noqa: E402
from mutations import mutated  # noqa: E402
from samples import RATE, SAMPLES, Rows, limb  # noqa: E402

from ecgview import formats  # noqa: E402
from ecgview.errors import EcgviewError  # noqa: E402
from ecgview.leads import STANDARD_12  # noqa: E402
from ecgview.record import EcgRecord  # noqa: E402

REAL = HERE.parents[2] / "shared" / "data" / "formats"
LONGEST_S = 2.0  # of the processor, so that a machine with other work finds no hang where there is none
MOST_BYTES = 1 << 30
LARGEST_SEED = 400_000
ARCHIVES = "archives"
MODELS = "models"
LINES = "command lines"
FORBIDDEN = ("canary", "passwd", "id_rsa")


class Fault(Exception):
    """A reader did what no file may make it do."""


@dataclass(frozen=True, slots=True)
class Seed:
    """Files that belong together; `main` is the one that is opened."""

    main: str
    files: dict[str, bytes]


@dataclass(slots=True)
class Tally:
    """What happened to the inputs so far."""

    opened: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    slowest: int = 0
    faults: list[str] = field(default_factory=list)


def names() -> list[str]:
    """Return of what files can be mutated: each format, archives, and models."""
    return [*sorted(SAMPLES), ARCHIVES, MODELS]


def seeds(name: str) -> list[Seed]:
    """Return made files of a format, and the real ones where they are."""
    if name == MODELS:
        return _models()
    with tempfile.TemporaryDirectory(prefix="seed-") as scratch:
        made = []
        for number, samples in enumerate((150, 700)):
            folder = Path(scratch) / f"{number}"
            folder.mkdir()
            if name == ARCHIVES:
                made += _archives(folder)
                continue
            rows = np.cumsum(np.random.default_rng(number).integers(-9, 10, (12, samples)), axis=1)
            main = SAMPLES[name](folder, limb(rows.astype(np.int16)), "Li Lei")
            made.append(_seed(main, folder))
            if name == "NumPy":
                made.append(_bare(rows))
    return made + [seed for seed in _real(name) if sum(map(len, seed.files.values())) <= LARGEST_SEED]


def _seed(main: Path, folder: Path) -> Seed:
    return Seed(
        main.name, {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    )


def _bare(rows: Rows) -> Seed:
    """Return an array of samples alone with the JSON file that says what it is."""
    stored = io.BytesIO()
    np.save(stored, rows * 0.005)
    told = {"fs_hz": 500, "lead_names": list(STANDARD_12), "units": "mV"}
    return Seed("sample.npy", {"sample.npy": stored.getvalue(), "sample.json": json.dumps(told).encode()})


def _archives(folder: Path) -> list[Seed]:
    import shutil

    inner = folder / "inner"
    inner.mkdir()
    rows = np.random.default_rng(7).integers(-90, 90, (12, 150)).astype(np.int16)
    for name in ("WFDB", "NumPy", "CSV"):
        SAMPLES[name](inner, limb(rows), "Li Lei")
    made = [
        Path(shutil.make_archive(str(folder / "a"), kind, inner)) for kind in ("zip", "tar", "gztar", "xztar")
    ]
    return [Seed(path.name, {path.name: path.read_bytes()}) for path in made]


def _models() -> list[Seed]:
    """Return a small network as torch writes it, as older torch did, and as safetensors with a card."""
    import torch
    from safetensors.torch import save_file

    from ecgview.models import networks
    from ecgview.models.networks.mtecg import Mtecg, MtecgConfig

    sizes = {"width": 24, "depth": 1, "n_heads": 3}
    state = Mtecg(MtecgConfig(width=24, depth=1, n_heads=3, n_classes=2)).state_dict()
    list(networks.every())  # imported before the clock runs
    card = {name: "-" for name in ("name", "version", "licence", "training_data", "calibrated")}
    card |= {
        "intended_use": "-",
        "out_of_scope": "-",
        "id": "small",
        "kind": "classifier",
        "network": "mtecg",
    }
    told = card | {"labels": ["A", "B"], "config": sizes, "input": {"leads": list(STANDARD_12)}}
    with tempfile.TemporaryDirectory(prefix="seed-") as scratch:
        new, old, plain = (Path(scratch) / one for one in ("new.pth", "old.pth", "plain.safetensors"))
        torch.save({"state_dict": state, "epoch": 3}, new)
        torch.save({"model": state}, old, _use_new_zipfile_serialization=False)
        save_file(state, plain)
        files = {plain.name: plain.read_bytes(), "card.json": json.dumps(told).encode()}
        return [Seed(one.name, {one.name: one.read_bytes()}) for one in (new, old)] + [
            Seed(plain.name, files)
        ]


def _taken_in(path: Path) -> bool:
    """Return whether a model would be taken in, which ends before anything is written."""
    from ecgview.models import checkpoints

    asked: list[bool] = []
    with contextlib.suppress(EcgviewError):
        checkpoints.import_file(path, accept=lambda _card: bool(asked.append(True)))
    if asked:
        return True
    return _typed(lambda: checkpoints.import_file(path, accept=lambda _card: False), path)


def _real(name: str) -> Iterator[Seed]:
    if name in (ARCHIVES, MODELS) or not REAL.is_dir():
        return
    for path in formats.list_records([REAL]):
        if "malformed" in path.parts:
            continue
        try:
            if name != formats.detect(path).NAME:
                continue
        except EcgviewError:
            continue
        beside = {other.name: other.read_bytes() for other in path.parent.glob(f"{path.stem}.*")}
        yield Seed(path.name, beside if path.suffix == ".hea" else {path.name: path.read_bytes()})


def run(
    name: str, seed: int, numbers: range, tally: Tally, told: Callable[[int], None] = lambda _: None
) -> None:
    """Run some inputs of one format in this process."""
    source = seeds(name)
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_memory()) as scratch, _watched(Path(scratch)):
        for number in numbers:
            told(number)
            _one(name, seed, number, source, Path(scratch), tally)


def _one(name: str, seed: int, number: int, source: list[Seed], scratch: Path, tally: Tally) -> None:
    rng = random.Random(f"{name}|{seed}|{number}")
    chosen = rng.choice(source)
    hit = chosen.main if len(chosen.files) == 1 or rng.random() < 0.7 else rng.choice(sorted(chosen.files))
    place = scratch / "in"
    place.mkdir(exist_ok=True)
    for file, raw in chosen.files.items():
        (place / file).write_bytes(mutated(raw, rng) if file == hit else raw)
    before = _peak()
    began = time.process_time()
    try:
        with _within(LONGEST_S):
            opened = _open(name, place / chosen.main, whole=rng.random() < 0.2)
        tally.opened += opened
        tally.refused += not opened
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        tally.faults.append(
            f"{name} --only {number}: {type(error).__name__}: {error} ({last.name}:{last.lineno})"
        )
    took = time.process_time() - began
    if took > tally.slowest_s:
        tally.slowest_s, tally.slowest = took, number
    if took > LONGEST_S:
        tally.faults.append(f"{name} --only {number}: took {took:.1f} s")
    if _peak() - before > MOST_BYTES:
        tally.faults.append(f"{name} --only {number}: took {(_peak() - before) / 2**30:.1f} GiB")
    for file in place.iterdir():
        file.unlink()


def _open(name: str, path: Path, whole: bool) -> bool:
    """Read and peek; return whether a record came out. Anything but a typed error that names the file is a fault."""
    if name == MODELS:
        return _taken_in(path)
    if name == ARCHIVES:
        return _typed(lambda: [formats.read(one) for one in formats.list_records([path])[:3]], path)
    fmt = next(fmt for fmt in formats.known() if name == fmt.NAME)
    _typed(lambda: fmt.peek(path), path)
    return _typed(lambda: formats.read(path) if whole else fmt.read(path), path)


def _typed(work: Callable[[], object], path: Path) -> bool:
    try:
        made = work()
    except EcgviewError as error:
        beside = {path.stem, *(other.stem for other in path.parent.glob("*"))}
        if not error.where or not any(stem in error.where for stem in beside):
            raise Fault(f"an error that does not name the file: {error}") from error
        return False
    if isinstance(made, EcgRecord) and not (made.signal.ndim == 2 and made.sampling_rate_hz > 0):
        raise Fault("an impossible record")
    return True


def _memory() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@contextmanager
def _within(seconds: float) -> Iterator[None]:
    def late(*_: object) -> None:
        raise Fault(f"a hang of more than {seconds:g} s")

    older = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, older)


_guarded: list[Path] = []  # an audit hook cannot be taken out again: it is idle while this is empty
_hooked = False


@contextmanager
def _watched(scratch: Path) -> Iterator[None]:
    """Make files written elsewhere, programs started, connections and foreign files read a fault."""
    global _hooked
    if not _hooked:
        sys.addaudithook(_audit)
        _hooked = True
    _guarded.append(scratch)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", category=RuntimeWarning, module="ecgview")
            yield
    finally:
        _guarded.pop()


def _audit(event: str, args: tuple[object, ...]) -> None:
    if not _guarded:
        return
    if event in (
        "subprocess.Popen",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "socket.connect",
        "pickle.find_class",
    ):
        raise Fault(f"{event} {args!r}")
    if event == "open" and isinstance(args[0], str | bytes):
        path = os.fsdecode(args[0])
        if any(word in path for word in FORBIDDEN):
            raise Fault(f"opened {path}")
        writes = isinstance(args[1], str) and any(sign in args[1] for sign in "wax+")
        writes = writes or bool(
            args[1] is None and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR)
        )
        private = path.startswith(str(_guarded[-1])) or "/ecgview-" in path or path.endswith(".pyc")
        unnamed = path.startswith(tempfile.gettempdir())
        if writes and not private and not unnamed and not path.startswith(("/dev/", "/proc/")):
            raise Fault(f"wrote {path}")


def main() -> int:
    """Run as many inputs as asked, format after format, and print what was found."""
    parser = argparse.ArgumentParser(description="Mutated files for every reader.")
    parser.add_argument(
        "--format", dest="chosen", action="append", choices=[*names(), LINES], help="all when not given"
    )
    parser.add_argument("--count", type=int, default=100_000, help="inputs of each format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--only", type=int, help="one input, in this process, with its traceback")
    parser.add_argument("--part", nargs=2, type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    chosen = args.chosen or [*names(), LINES]
    if args.only is not None:
        return _again(chosen[0], args.seed, args.only)
    if args.part:
        return _part(chosen[0], args.seed, range(*args.part))
    found = [_in_children(name, args.seed, args.count, args.jobs) for name in chosen if name != LINES]
    if LINES in chosen:  # a line costs as much as twenty files
        sys.path.insert(0, str(HERE.parent / "cli"))
        import odd_lines

        found.append(odd_lines.main(-(-args.count // 20), args.seed))
    return max(found)


def _again(name: str, seed: int, number: int) -> int:
    tally = Tally()
    run(name, seed, range(number, number + 1), tally)
    print(tally)
    return 1 if tally.faults else 0


def _part(name: str, seed: int, numbers: range) -> int:
    """Be a child: print the number at work now and then, and the tally at the end."""
    resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
    tally = Tally()

    def told(number: int) -> None:
        if number % 50 == 0:
            print(f"at {number}", flush=True)

    run(name, seed, numbers, tally, told)
    for fault in tally.faults[:200]:
        print(f"fault {fault}")
    print(f"done {tally.opened} {tally.refused} {tally.slowest_s:.3f} {_peak()} {tally.slowest}", flush=True)
    return 0


def _in_children(name: str, seed: int, count: int, jobs: int) -> int:
    began = time.monotonic()
    bounds = [round(count * k / jobs) for k in range(jobs + 1)]
    command = [sys.executable, __file__, "--format", name, "--seed", str(seed), "--part"]
    children = [
        subprocess.Popen([*command, str(start), str(stop)], stdout=subprocess.PIPE, text=True)
        for start, stop in itertools.pairwise(bounds)
    ]
    faults, opened, refused, slowest, peak = [], 0, 0, (0.0, 0), 0
    for child in children:
        said, _ = child.communicate()
        lines = said.splitlines()
        faults += [line[6:] for line in lines if line.startswith("fault ")]
        if not lines or not lines[-1].startswith("done "):
            faults.append(f"{name}: the process died (exit {child.returncode}) after {lines[-1:]}")
            continue
        _, good, bad, longest, most, number = lines[-1].split()
        opened, refused, peak = opened + int(good), refused + int(bad), max(peak, int(most))
        slowest = max(slowest, (float(longest), int(number)))
    print(
        f"{name}: {opened + refused:,} inputs, {opened:,} opened, {refused:,} refused, {len(faults)} faults, "
        f"slowest {slowest[0]:.2f} s (--only {slowest[1]}), peak {peak / 2**20:.0f} MiB, "
        f"{time.monotonic() - began:.0f} s",
        flush=True,
    )
    for fault in faults[:40]:
        print(f"  {fault}", flush=True)
    return 1 if faults else 0


assert set(RATE) == set(SAMPLES)

if __name__ == "__main__":
    sys.exit(main())
