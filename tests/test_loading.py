"""Large libraries are imported by one thread at a time."""

import subprocess
import sys
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


def test_what_is_only_liked_to_be_had_is_done_without_and_can_be_had_later() -> None:
    code = (
        "import sys\nfrom ecgview import loading\n"
        "with loading.without('pandas'):\n    import sqlite_utils\n"
        "assert 'pandas' not in sys.modules\n"
        "assert sqlite_utils.Database(memory=True)['a'].insert({'b': 1}).last_rowid == 1\n"
        "import pandas\n"
        "with loading.without('pandas'):\n    assert sys.modules['pandas'] is pandas\n"
        "assert sys.modules['pandas'] is pandas\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
