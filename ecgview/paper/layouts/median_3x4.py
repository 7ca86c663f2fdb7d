"""The median beat of the twelve in four columns of three: where the waves are measured (L1)."""

from ecgview.paper.layouts import STANDARD, Layout, columns

LAYOUT = Layout(
    "median 3x4",
    columns(4, STANDARD),
    about="the median beat of each lead",
    order=120,
    offered=lambda _leads: True,
    of_median=True,
)
