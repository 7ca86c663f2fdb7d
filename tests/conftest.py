"""What every test shares: an isolated home, the real data where it is, small records made here."""

import gc
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the workers of a run share the cores already

import hypothesis
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from ecgview import plugins
from ecgview.leads import STANDARD_12
from ecgview.record import EcgRecord, Source

# Every test has a home of its own; matplotlib would look for the system's fonts anew in each, and in each process.
_fonts = tempfile.TemporaryDirectory(prefix="ecgview-fonts-")
os.environ.setdefault("MPLCONFIGDIR", _fonts.name)

SHARED = Path(__file__).resolve().parents[2] / "shared"

# A test that skips for any other reason fails: "passed" must not mean "nothing ran".
MAY_SKIP = re.compile(
    r"not on this machine \(shared data\)|no accelerator on this machine|not a git checkout|matter of POSIX"
    r"|biosig is not on this machine"
)


# How long a test waits for what must come: the end of a wait in vain, and no measure of how quick anything is.
PATIENCE_MS = 60_000

# No example is refused for its time, nor for that of making it: both depend on what else the machine does.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")


class PatientBot(QtBot):
    """A `qtbot` whose waits are those of `PATIENCE_MS`, where a test names none of its own."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = PATIENCE_MS) -> None:
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **others: Any) -> Any:
        return super().waitSignal(signal, timeout=timeout, **others)

    def waitSignals(self, signals: Any, *, timeout: int = PATIENCE_MS, **others: Any) -> Any:
        return super().waitSignals(signals, timeout=timeout, **others)

    def waitExposed(self, widget: QWidget, *, timeout: int = PATIENCE_MS) -> Any:
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> PatientBot:
    """Return what drives the window; a busy machine neither ends a wait nor takes a message away."""
    monkeypatch.setattr("ecgview.desktop.work.jobs.CLOSE_WAIT_S", PATIENCE_MS / 1000)
    monkeypatch.setattr("ecgview.desktop.chrome.toast.SHOWN_MS", PATIENCE_MS)
    monkeypatch.setattr("ecgview.desktop.chrome.message_strip.SHOWN_MS", PATIENCE_MS)
    return PatientBot(request)


_test_number = itertools.count(1)
ALL_GENERATIONS_EVERY = 50  # tests; such a collection takes some tenths of a second once torch is there


@pytest.fixture(autouse=True)
def garbage_goes_in_the_main_thread() -> Iterator[None]:
    """Collect after a test, and never in the thread by which the runner hears of the next one.

    That thread would destroy the widgets of a closed window, which only the main thread may.
    """
    gc.disable()
    yield
    gc.collect(2 if next(_test_number) % ALL_GENERATIONS_EVERY == 0 else 1)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips for a reason nobody agreed to."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not MAY_SKIP.search(reason):
            report.outcome, report.longrepr = "failed", f"unexpected skip: {reason}"
    return report


@pytest.fixture(autouse=True)
def isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep settings, stores and caches of a test away from the user's own."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "APPDATA"):
        monkeypatch.setenv(name, str(home))
    return home


@pytest.fixture(autouse=True)
def faults_go_with_their_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test had left out of a room: every later command would tell of it."""
    monkeypatch.setattr(plugins, "_faults", dict(plugins._faults))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real ECGs; the test is skipped where it is absent."""
    folder = Path(os.environ.get("ECGVIEW_SHARED_DATA", SHARED / "data"))
    if not folder.is_dir():
        pytest.skip("real ECGs are not on this machine (shared data)")
    return folder


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Return the folder of reference outputs; the test is skipped where it is absent."""
    folder = Path(os.environ.get("ECGVIEW_SHARED_REFERENCE", SHARED / "reference"))
    if not folder.is_dir():
        pytest.skip("reference outputs are not on this machine (shared data)")
    return folder


@pytest.fixture
def pulse_record() -> EcgRecord:
    """Return 10 s of twelve leads at 500 Hz with a beat-like pulse every second, Einthoven kept."""
    t = np.arange(5000) / 500
    beat = np.exp(-((((t % 1.0) - 0.4) / 0.012) ** 2) / 2)
    wave = 0.2 * np.exp(-((((t % 1.0) - 0.7) / 0.04) ** 2) / 2)
    gains = dict(zip(STANDARD_12, np.linspace(0.4, 1.5, 12), strict=True))
    gains |= {"I": 0.6, "II": 1.0, "III": 0.4, "aVR": -0.8, "aVL": 0.1, "aVF": 0.7}
    # A T wave of another direction: copies of one lead are no ECG.
    waves = dict(
        zip(STANDARD_12, (0.6, 0.4, -0.2, -0.5, 0.4, 0.1, -0.5, 0.9, 1.0, 0.8, 0.6, 0.5), strict=True)
    )
    signal = np.stack([gains[name] * beat + waves[name] * wave for name in STANDARD_12]).astype(np.float32)
    return EcgRecord(
        signal, STANDARD_12, 500.0, source=Source(path="pulse.hea", format="test", sha256="pulse")
    )


@pytest.fixture
def forwards() -> Iterator[list[str]]:
    """Return the networks that were run, by class, one entry each time; a batch is one.

    The one that measures is left out: what it is asked is no question about statements or LEF.
    """
    import torch

    from ecgview.models import loaded
    from ecgview.models.networks.wave_unet import WaveUnet, WaveUnets

    run: list[str] = []

    def hear(module: torch.nn.Module, _given: object, _made: object) -> None:
        asked = getattr(module, "inner", module)  # in bf16 it stands within another
        if any(module is top for top in list(loaded.LOADED.values())) and not isinstance(
            asked, (WaveUnet, WaveUnets)
        ):
            run.append(type(module).__name__)

    handle = torch.nn.modules.module.register_module_forward_hook(hear)
    yield run
    handle.remove()
