"""The twelve in three columns of four."""

from ecgview.paper.layouts import STANDARD, Layout, columns

LAYOUT = Layout("4x3", columns(3, STANDARD), order=40)
