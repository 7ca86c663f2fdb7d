"""The job runner: outcomes on the UI thread, newest wins, a closed window hears nothing."""

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ecgview.desktop.work.jobs import Jobs
from ecgview.errors import Cancelled
from ecgview.progress import Progress, silent


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    assert made.shutdown()


def _never(error: Exception) -> None:
    raise AssertionError(f"failed: {error!r}")


def test_the_result_arrives_on_the_ui_thread(jobs: Jobs, qtbot: QtBot) -> None:
    found: list[tuple[object, object, object]] = []

    def work(value: int, progress: Progress = silent) -> tuple[int, object]:
        return value * 2, threading.current_thread()

    jobs.start(
        work,
        21,
        title="doubling",
        on_done=lambda result: found.append((*result, threading.current_thread())),
        on_failed=_never,
    )
    qtbot.waitUntil(lambda: bool(found))
    value, worker, listener = found[0]
    assert value == 42
    assert listener is threading.main_thread()
    assert worker is not listener
    assert jobs.n_alive == 0


def test_an_exception_arrives_as_an_object(jobs: Jobs, qtbot: QtBot) -> None:
    failed: list[Exception] = []

    def work(progress: Progress = silent) -> None:
        raise ValueError("as planned")

    jobs.start(work, title="failing", on_done=_never, on_failed=failed.append)
    qtbot.waitUntil(lambda: bool(failed))
    assert isinstance(failed[0], ValueError)


def test_of_many_jobs_with_one_key_only_the_last_is_delivered(jobs: Jobs, qtbot: QtBot) -> None:
    done: list[int] = []

    def work(value: int, progress: Progress = silent) -> int:
        return value

    for value in range(50):
        jobs.start(work, value, title="racing", on_done=done.append, on_failed=_never, key="race")
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert done == [49]


def test_a_finished_but_undelivered_result_is_dropped_when_a_newer_job_takes_its_key(
    jobs: Jobs, qtbot: QtBot
) -> None:
    done: list[str] = []
    finished = threading.Event()

    def first(progress: Progress = silent) -> str:
        finished.set()
        return "old"

    jobs.start(first, title="old", on_done=done.append, on_failed=_never, key="k")
    assert finished.wait(60)  # the event loop has not run: its result waits in the queue
    jobs.start(lambda progress: "new", title="new", on_done=done.append, on_failed=_never, key="k")
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert done == ["new"]


def test_a_job_learns_of_its_cancel_in_its_progress_call(jobs: Jobs, qtbot: QtBot) -> None:
    started, went_on, heard = threading.Event(), threading.Event(), threading.Event()

    def work(progress: Progress = silent) -> None:
        started.set()
        assert went_on.wait(60)
        try:
            progress(0.5, "half")
        except Cancelled:
            heard.set()
            raise

    jobs.start(work, title="long", on_done=_never, on_failed=_never, key="k")
    assert started.wait(60)
    jobs.cancel("k")
    went_on.set()
    assert heard.wait(60)
    qtbot.waitUntil(lambda: jobs.n_alive == 0)


def test_progress_is_told_with_the_title(jobs: Jobs, qtbot: QtBot) -> None:
    told: list[object] = []
    jobs.job_progressed.connect(told.append)

    def work(progress: Progress = silent) -> None:
        progress(0.25, "a quarter")

    jobs.start(work, title="reading", on_done=lambda _: None, on_failed=_never)
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert ("reading", 0.25, "a quarter") in told


def test_many_windows_close_with_work_running(qtbot: QtBot) -> None:
    """Nothing is delivered after the end, and no worker stays."""
    for _ in range(20):
        jobs, late = Jobs(), list[object]()
        for _ in range(6):
            jobs.start(
                lambda progress: [progress(i / 50) for i in range(50)],
                title="work",
                on_done=late.append,
                on_failed=late.append,
            )
        assert jobs.shutdown()
        qtbot.wait(0)
        assert late == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("job")]
