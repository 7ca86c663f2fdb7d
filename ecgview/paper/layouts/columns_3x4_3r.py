"""The twelve in four columns of three, three rhythm rows below."""

from ecgview.paper.layouts import STANDARD, Layout, columns

LAYOUT = Layout("3x4+3R", columns(4, STANDARD), ("V1", "II", "V5"), order=20)
