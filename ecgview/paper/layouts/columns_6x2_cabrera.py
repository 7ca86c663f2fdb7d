"""Limb leads by their angle at the left, chest leads at the right."""

from ecgview.paper.layouts import CABRERA, Layout, columns

LAYOUT = Layout("6x2 Cabrera", columns(2, CABRERA), order=70)
