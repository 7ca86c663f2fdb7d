"""The same parts on this machine: one process of one thread for each core.

Two threads of one network wait for each other at every layer; two processes never do. They are spawned, not forked: a
forked torch can hang. Each has a pipe to the one that began the work, which knows by its closed end that a process is
gone; and each ends itself when that one is gone, killed or not, so that nothing works on unseen.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from ecgview.errors import ModelError


class Parts(Protocol):
    """What is known of the work as a whole; it is sent to each process."""

    def part(self, number: int) -> tuple[str, ...]:
        """Return the files of one part."""


Work = Callable[[Any, int], None]
MEMORY_GB = 0.6  # of each process with the classifier that ships: torch, its network, a batch
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_END_S = 5.0  # for a process that is told to end, before it is killed


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(
        os, "sched_getaffinity"
    ):  # Linux: a container or a batch system may allow fewer than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_processes(work: Work, plan: Parts, numbers: Sequence[int], count: int) -> Iterator[int]:
    """Run the parts in `count` processes; yield them as they end.

    Raises:
        ModelError: a process was killed, with the part that it was at; finished parts are kept.
    """
    waiting = iter(numbers)
    processes: list[_Process] = []
    try:
        for number in (next(waiting) for _ in range(min(count, len(numbers)))):
            processes.append(_Process(work, plan))
            processes[-1].begin(number)
        busy = {one.pipe: one for one in processes}
        while busy:
            for ready in wait(list(busy)):
                one = busy[ready]  # type: ignore[index]  # what is waited for is what comes back
                finished = one.finished()
                following = next(waiting, None)
                if following is None:
                    del busy[one.pipe]
                else:
                    one.begin(following)
                yield finished
    except BaseException:  # Ctrl-C, too: nobody waits for what is half done
        for one in processes:
            one.stop()
        raise
    finally:
        for one in processes:
            one.pipe.close()  # there is nothing more to do
        for one in processes:
            one.end()


class _Process:
    """One process, seen from the one that began the work."""

    def __init__(self, work: Work, plan: Parts) -> None:
        context = multiprocessing.get_context("spawn")
        self._plan, self._number = plan, -1
        self.pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, work, plan), daemon=True)
        with (
            _one_thread(),
            _deaf_to_ctrl_c(),
        ):  # the child is so from its first instruction on, and is ended by us
            self._process.start()
        theirs.close()  # else the end of the child would not close the pipe

    def begin(self, number: int) -> None:
        """Give it a part."""
        self._number = number
        with contextlib.suppress(OSError):  # it is gone: `finished` says so
            self.pipe.send(number)

    def finished(self) -> int:
        """Return the part that it has done; raises what went wrong with it."""
        try:
            error = self.pipe.recv()
        except (EOFError, OSError):
            raise self._gone() from None
        if error is not None:
            raise error
        return self._number

    def _gone(self) -> ModelError:
        self._process.join(_END_S)
        code = self._process.exitcode
        how = f"killed by signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        files = self._plan.part(self._number)
        return ModelError(
            f"a process that scores was lost ({how}) at part {self._number + 1}, {files[0]} to {files[-1]}",
            expected=f"memory for each, about {MEMORY_GB:g} GB, or fewer --workers; finished parts are kept, and "
            "the same command goes on",
        )

    def stop(self) -> None:
        """Have it end now."""
        self._process.terminate()

    def end(self) -> None:
        """Wait for its end."""
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Have what is started meanwhile multiply by one thread: numpy's products would take every core in each process."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))  # read once, when the libraries are loaded
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # where signals are not set, and not heard
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(pipe: Connection, work: Work, plan: Parts) -> None:
    """Do one part after another, in a process of its own, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Windows inherits no deafness
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            number = pipe.recv()
        except EOFError:
            return
        pipe.send(_error_of(work, plan, number))


def _error_of(work: Work, plan: Parts, number: int) -> Exception | None:
    try:
        work(plan, number)
    except Exception as error:
        error.add_note("".join(traceback.format_exception(error)))
        return error
    return None


def _end_with_parent() -> None:
    parent: Any = multiprocessing.parent_process()
    parent.join()
    os._exit(1)  # in the midst of a part: its table is not in place yet, so nothing is half done
