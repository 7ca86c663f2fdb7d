"""The job runner: outcomes on the UI thread, newest wins, a closed window hears nothing."""

import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from ecgview.desktop.work.inference_queue import Urgency
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


# ---- what runs a network ----------------------------------------------------------------------------------


class _Networks:
    """Jobs that stand for runs of a network: each waits for `go_on`, and says when it begins, goes on and ends."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self.said: list[str] = []
        self.running = 0
        self.most_at_once = 0
        self._lock = threading.Lock()

    def start(
        self, name: str, urgency: Urgency, *, key: str | None = None, waits: threading.Event | None = None
    ) -> threading.Event:
        """Start one that says its name; it waits in the midst until `waits`. Returns what is set once it runs."""
        began = threading.Event()

        def work(progress: Progress = silent) -> str:
            self._count(1)
            self.said.append(f"{name} begins")
            began.set()
            if waits is not None:
                assert waits.wait(60)
            self._count(-1)  # what follows may let another one run
            progress(0.5)
            self._count(1)
            self.said.append(f"{name} ends")
            self._count(-1)
            return name

        self._jobs.start(
            work,
            title=name,
            on_done=lambda done: self.said.append(f"{done} told"),
            on_failed=_never,
            key=key,
            urgency=urgency,
        )
        return began

    def _count(self, step: int) -> None:
        with self._lock:
            self.running += step
            self.most_at_once = max(self.most_at_once, self.running)

    def order(self, word: str) -> list[str]:
        """Return the names in the order in which they said this word."""
        return [said.removesuffix(f" {word}") for said in self.said if said.endswith(f" {word}")]


def test_no_two_jobs_that_run_a_network_run_at_once(jobs: Jobs, qtbot: QtBot) -> None:
    networks, go_on = _Networks(jobs), threading.Event()
    assert networks.start("first", Urgency.ANSWER, waits=go_on).wait(60)
    for n in range(8):
        networks.start(f"other {n}", list(Urgency)[n % len(Urgency)])
    plain = threading.Event()
    jobs.start(lambda progress: plain.set(), title="no network", on_done=lambda _: None, on_failed=_never)
    assert plain.wait(60)  # what runs no network does not wait for one
    assert networks.said == ["first begins"]
    go_on.set()
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert len(networks.order("told")) == 9
    assert networks.most_at_once == 1


def test_of_those_that_wait_the_most_urgent_runs_first(jobs: Jobs, qtbot: QtBot) -> None:
    networks, go_on = _Networks(jobs), threading.Event()
    assert networks.start("what if", Urgency.WHAT_IF, waits=go_on).wait(60)
    for urgency in reversed(Urgency):
        networks.start(urgency.name, urgency)
    networks.start("second MAP", Urgency.MAP)
    go_on.set()
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    expected = [urgency.name for urgency in Urgency]
    expected.insert(expected.index("MAP") + 1, "second MAP")
    assert networks.order("ends") == ["what if", *expected]


def test_a_long_one_gives_way_to_a_more_urgent_one_and_goes_on_after_it(jobs: Jobs, qtbot: QtBot) -> None:
    networks, go_on = _Networks(jobs), threading.Event()
    assert networks.start("stamp", Urgency.STAMP, waits=go_on).wait(60)
    networks.start("error strip", Urgency.ERROR_STRIP)
    networks.start("map", Urgency.MAP)
    networks.start("what if", Urgency.WHAT_IF)
    go_on.set()
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert networks.order("begins") == ["stamp", "what if", "map", "error strip"]
    assert networks.order("ends") == ["what if", "map", "stamp", "error strip"]


def test_a_newer_question_of_a_key_stops_the_one_that_runs(jobs: Jobs, qtbot: QtBot) -> None:
    networks, go_on = _Networks(jobs), threading.Event()
    assert networks.start("old map", Urgency.MAP, key="map", waits=go_on).wait(60)
    networks.start("never begun", Urgency.MAP, key="map")
    networks.start("new map", Urgency.MAP, key="map")
    go_on.set()
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert networks.said == ["old map begins", "new map begins", "new map ends", "new map told"]


def test_one_that_stands_still_hears_its_cancel_when_it_goes_on(jobs: Jobs, qtbot: QtBot) -> None:
    networks, go_on, answer = _Networks(jobs), threading.Event(), threading.Event()
    assert networks.start("stamp", Urgency.STAMP, key="stamp", waits=go_on).wait(60)
    began = networks.start("answer", Urgency.ANSWER, waits=answer)
    go_on.set()
    assert began.wait(60)
    jobs.cancel("stamp")
    answer.set()
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert networks.order("ends") == ["answer"]
    assert networks.order("told") == ["answer"]


def test_a_failed_one_lets_the_next_run(jobs: Jobs, qtbot: QtBot) -> None:
    networks, failed = _Networks(jobs), list[Exception]()

    def fails(progress: Progress = silent) -> None:
        raise ValueError("as planned")

    jobs.start(fails, title="failing", on_done=_never, on_failed=failed.append, urgency=Urgency.MAP)
    networks.start("next", Urgency.MAP)
    qtbot.waitUntil(lambda: jobs.n_alive == 0)
    assert [str(error) for error in failed] == ["as planned"]
    assert networks.order("told") == ["next"]


def test_a_window_closes_with_networks_running_standing_and_waiting(qtbot: QtBot) -> None:
    jobs, late, began = Jobs(), list[object](), list[threading.Event]()

    def work(said: threading.Event, progress: Progress = silent) -> None:
        said.set()
        while True:
            progress(0.5)

    for urgency in reversed(Urgency):
        began.append(threading.Event())
        jobs.start(work, began[-1], title="", on_done=late.append, on_failed=late.append, urgency=urgency)
        assert began[-1].wait(60)  # the one before it stands still now
    jobs.start(
        work, threading.Event(), title="", on_done=late.append, on_failed=late.append, urgency=Urgency.MAP
    )
    assert jobs.shutdown()
    qtbot.wait(0)
    assert late == []
