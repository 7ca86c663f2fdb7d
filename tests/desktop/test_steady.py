"""No garbage is collected while a worker is busy, none in a worker, and it goes when all are done."""

import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ecgview.desktop.work import steady
from ecgview.desktop.work.jobs import Jobs
from tests.conftest import PatientBot


@pytest.fixture
def collecting() -> Iterator[None]:
    """Let garbage be collected as outside of the tests."""
    gc.enable()
    yield
    gc.disable()


@pytest.mark.usefixtures("collecting")
def test_collection_waits_until_the_last_worker_is_done() -> None:
    steady.hold_collection()
    steady.hold_collection()
    assert not gc.isenabled()
    steady.release_collection()
    assert not gc.isenabled()
    steady.release_collection()
    assert gc.isenabled()


def test_what_was_off_before_stays_off() -> None:
    steady.hold_collection()
    steady.release_collection()
    assert not gc.isenabled()


class Knot:
    """Something that only a collection can destroy, and that tells where it was."""

    def __init__(self, told: list[threading.Thread]) -> None:
        self.itself, self._told = self, told

    def __del__(self) -> None:
        self._told.append(threading.current_thread())


@pytest.mark.usefixtures("collecting")
def test_what_a_worker_leaves_is_destroyed_in_the_ui_thread(qtbot: PatientBot) -> None:
    jobs, told = Jobs(), list[threading.Thread]()
    outcomes: list[str] = []

    def work(fails: bool, progress: Any) -> str:
        for _ in range(3 * gc.get_threshold()[0]):
            Knot(told)
        if fails:
            raise ValueError("as asked")
        progress(0.5)
        return "done"

    for fails in (False, True, False):
        jobs.start(
            work,
            fails,
            title="knots",
            is_light=True,
            on_done=outcomes.append,
            on_failed=lambda error: outcomes.append(str(error)),
        )
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert sorted(outcomes) == ["as asked", "done", "done"]
    assert gc.isenabled()
    gc.collect()
    assert len(told) == 9 * gc.get_threshold()[0]
    assert set(told) == {threading.main_thread()}
    jobs.shutdown()


@pytest.mark.usefixtures("collecting")
def test_collection_comes_back_when_a_window_closes_over_its_work(qtbot: PatientBot) -> None:
    jobs, may_end = Jobs(), threading.Event()

    def work(progress: Any) -> None:
        may_end.wait()
        progress(1.0)

    for _ in range(2):
        jobs.start(work, title="slow", is_light=True, on_done=print, on_failed=print)
    assert not gc.isenabled()
    may_end.set()
    assert jobs.shutdown()
    assert gc.isenabled()


def test_a_package_or_library_that_is_not_there_is_no_error() -> None:
    assert steady.load_libraries("no_such_package_anywhere", "lib", ("libx",)) == 0
    assert steady.load_libraries("json", "lib", ("libx",)) == 0
