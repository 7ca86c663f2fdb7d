"""A panel that counts the leads of the open record."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from ecgview.desktop.panel import Panel
from ecgview.desktop.state.workspace import Workspace


def make(workspace: Workspace) -> QWidget:
    label = QLabel("no record")
    label.setObjectName("counted")
    workspace.ecg.opened.connect(lambda record: label.setText(f"{len(record.lead_names)} leads"))
    return label


PANEL = Panel(id="counted_leads", title="Leads counted", views=("read",), order=5, make=make)
