"""What a reader does to the open read, refused while another record is opened or this one is being left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ecgview.desktop.state.keeping import Then
from ecgview.errors import EcgviewError

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace


class ReadSteps:
    """Every edit and step of the window's read goes through `do`; what follows one waits for the disk."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def do(self, what: str, *args: object, then: Then | None = None) -> None:
        """Do one thing to the session by name; `then` hears whether it is kept, see `Keeping.do`."""
        workspace = self._workspace
        try:
            if workspace.is_opening:
                self.refuse()
            elif workspace.reading.do(what, *args, then=then):
                return
        except EcgviewError as error:
            workspace.fail(error, workspace.record_path)
        if then is not None:
            then(False)

    def do_named(self, what: str, said: str, then: Then | None = None) -> None:
        """Commit a step of the read under its reader's name, and say that it is done (`said`, or "")."""
        workspace = self._workspace
        path = workspace.record_path

        def over(is_kept: bool) -> None:
            if is_kept and said:
                workspace.post_message(said, about=path)
            if then is not None:
                then(is_kept)

        workspace.typing_ended.emit()
        if workspace.reader_name:
            self.do(what, then=over)
            return
        workspace.post_message("Say who reads before the read is saved.", "warning")
        workspace.reader_needed.emit(True)
        over(False)

    def go_on_after(self, step: Callable[[Then], None]) -> None:
        """Open the next record once this step of the read is kept; until then nothing else is edited."""
        if self._workspace.goes_on:
            self.refuse()
            return
        is_over = False

        def over(is_kept: bool) -> None:
            nonlocal is_over
            is_over, self._workspace.goes_on = True, False
            if is_kept:
                self._workspace.next_record()

        step(over)
        self._workspace.goes_on = not is_over

    def refuse(self) -> None:
        """Say that a key or a click was not applied, and why."""
        workspace = self._workspace
        path = workspace.opening.path
        if path is None:
            said, path = "the read was still being saved", workspace.record_path
        else:
            said = f"{workspace.name_for(path)} was still being opened"
        workspace.post_message(f"Not applied: {said}.", about=path)
