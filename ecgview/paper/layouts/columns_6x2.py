"""Limb leads at the left, chest leads at the right."""

from ecgview.paper.layouts import STANDARD, Layout, columns

LAYOUT = Layout("6x2", columns(2, STANDARD), order=50)
