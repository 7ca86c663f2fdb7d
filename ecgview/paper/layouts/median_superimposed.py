"""The median beats of all leads over each other, limb and chest leads side by side: which onset is first is seen."""

from ecgview.leads import STANDARD_12
from ecgview.paper.families import is_chest
from ecgview.paper.layouts import Layout
from ecgview.paper.settings import PaperSettings


def arrange(leads: tuple[str, ...], _settings: PaperSettings) -> tuple[Layout, str]:
    """Return one cell for limb, chest and other leads each, as far as they were recorded."""
    limb = tuple(lead for lead in leads if lead in STANDARD_12 and not is_chest(lead))
    chest = tuple(lead for lead in leads if is_chest(lead))
    others = tuple(lead for lead in leads if lead not in (*limb, *chest))
    return LAYOUT.filled(tuple(group for group in (limb, chest, others) if group)), ""


LAYOUT = Layout(
    "median superimposed",
    about="the median beats over each other",
    row_mm=60.0,
    order=130,
    offered=lambda _leads: True,
    arrange=arrange,
    of_median=True,
    superimposed=True,
)
