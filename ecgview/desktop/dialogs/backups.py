"""Where the backups of the reads lie and how old the last one is; another one now, beside the store or elsewhere.

The way back is `ecgview store restore`: nothing may have the store open then, so no window can do it.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QPushButton

from ecgview.counts import counted
from ecgview.desktop.dialogs.sheet import Sheet
from ecgview.errors import EcgviewError, StoreError
from ecgview.progress import Progress, silent
from ecgview.review import backups
from ecgview.review.moment import Moment
from ecgview.review.store import Store, default_path

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame

_WHEN = {"day": "each day that ecgview is opened", "week": "each week", "never": "never by itself"}


@dataclass(frozen=True, slots=True)
class Lying:
    """The folder, and of each backup when it was made (UTC), its file and its size in bytes, oldest first."""

    folder: Path
    kept: tuple[tuple[datetime, Path, int], ...]


def show(window: Frame) -> None:
    """Look for backups, and open the sheet that tells of them."""
    workspace = window.workspace
    workspace.jobs.start(
        _look,
        workspace.reading.store,
        title="Looking for backups",
        on_done=lambda found: _show(window, found),
        on_failed=workspace.telling.fail,
        key="backups",
        is_light=True,
    )


def _look(store: Store, progress: Progress = silent) -> Lying:
    found = []
    for made, path in backups.kept(store.path):
        try:
            found.append((made, path, path.stat().st_size))
        except OSError:
            continue  # dropped meanwhile
    return Lying(backups.folder(store.path), tuple(found))


def last_in_words(found: Lying, now: datetime) -> str:
    """Return how old the last backup is: "The last backup is of 2026-03-01 20:00 +08:00, 3 hours ago."."""
    if not found.kept:
        return "There is no backup of the reads yet."
    made = _last(found, now)[0]
    later = sum(one[0] > now for one in found.kept)
    more = (
        f" {counted(later, 'backup')} dated later than this clock stay besides."
        if later and made <= now
        else ""
    )
    return f"The last backup is of {_local(made)}, {_age(now - made)}.{more}"


def _last(found: Lying, now: datetime) -> tuple[datetime, Path, int]:
    """Return the newest one that is not dated later than the clock, the newest of all if each is."""
    return next((one for one in reversed(found.kept) if one[0] <= now), found.kept[-1])


def _local(made: datetime) -> str:
    offset = made.astimezone().utcoffset() or timedelta()
    text = Moment(made.isoformat(), round(offset.total_seconds() / 60)).text
    return f"{text[:16]}{text[19:]}"


def _age(age: timedelta) -> str:
    seconds = age.total_seconds()
    if seconds < 0:
        return "later than the clock of this computer"
    if seconds < 60:
        return "just now"
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            return f"{counted(int(seconds // length), unit)} ago"
    raise AssertionError(age)


def _show(window: Frame, found: Lying) -> None:
    settings = window.workspace.settings
    sheet = Sheet(window, "Backups of the reads", scrolls=True)
    sheet.setObjectName("backups")
    sheet.add_text(last_in_words(found, datetime.now(UTC)), "heading" if found.kept else "warning")
    sheet.add_text(f"They lie in {found.folder}")
    for made, path, size in reversed(found.kept):
        sheet.add_text(f"{_local(made)}    {path.name}    {size / 1e6:.1f} MB", "muted")
    every = _WHEN.get(settings.text("backups.every"), "")
    sheet.add_text(
        f"Made {every}; the last {settings.number('backups.kept'):.0f} stay. They lie on the disk of the reads: keep "
        "one elsewhere against its loss."
    )
    last = _last(found, datetime.now(UTC))[1] if found.kept else found.folder / "BACKUP.db"
    sheet.add_text(
        "To restore one, close every window and type the line below. What lies there is kept, and the log says that "
        "the store was restored."
    )
    sheet.add_text(_restoring(last, window.workspace.reading.store.path))
    sheet.body.addStretch(1)
    here, elsewhere = QPushButton("Back up now"), QPushButton("Back up elsewhere …")
    here.clicked.connect(sheet.accept)
    here.clicked.connect(lambda: back_up(window, None))
    elsewhere.clicked.connect(lambda: _ask(window, sheet))
    for button in (here, elsewhere):
        sheet.buttons.addButton(button, sheet.buttons.ButtonRole.ActionRole)
    sheet.resize(680, 460)
    sheet.open()


def _restoring(backup: Path, store_path: Path) -> str:
    elsewhere = [] if store_path == default_path() else ["--store", str(store_path)]
    return shlex.join(["ecgview", "store", "restore", str(backup), *elsewhere])


def _ask(window: Frame, sheet: Sheet) -> None:
    name = f"ecgview-{datetime.now():%Y%m%d}.db"
    chosen, _ = QFileDialog.getSaveFileName(
        window,
        "Back up elsewhere",
        name,
        "Reads of ecgview (*.db)",
        options=QFileDialog.Option.DontConfirmOverwrite,  # a backup replaces nothing, and says so
    )
    if chosen:
        sheet.accept()
        path = Path(chosen)
        back_up(window, path if path.suffix == ".db" else path.with_name(f"{path.name}.db"))


def back_up(window: Frame, target: Path | None) -> None:
    """Make a backup in a job, in a file that is not there yet or, for None, beside the others, and tell of it."""
    telling = window.workspace.telling

    def done(made: backups.Backup) -> None:
        telling.post(f"Backed up, whole and sound: {made.path}")

    def failed(error: Exception) -> None:
        if isinstance(error, EcgviewError):
            telling.post(f"The reads could not be backed up: {error.message}.", "error", details=str(error))
        else:
            telling.fail(error)

    telling.post("Backing up the reads ...")
    window.workspace.jobs.start(
        _made,
        window.workspace.reading.store,
        target,
        title="Backing up the reads",
        on_done=done,
        on_failed=failed,
        key="backup-now",
    )


def _made(store: Store, target: Path | None, progress: Progress = silent) -> backups.Backup:
    if not store.path.is_file():  # opening it would make one
        raise StoreError("there are no reads yet", where=str(store.path))
    return backups.make(store, target)
