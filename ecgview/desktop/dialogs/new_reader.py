"""A name under which nobody has read here: a slip of the pen would make a second reader of one person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecgview.desktop.dialogs import ask
from ecgview.errors import EcgviewError
from ecgview.progress import Progress, silent
from ecgview.review import reader_name
from ecgview.review.store import Store

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

_SHOWN = 12  # names of others


def take(window: Frame, said: str) -> None:
    """Say who reads from now on, spelt as before; ask first where others have read here and this one has not."""
    workspace, name = window.workspace, reader_name.clean(said)
    if not name:
        workspace.reading.set_reader("")
        return
    workspace.jobs.start(
        _known,
        workspace.reading.store,
        title="Looking up the reader",
        on_done=lambda known: _take(window, name, known),
        on_failed=workspace.telling.fail,
        key="reader",
        is_light=True,
    )


def _known(store: Store, progress: Progress = silent) -> tuple[str, ...]:
    try:
        return store.readers()
    except EcgviewError:
        return ()  # nothing can be kept there, and that is told where it matters


def _take(window: Frame, name: str, known: tuple[str, ...]) -> None:
    spelt = {reader_name.key(one): one for one in reversed(known)}
    before = name if name in known else spelt.get(reader_name.key(name))
    if before is not None or not known:
        window.workspace.reading.set_reader(before or name)
        return
    others = ", ".join(known[:_SHOWN]) + (" ..." if len(known) > _SHOWN else "")
    ask.ask_first(
        window,
        "A new reader?",
        f"Nobody has read here as {name}. Reads of before are by {others}. Another name is another reader.",
        "New reader",
        lambda: window.workspace.reading.set_reader(name),
    )
