"""The leads beyond the twelve alone, each in a row of its own."""

from collections.abc import Sequence

from ecgview.paper import families
from ecgview.paper.layouts import Layout, columns_3x4, each_lead, for_twelve
from ecgview.paper.settings import PaperSettings


def arrange(leads: tuple[str, ...], settings: PaperSettings) -> tuple[Layout, str]:
    """Return a row for each lead beyond the twelve; the twelve where there is none."""
    beyond = tuple(lead for lead in leads if families.family(lead))
    if beyond:
        return each_lead.arrange(beyond, settings)
    return columns_3x4.LAYOUT, "no leads beyond the twelve were recorded"


def _offered(lead_names: Sequence[str]) -> bool:
    return for_twelve(lead_names) and any(families.family(lead) for lead in lead_names)


LAYOUT = Layout("further", about="leads beyond the twelve", order=100, offered=_offered, arrange=arrange)
