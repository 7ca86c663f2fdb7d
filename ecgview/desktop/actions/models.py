"""The Models menu: ask for predictions, LEF, reconstructions; where the models run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgview.desktop.action import Action, with_ai
from ecgview.desktop.dialogs import about, choose_models, lef_pictures, one_patient
from ecgview.desktop.state import going_to
from ecgview.desktop.state.shams import Target

if TYPE_CHECKING:
    from ecgview.desktop.frame import Frame
    from ecgview.desktop.state.workspace import Workspace

MENU = "Models"
ORDER = 50
RATIO = 0.25


def random_mask(window: Frame) -> None:
    """Hide a random quarter of the ECG and ask for what the model puts there."""
    from ecgview.explain import reconstruction

    window.workspace.paper.set_view("reconstruct")
    answers = window.workspace.answers
    seed = int(answers.mask.sum()) + int(np.flatnonzero(answers.mask).sum())
    answers.set_mask(reconstruction.random_mask(RATIO, seed, answers.segments.count))


def clear_mask(window: Frame) -> None:
    """Hide nothing."""
    window.workspace.answers.set_mask(np.zeros_like(window.workspace.answers.mask))


def average_masks(window: Frame) -> None:
    """Show where the ECG is hard to predict."""
    window.workspace.paper.set_view("reconstruct")
    window.workspace.answers.request_error_strip(RATIO)


def map_lef(window: Frame) -> None:
    """Show where the number of low ejection fraction comes from."""
    window.workspace.paper.set_view("explain")
    window.workspace.maps.choose(Target("lef"))


def with_lef(workspace: Workspace) -> bool:
    """Return whether there is a number of low ejection fraction."""
    return workspace.answers.lef is not None and workspace.answers.lef.contributions is not None


def with_target(workspace: Workspace) -> bool:
    """Return whether a map is chosen, be it there or not."""
    return workspace.maps.target is not None


def with_map(workspace: Workspace) -> bool:
    """Return whether a map lies on the trace of the explain view."""
    return workspace.maps.attribution is not None


def _no_blind_read(workspace: Workspace) -> bool:
    """Return whether models may be chosen: a first read without AI is not interrupted by their names."""
    return workspace.reading.session is None or workspace.reading.may_show_ai()


ACTIONS = (
    Action(
        "models.classify",
        "Analyse the ECG",
        lambda w: w.workspace.answers.request_prediction(),
        ("D",),
        with_ai,
        follows=("read",),
    ),
    Action(
        "models.lef",
        "Low ejection fraction",
        lambda w: w.workspace.answers.request_lef(),
        ("E",),
        with_ai,
        follows=("read",),
    ),
    Action(
        "models.random_mask",
        "Hide a random quarter and reconstruct",
        random_mask,
        ("X",),
        with_ai,
        separator_before=True,
        follows=("read",),
    ),
    Action(
        "models.clear_mask", "Show everything again", clear_mask, ("Shift+X",), with_ai, follows=("read",)
    ),
    Action(
        "models.error_strip",
        "Average over random masks",
        average_masks,
        ("V",),
        with_ai,
        follows=("read",),
    ),
    Action(
        "models.lef_pictures",
        "Contributions as pictures",
        lef_pictures.show,
        ("Shift+E",),
        with_ai,
        follows=("read",),
    ),
    Action(
        "models.map_lef",
        "Where low ejection fraction comes from",
        map_lef,
        ("Ctrl+J",),
        with_lef,
        hint="The shares of all predictors together, on the trace; choose a bar for one of them",
        separator_before=True,
        follows=("read", "record", "map"),
    ),
    Action(
        "models.strongest",
        "Strongest stretch of the map",
        lambda w: going_to.show_next(w.workspace),
        ("J",),
        with_map,
        hint="Once more for the next one",
        follows=("read", "record", "map"),
    ),
    Action(
        "models.no_map",
        "Take the map away",
        lambda w: w.workspace.maps.choose(None),
        ("Shift+J",),
        with_target,
        follows=("read", "record", "map"),
    ),
    Action(
        "models.one_patient",
        "Same patient?",
        one_patient.show,
        ("Ctrl+Shift+I",),
        with_ai,
        hint="Whether another ECG of the same patient ID in the list looks like this patient's",
        separator_before=True,
        follows=("read", "record"),
    ),
    Action(
        "models.choose",
        "Choose models …",
        choose_models.show,
        ("Ctrl+M",),
        _no_blind_read,
        separator_before=True,
        follows=("read",),
    ),
    Action("models.facts", "Model facts", about.show_models, ("Ctrl+I",)),
)
