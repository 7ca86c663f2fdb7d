"""The twelve in four columns of three."""

from ecgview.paper.layouts import STANDARD, Layout, columns

LAYOUT = Layout("3x4", columns(4, STANDARD), order=30)
