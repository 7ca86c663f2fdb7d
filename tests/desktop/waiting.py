"""Waiting for the store: what was done to a read is on the disk a moment later."""

from pytestqt.qtbot import QtBot

from ecgview.desktop.state.workspace import Workspace


def kept(qtbot: QtBot, workspace: Workspace) -> None:
    """Wait until everything that was done is on the disk, and nothing more is to be written."""
    keeping = workspace.reading.keeping
    qtbot.waitUntil(lambda: keeping.is_kept and keeping.is_idle)
