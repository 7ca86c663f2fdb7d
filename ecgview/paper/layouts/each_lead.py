"""Each recorded lead in a row of its own."""

from ecgview.paper.layouts import Layout, one_each
from ecgview.paper.settings import PaperSettings

ROOMY = 6  # up to so many rows a screen holds at their full height


def arrange(leads: tuple[str, ...], _settings: PaperSettings) -> tuple[Layout, str]:
    """Return one row for each lead; many of them are closer to each other."""
    return LAYOUT.filled(one_each(leads), 25.0 if len(leads) <= ROOMY else 20.0), ""


LAYOUT = Layout("Nx1", about="each recorded lead", order=90, offered=lambda _leads: True, arrange=arrange)
