#!/usr/bin/env python3
"""Start ecgview, or its tests, on a machine with nothing but Python 3.11, 3.12 or 3.13.

    python3 packaging/start.py            environment, dependencies, then the window on the demonstration ECGs
    python3 packaging/start.py test       the same, then every check and test
    python3 packaging/start.py --gpu      with a CUDA build of torch

Needs only the standard library. Everything goes into `.venv` in this folder.
"""

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
IS_WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if IS_WINDOWS else "bin/python")
LOCKS = ROOT / "packaging" / "locks"  # written by packaging/lock.py
TORCH = (LOCKS / "torch.txt").read_text(encoding="utf-8").split()[-1]
PIP_INSTALL = (PYTHON, "-m", "pip", "install", "--quiet")
if not sys.dont_write_bytecode:
    # Python compiles the modules that are used when they first are, the others cost 200 MB. Where it is told not to
    # write what it compiled, every start would compile again.
    PIP_INSTALL += ("--no-compile",)
DEMO = ROOT / "resources" / "demo"

# Programs for those who develop torch or draw Qt windows by mouse: 200 MB that no program using them runs.
DEAD_WEIGHT = [
    "torch/test",
    "torch/bin/*[Tt]est*",
    "torch/bin/protoc*",
    *(f"PySide6/{name}*" for name in ("assistant", "designer", "linguist", "lupdate", "qmlformat", "qmlls")),
]

# What Qt's platform plugins link against and a bare Debian or Ubuntu lacks.
QT_LIBRARIES = [
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libfontconfig1",
    "libdbus-1-3",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
]


def main() -> int:
    """Set everything up and do what was asked."""
    parser = argparse.ArgumentParser(description="Start ecgview (research use only), or its tests.")
    parser.add_argument("action", nargs="?", default="window", choices=["window", "test"])
    parser.add_argument("--gpu", action="store_true", help="install a CUDA build of torch")
    args = parser.parse_args()
    if not (3, 11) <= sys.version_info < (3, 14):  # this script is what other ones run into
        return fail(f"ecgview needs Python 3.11, 3.12 or 3.13; this is {platform.python_version()}")
    system_libraries()
    make_environment()
    install(args.gpu, with_tests=args.action == "test")
    return run_tests() if args.action == "test" else show()


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"ecgview: {text}", flush=True)


def fail(text: str) -> int:
    """Print what is wrong and return the exit code."""
    print(f"ecgview: {text}", file=sys.stderr, flush=True)
    return 1


def run(*command: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a command, stop on failure."""
    return subprocess.run([str(part) for part in command], check=True, text=True, **options)  # type: ignore[call-overload]


def may_use_apt() -> bool:
    """Return whether packages can be installed here without asking anybody."""
    return sys.platform == "linux" and shutil.which("apt-get") is not None and os.geteuid() == 0


def apt_install(packages: list[str], why: str) -> None:
    """Install Debian packages, or print the one line that does."""
    line = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not may_use_apt():
        say(f"{why} needs system packages; if it does not start, run once:  sudo sh -c '{line}'")
        return
    say(f"installing system packages for {why}")
    quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
    try:
        run("apt-get", "update", "-qq", **quiet)
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages, **quiet)
    except subprocess.CalledProcessError:
        say(f"that did not work; going on without. If {why} does not start, run once:  {line}")


def system_libraries() -> None:
    """Install what Qt links against where it is missing (Linux with apt only)."""
    if sys.platform != "linux" or shutil.which("dpkg-query") is None:
        return
    missing = [name for name in QT_LIBRARIES if not has_package(name)]
    if missing:
        apt_install(missing, "the window")


def has_package(name: str) -> bool:
    """Return whether a Debian package, or its successor with the t64 ending, is installed."""
    for candidate in (name, f"{name}t64"):
        done = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Status}", candidate], capture_output=True, text=True, check=False
        )
        if "ok installed" in done.stdout:
            return True
    return False


def make_environment() -> None:
    """Make `.venv`; on Debian the module for it may have to be installed first."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    say("making the virtual environment")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        version = sysconfig.get_python_version()
        apt_install([f"python{version}-venv"], "the virtual environment")
    run(sys.executable, "-m", "venv", "--clear", VENV)


def install(gpu: bool, with_tests: bool) -> None:
    """Install what the locks pin, torch and ecgview; a stamp makes the second start quick.

    pip takes no file whose hash is not in a lock; torch, whose builds differ, is the one exception.
    """
    asked_for = [ROOT / "pyproject.toml", *sorted(LOCKS.iterdir())]
    wanted = hashlib.sha256(b"".join(path.read_bytes() for path in asked_for)).hexdigest()
    parts = {"ecgview", "test"} if with_tests else {"ecgview"}
    stamp = VENV / "ecgview-stamp.json"
    known = json.loads(stamp.read_text()) if stamp.exists() else {}
    has_gpu = known.get("gpu", False)
    gpu |= has_gpu  # who once asked for CUDA keeps it
    have = set(known.get("parts", [])) if known.get("wanted") == wanted and has_gpu == gpu else set()
    if parts <= have:
        return
    say(f"installing, with torch {'for CUDA' if gpu else 'for the CPU'}; this takes minutes, once")
    stamp.unlink(missing_ok=True)  # a broken-off installation begins again
    if known and has_gpu != gpu:
        run(PYTHON, "-m", "pip", "uninstall", "--quiet", "--yes", "torch")  # or pip would find it good enough
    names = ["build", "run", *(["train", "test"] if with_tests else [])]
    locks = [word for name in names for word in ("--requirement", LOCKS / f"{name}.lock")]
    run(*PIP_INSTALL, "--require-hashes", "--no-deps", *locks)
    install_torch(gpu)
    run(*PIP_INSTALL, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    run(PYTHON, "-m", "pip", "check", stdout=subprocess.DEVNULL)
    remove_dead_weight()
    stamp.write_text(
        json.dumps({"wanted": wanted, "gpu": gpu, "parts": sorted(parts | have)}, allow_nan=False)
    )


def remove_dead_weight() -> None:
    """Delete what `DEAD_WEIGHT` names from the installed packages."""
    packages = "Lib/site-packages" if IS_WINDOWS else "lib/python*/site-packages"
    for path in [path for pattern in DEAD_WEIGHT for path in VENV.glob(f"{packages}/{pattern}")]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def install_torch(gpu: bool) -> None:
    """Install the CPU build unless CUDA was asked for.

    The public package for Linux pulls gigabytes of CUDA libraries. pip says beforehand what would come; if CUDA
    would, uv fetches the CPU build, since it knows where that one is kept. Where uv cannot reach it, the public
    package is better than none.
    """
    if gpu and sys.platform != "linux":
        with_uv("auto")
        return
    if not gpu and brings_cuda():
        try:
            with_uv("cpu")
        except subprocess.CalledProcessError:
            say("the build for the CPU cannot be had here; taking the public one, which is large")
        else:
            return
    run(*PIP_INSTALL, TORCH)


def brings_cuda() -> bool:
    """Return whether a plain installation of torch would bring CUDA libraries."""
    if sys.platform != "linux":
        return False
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--quiet",
        "--ignore-installed",
        "--report",
        "-",
        TORCH,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return True  # not known: the build that is surely small
    names = [item["metadata"]["name"].lower() for item in json.loads(done.stdout)["install"]]
    return any(name.startswith(("nvidia-", "cuda-")) or name == "triton" for name in names)


def with_uv(backend: str) -> None:
    """Install torch by uv, which knows the builds for each backend."""
    run(PYTHON, "-m", "pip", "install", "--quiet", "uv")
    run(PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, f"--torch-backend={backend}", TORCH)


def show() -> int:
    """Open the window on the demonstration ECGs; without a display do the main job offscreen."""
    if has_display():
        say("opening the window")
        return subprocess.run([PYTHON, "-m", "ecgview", "open", DEMO], cwd=ROOT, check=False).returncode
    say("there is no display for the window: doing the main job offscreen on every demonstration ECG")
    out = ROOT / "build" / "demo"
    out.mkdir(parents=True, exist_ok=True)
    failed = False
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for record in sorted(DEMO.glob("*.hea")):
        for words, target in (
            (["report"], out / f"{record.stem}.pdf"),
            (["report"], out / f"{record.stem}.json"),
            (["screenshot", "--view", "explain"], out / f"{record.stem}.png"),
        ):
            command = [PYTHON, "-m", "ecgview", *words, record, "-o", target]
            done = subprocess.run(
                list(map(str, command)), cwd=ROOT, env=environment, check=False, stdout=subprocess.DEVNULL
            )
            failed |= done.returncode != 0
            print(target if done.returncode == 0 else f"{target}: failed", flush=True)
    return 1 if failed else 0


def has_display() -> bool:
    """Return whether a window can be shown: on Linux Qt is asked, since a display may be named and yet refuse."""
    if sys.platform != "linux":
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    code = "from PySide6.QtGui import QGuiApplication; QGuiApplication([])"
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stderr.strip(), file=sys.stderr)
    return done.returncode == 0


def run_tests() -> int:
    """Run every check and test; the first failing kind does not hide the others.

    The contracts of imports are among the tests. Types are checked beside them: that is one process which would
    leave the other cores idle.
    """
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    workers = min(4, os.cpu_count() or 1)  # each holds torch and Qt: memory, before time is saved
    checks = {
        "lint": ["ruff", "check", "."],
        "format": ["ruff", "format", "--check", "."],
        "tests": ["pytest", f"--numprocesses={workers}", "--dist=worksteal", "--durations=15"],
    }
    module = [str(PYTHON), "-m"]
    types = subprocess.Popen(
        [*module, "mypy"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    failed = []
    for name, words in checks.items():
        say(name)
        if subprocess.run([*module, *words], cwd=ROOT, env=environment, check=False).returncode != 0:
            failed.append(name)
    say("types")
    print(types.communicate()[0], end="", flush=True)
    if types.returncode != 0:
        failed.append("types")
    if failed:
        return fail(f"failed: {', '.join(failed)}")
    say("everything passed")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(
            fail(f"this command failed with exit code {error.returncode}:  {' '.join(map(str, error.cmd))}")
        )
    except KeyboardInterrupt:
        sys.exit(130)
