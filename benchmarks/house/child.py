"""Start a checkout in a process of its own, with a private home, and take what a probe found there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROBES = Path(__file__).with_name("probes.py")
LIMIT_S = 300.0  # a probe that has not ended by then hangs
HOMES = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "APPDATA", "LOCALAPPDATA")
READER = '[reader]\nname = "Bench Reader"\n'  # so that the window does not ask for one


class NotMeasured(Exception):
    """A figure that cannot be had of a checkout; says why."""


@dataclass(frozen=True)
class Home:
    """A checkout, and a home of its own: settings, store and caches of no user."""

    checkout: Path
    folder: Path

    @classmethod
    def made(cls, checkout: Path, within: Path) -> Home:
        """Return a fresh home in a folder, with a named reader."""
        folder = Path(tempfile.mkdtemp(dir=within))
        (folder / "ecgview").mkdir()
        (folder / "ecgview" / "settings.toml").write_text(READER, encoding="utf-8")
        return cls(checkout, folder)

    def environment(self) -> dict[str, str]:
        """Return the environment of a child."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ECGVIEW_")}
        own = dict.fromkeys(HOMES, str(self.folder))
        return {
            **kept,
            **own,
            "PYTHONPATH": str(self.checkout),
            "QT_QPA_PLATFORM": "offscreen",
            "OMP_NUM_THREADS": "1",
        }

    def probe(self, name: str, *args: object) -> dict[str, Any]:
        """Run one probe of `probes.py` and return what it found; NotMeasured where it could not."""
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        began = time.time()  # the one clock that two processes share on every system
        self._run([str(PROBES), str(answer), str(began), str(self.checkout), name, *map(str, args)])
        if not answer.is_file():
            raise NotMeasured(f"probe {name} ended without an answer")
        found: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
        if "error" in found:
            raise NotMeasured(found["error"])
        return found

    def wall_s(self, *args: object) -> float:
        """Return the seconds that a whole command of the program takes, from start to exit."""
        began = time.perf_counter()
        self._run(["-m", "ecgview", *map(str, args)])
        return time.perf_counter() - began

    def _run(self, args: list[str]) -> None:
        try:
            done = subprocess.run(
                [sys.executable, *args],
                env=self.environment(),
                cwd=self.folder,  # so that no other checkout is found by way of the folder
                capture_output=True,
                text=True,
                errors="replace",
                timeout=LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotMeasured(f"no end after {LIMIT_S:.0f} s") from None
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
            raise NotMeasured(f"exit code {done.returncode}: {last[:160]}")
