"""How much of the ECG is hidden from the model: at random, every k-th segment, or drawn by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QSlider, QSpinBox, QToolButton, QWidget

from ecgview.desktop.panels.kit import tokens
from ecgview.desktop.panels.kit.widgets import Text, column, guard_wheel, row

if TYPE_CHECKING:
    from ecgview.desktop.state.workspace import Workspace

RATIO_STEPS = (5, 75)  # percent; the range the published method calls stable
SEED_MAX = 9999


class MaskControls(QWidget):
    """Every change is asked of the model at once."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self._workspace = workspace
        self.ratio = QSlider(Qt.Orientation.Horizontal)
        self.ratio.setRange(*RATIO_STEPS)
        self.ratio.setValue(25)
        self.ratio.setPageStep(5)
        self.ratio.setAccessibleName("Share hidden at random, percent")
        self.ratio_text = Text("25 %", wrap=False)
        self.ratio_text.setMinimumWidth(38)
        self.seed = _spin(0, SEED_MAX, 0, "Seed of the random mask")
        self.another = _button("At random", "Hide other segments at random, the same share of them")
        self.every = _spin(2, 20, 4, "Hide every k-th segment")
        self.hide_every = _button("Hide", "")
        self._name_segments()
        self.drag = _button("Drag on the trace", "Draw the hidden stretches with the mouse")
        self.drag.setCheckable(True)
        self.drag.setChecked(workspace.answers.mask_mode)
        self.clear = _button("Clear", "Hide nothing")
        self.fold = QToolButton()
        self.fold.setText("Masks for research")
        self.fold.setToolTip("The share that is hidden at random, the seed, every k-th segment")
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.folded = QWidget()
        for part in (self.ratio, self.seed, self.every):
            guard_wheel(part)
        self._lay_out()
        self._connect_parts()

    def _lay_out(self) -> None:
        whole = column(self)
        whole.addLayout(row(self.drag, 1))
        whole.addLayout(row(self.another, self.clear, 1))
        whole.addWidget(self.fold)
        whole.addWidget(self.folded)
        grid = QGridLayout(self.folded)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(tokens.SPACE_S)
        grid.setVerticalSpacing(tokens.SPACE_S)
        grid.setColumnStretch(1, 1)
        names = (Text("Random", tone="secondary", wrap=False), Text("Every", tone="secondary", wrap=False))
        grid.addWidget(names[0], 0, 0)
        grid.addLayout(row(self.ratio, self.ratio_text), 0, 1)
        grid.addLayout(row(Text("seed", tone="secondary", wrap=False), self.seed, 1), 1, 1)
        grid.addWidget(names[1], 2, 0)
        unit = Text("-th segment", tone="secondary", wrap=False)
        grid.addLayout(row(self.every, unit, self.hide_every, 1), 2, 1)
        self._show_folded(False)

    def _show_folded(self, on: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
        self.folded.setVisible(on)

    def _connect_parts(self) -> None:
        self.fold.toggled.connect(self._show_folded)
        self.ratio.valueChanged.connect(self._hide_random)
        self.seed.valueChanged.connect(self._hide_random)
        self.another.clicked.connect(lambda: self.seed.setValue((self.seed.value() + 1) % (SEED_MAX + 1)))
        self.every.valueChanged.connect(self._hide_every)
        self.hide_every.clicked.connect(self._hide_every)
        self.drag.toggled.connect(self._workspace.answers.set_mask_mode)
        self.clear.clicked.connect(self._hide_nothing)
        self._workspace.answers.mask_mode_changed.connect(self.drag.setChecked)
        self._workspace.answers.mask_changed.connect(self._name_segments)  # another model may cut another way

    def _name_segments(self) -> None:
        cut = self._workspace.answers.segments
        length = f" of {1000 * cut.seconds:g} ms" if cut.count else ""  # none: this autoencoder cuts nothing
        self.hide_every.setToolTip(f"Hide every k-th segment{length}")

    def _hide_random(self, _value: object = None) -> None:
        from ecgview.explain import reconstruction

        self.ratio_text.setText(f"{self.ratio.value()} %")
        self._set(reconstruction.random_mask(self.ratio.value() / 100, self.seed.value(), self._n))

    def _hide_every(self, _value: object = None) -> None:
        from ecgview.explain import reconstruction

        self._set(reconstruction.every_kth_mask(self.every.value(), self._n))

    def _hide_nothing(self) -> None:
        self._set(np.zeros(self._n, dtype=np.bool_))

    def _set(self, mask: NDArray[np.bool_]) -> None:
        self._workspace.answers.set_mask(mask)

    @property
    def _n(self) -> int:
        return len(self._workspace.answers.mask)


def _button(text: str, tip: str) -> QPushButton:
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def _spin(low: int, high: int, value: int, name: str) -> QSpinBox:
    made = QSpinBox()
    made.setRange(low, high)
    made.setValue(value)
    made.setAccessibleName(name)
    made.setKeyboardTracking(False)
    return made
