"""The Models menu: ask for predictions, LEF, reconstructions; where the models run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ecgview.desktop.action import Action, with_ai
from ecgview.desktop.dialogs import about, choose_models, lef_pictures

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
