"""The twelve below each other, each over the whole width."""

from ecgview.paper.layouts import STANDARD, Layout, one_each

LAYOUT = Layout("12x1", one_each(STANDARD), row_mm=20.0, order=60)
