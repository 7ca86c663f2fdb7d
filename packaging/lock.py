#!/usr/bin/env python3
"""Write `packaging/locks/`: every package that ecgview can need, pinned, with the hashes of all its files.

    python packaging/lock.py             keep the pinned versions where they still fit pyproject.toml
    python packaging/lock.py --upgrade   take the newest versions that fit

uv must stand beside this Python (`python -m pip install uv`); it asks the package index that pip is set up to use,
and no address of it is written down. `run.lock` is the installation of a user, each other lock what one extra adds,
`build.lock` what builds ecgview itself. The version of torch is written by hand, in `locks/torch.txt`.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)==[^ \\]+", re.MULTILINE)
ALWAYS = re.compile(r"^([a-z0-9][a-z0-9.-]*)==[^ ;]+ \\$", re.MULTILINE)
MARKER = re.compile(r" ; [^\\\n]*[^\\\n ]", re.MULTILINE)

# On Linux the public torch asks for CUDA's libraries, gigabytes that a review of ECGs does not need. Who wants them
# (`packaging/start.py --gpu`) gets them with torch, unhashed like it. Their names change with each version of torch.
CUDA = re.compile(r"^(?:nvidia|cuda|triton)[a-z0-9-]*", re.MULTILINE)


def main() -> int:
    """Resolve everything at once, so that no two locks disagree; then write each part with its hashes."""
    parser = argparse.ArgumentParser(description="Write the locks of ecgview's dependencies.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    args = parser.parse_args()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        build, left_out, pins = (Path(folder) / name for name in ("build.in", "cuda.txt", "pins.txt"))
        build.write_text("\n".join(project["build-system"]["requires"]))
        everything = ["pyproject.toml", build, "--all-extras", "-c", LOCKS / "torch.txt"]
        if not args.upgrade:
            pins.write_text(known_pins())  # uv keeps what stands in the file that it is to write
        compile_lock(pins, *everything)
        left_out.write_text("\n".join(CUDA.findall(pins.read_text())))
        compile_lock(pins, *everything, "--excludes", left_out)
        shared = ["-c", pins, "--excludes", left_out, "--generate-hashes", "--no-emit-package", "torch"]
        compile_lock(LOCKS / "build.lock", build, *shared)
        compile_lock(LOCKS / "run.lock", "pyproject.toml", *shared)
        say_less(pins.read_text())
        for name in ALWAYS.findall((LOCKS / "run.lock").read_text()):
            shared += ["--no-emit-package", name]  # what only some systems need to run, all may need to test
        for extra in project["project"]["optional-dependencies"]:
            compile_lock(LOCKS / f"{extra}.lock", "pyproject.toml", "--extra", extra, *shared)
        say_less(pins.read_text())
    return 0


def say_less(pins: str) -> None:
    """Take the marker that names all our systems off the locks.

    It stands at nearly every package. Without it a system that we do not lock for is told which package has no build
    there; with it pip would pass over every line and call the empty installation a success.
    """
    ((everywhere, _),) = Counter(MARKER.findall(pins)).most_common(1)
    for path in LOCKS.glob("*.lock"):
        path.write_text(path.read_text().replace(everywhere, ""))


def known_pins() -> str:
    """Return the pins of all locks, one a line, without hashes."""
    texts = [path.read_text() for path in sorted(LOCKS.iterdir())]
    return "\n".join(sorted({found.group() for text in texts for found in PIN.finditer(text)}))


def compile_lock(target: Path, *words: object) -> None:
    """Let uv write a lock for every system that pyproject.toml names; one version a package, on each of them."""
    options = [
        "--quiet",
        "--universal",
        "--python-version",
        "3.11",
        "--fork-strategy",
        "fewest",
        "--no-annotate",
    ]
    options += ["--custom-compile-command", "python packaging/lock.py", "--output-file", str(target)]
    command = [sys.executable, "-m", "uv", "pip", "compile", *options, *map(str, words)]
    subprocess.run(command, check=True, cwd=ROOT, env={**os.environ, **index()})


def index() -> dict[str, str]:
    """Return how uv is told of the index that pip is set up to use; uv reads no settings of pip."""
    for key in (":env:.index-url", "global.index-url", "user.index-url"):
        asked = [sys.executable, "-m", "pip", "config", "get", key]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip():
            return {"UV_DEFAULT_INDEX": done.stdout.strip()}
    return {}


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # uv has said why
