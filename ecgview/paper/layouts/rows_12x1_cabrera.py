"""The twelve below each other, the limb leads by their angle."""

from ecgview.paper.layouts import CABRERA, Layout, one_each

LAYOUT = Layout("12x1 Cabrera", one_each(CABRERA), row_mm=20.0, order=80)
