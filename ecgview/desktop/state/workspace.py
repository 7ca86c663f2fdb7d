"""One window's state without a widget: its parts, and nothing that one of them could say or do itself.

Panels and the canvas get the workspace in their constructor and ask the part that owns their subject; none of
them knows another. Slow things run in `jobs`.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from ecgview.desktop.settings import Settings, settings_path
from ecgview.desktop.state.answers import Answers
from ecgview.desktop.state.criteria import Criteria
from ecgview.desktop.state.exposures import Exposures
from ecgview.desktop.state.hand import Hand
from ecgview.desktop.state.judging import Judging
from ecgview.desktop.state.maps import Maps
from ecgview.desktop.state.measuring import Measuring
from ecgview.desktop.state.mouse import Mouse
from ecgview.desktop.state.neutral_names import Names
from ecgview.desktop.state.one_patient import OnePatient
from ecgview.desktop.state.open_record import OpenRecord
from ecgview.desktop.state.paper import Paper
from ecgview.desktop.state.read_steps import ReadSteps
from ecgview.desktop.state.reader import Reader
from ecgview.desktop.state.reading import Reading
from ecgview.desktop.state.telling import Telling
from ecgview.desktop.state.thumbnails import Thumbnails
from ecgview.desktop.state.walking import Walk
from ecgview.desktop.state.what_if import MaskAndAsk
from ecgview.desktop.state.worklist import Worklist
from ecgview.desktop.work.jobs import Jobs


class Workspace(QObject):
    """The parts, each made from those above it.

    What goes wrong in any of them is told through `telling`; nothing raises.
    """

    settings: Settings
    jobs: Jobs
    worklist: Worklist
    thumbnails: Thumbnails
    reader: Reader
    names: Names
    telling: Telling
    paper: Paper
    reading: Reading
    steps: ReadSteps
    ecg: OpenRecord
    hand: Hand
    measuring: Measuring
    criteria: Criteria
    walk: Walk
    exposures: Exposures
    answers: Answers
    mouse: Mouse
    what_if: MaskAndAsk
    judging: Judging
    one_patient: OnePatient

    def __init__(
        self,
        *,
        store_path: Path | None = None,
        settings: Settings | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.settings = settings if settings is not None else Settings(settings_path())
        self.jobs = jobs = Jobs(self)
        self.worklist = worklist = Worklist(jobs, self)
        self.thumbnails = Thumbnails(jobs, self.settings, self)
        self.reader = reader = Reader(self.settings, self)
        self.names = names = Names(reader, worklist, self)
        self.telling = telling = Telling(names, self)
        self.paper = paper = Paper(self.settings, telling, self)
        self.reading = reading = Reading(store_path, jobs, reader, worklist, names, telling, self)
        self.steps = steps = ReadSteps(reader, reading, names, telling, self)
        self.ecg = ecg = OpenRecord(jobs, worklist, paper, reading, telling, self)
        ecg.opening.read.connect(
            lambda path, found: self.thumbnails.take(path, found.trace) if found.trace else None
        )
        self.hand = Hand(ecg, self)
        self.measuring = Measuring(jobs, self.settings, reader, reading, steps, ecg, telling, self)
        self.criteria = Criteria(
            jobs, self.settings, reader, reading, steps, ecg, self.measuring, telling, self
        )
        self.walk = Walk(jobs, worklist, reader, reading, steps, ecg, telling, self)
        self.exposures = Exposures(worklist, reader, reading, ecg, telling, self)
        device = self.settings.text("models.device")
        self.answers = answers = Answers(
            jobs, device, paper, reading, steps, ecg, self.measuring, telling, self
        )
        answers.precision = self.settings.text("models.precision")
        self.maps = Maps(jobs, self.settings, paper, reader, reading, ecg, answers, telling, self)
        self.mouse = Mouse(paper, self.answers, ecg, self)
        self.what_if = MaskAndAsk(jobs, paper, reading, steps, ecg, self.answers, self.mouse, telling, self)
        self.judging = Judging(paper, reading, steps, ecg, self.answers, self.mouse, self)
        self.judging.attend_maps(self.maps)
        self.one_patient = OnePatient(jobs, worklist, names, reading, ecg, self.measuring, telling, self)
        for failed in (worklist.failed, self.thumbnails.failed, reader.failed):
            failed.connect(telling.fail)

    def close(self) -> bool:
        """Stop the jobs, save what is left, close the store; returns whether all ended in time and is kept."""
        self.reading.typing_ended.emit()
        ended = self.jobs.shutdown()
        return self.reading.close() and ended
