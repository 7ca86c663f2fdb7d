"""How far the reading of a file's record is: told only of a file that is shown to be the one that was read."""

import os
from collections.abc import Iterable

from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent
from ecgview.review.read import ReadState
from ecgview.review.store import Store


def statuses(
    store: Store, paths: Iterable[str], reader: str | None = None, progress: Progress = silent
) -> dict[str, ReadState]:
    """Return where the reading of the record in each file stands; NEW for one that was never opened from there.

    A file whose size and times are those of before is taken to be the same. Any other that the store knows by its
    path is read, so that its fingerprint tells: after a copy or a touch once, after which its times are kept.

    Args:
        store: where reads are kept.
        paths: files, as `ecgview.formats` takes them; relative and absolute ones are one, and so are links and
            what they lead to.
        reader: count this reader's work only; of every reader, the furthest one where None.
        progress: asked before each file that is read.
    """
    from ecgview import formats

    folders: dict[str, str] = {}
    wanted = {path: os.path.abspath(path) for path in dict.fromkeys(paths)}
    targets = {path: target(whole, folders) for path, whole in wanted.items()}
    seen = store.seen_files([*wanted, *wanted.values(), *targets.values()])
    found: dict[str, str] = {}
    for path, named in wanted.items():
        whole = named if named in seen else targets[path]
        known = seen.get(whole) or seen.get(path)  # stores of before kept paths as they were typed
        if known is None:
            continue
        sha256, stamp = known
        if stamp and stamp == formats.stamp(whole):
            found[path] = sha256
            continue
        progress(0.0)
        try:
            record = formats.read(whole)
            if store.problem is None and record.source.stamp:
                store.add_record(record)
        except EcgviewError:
            continue
        found[path] = record.source.sha256
    states = store.statuses(found.values(), reader)
    return {path: states[found[path]] if path in found else ReadState.NEW for path in wanted}


def target(path: str, folders: dict[str, str] | None = None) -> str:
    """Return where a path leads through links.

    Args:
        path: absolute, of a file or of a record within one.
        folders: where folders lead, kept for the next file of the same one: a worklist asks of 20,000.
    """
    known = {} if folders is None else folders
    folder, name = os.path.split(path)
    if folder not in known:
        known[folder] = os.path.realpath(folder)
    there = os.path.join(known[folder], name)
    return os.path.realpath(there) if os.path.islink(there) else there
