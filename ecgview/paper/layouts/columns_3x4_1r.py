"""The twelve in four columns of three, lead II below as the rhythm."""

from ecgview.paper.layouts import STANDARD, Layout, columns

LAYOUT = Layout("3x4+1R", columns(4, STANDARD), ("II",), order=10)
