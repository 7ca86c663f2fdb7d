"""The limb leads alone, below each other."""

from ecgview.paper.layouts import STANDARD, Layout, one_each

LAYOUT = Layout("Limb first", one_each(STANDARD[:6]), about="limb leads", order=35)
