"""Large libraries are imported by one thread at a time."""

import threading

from ecgview import loading


def test_a_library_waits_for_the_thread_that_imports_another() -> None:
    done = threading.Event()
    other = threading.Thread(target=lambda: (loading.library("json"), done.set()))
    with loading.one_at_a_time:
        loading.library("json")  # the thread that has the right may go on
        other.start()
        assert not done.wait(0.05)
    other.join(10)
    assert done.is_set()
