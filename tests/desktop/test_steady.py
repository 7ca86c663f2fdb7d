"""Garbage collection waits for the workers, and comes back."""

import gc

import pytest

from ecgview.desktop.work import steady


def test_collection_waits_until_the_last_worker_is_done() -> None:
    with steady.without_collection():
        with steady.without_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_collection_comes_back_after_a_failure() -> None:
    with pytest.raises(RuntimeError), steady.without_collection():
        raise RuntimeError
    assert gc.isenabled()


def test_a_package_or_library_that_is_not_there_is_no_error() -> None:
    assert steady.load_libraries("no_such_package_anywhere", "lib", ("libx",)) == 0
    assert steady.load_libraries("json", "lib", ("libx",)) == 0
