"""One lead over the whole width: the one the reader chose."""

from ecgview.paper.layouts import Layout
from ecgview.paper.settings import PaperSettings


def arrange(leads: tuple[str, ...], settings: PaperSettings) -> tuple[Layout, str]:
    """Return the chosen lead; where it was not recorded, II or the first that was."""
    lead = settings.single_lead
    if lead in leads:
        return LAYOUT.filled(((lead,),)), ""
    other = "II" if "II" in leads else leads[0]
    return LAYOUT.filled(((other,),)), f"{lead} was not recorded: {other} instead"


LAYOUT = Layout(
    "single", row_mm=50.0, about="one lead", order=110, offered=lambda _leads: True, arrange=arrange
)
