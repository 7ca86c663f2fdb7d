"""How the reader wants the paper. Nothing here reaches a measurement or a model (F4)."""

from dataclasses import dataclass, field

from ecgview.signal.filters import DisplayFilter

SPEEDS: tuple[float, ...] = (12.5, 25.0, 50.0)
GAINS: tuple[float, ...] = (2.5, 5.0, 10.0, 20.0, 40.0)


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """Speed in mm/s, gain in mm/mV, layout, display filter; `row_mm` None = the layout's own row height.

    `most_mm` is the height of the sheet that a page must fit (None on a screen, which scrolls); leads that do not
    fit are on further pages, of which `part` is one.
    """

    speed_mm_per_s: float = 25.0
    gain_mm_per_mv: float = 10.0
    chest_gain_factor: float = 1.0
    layout: str = "3x4+1R"
    display_filter: DisplayFilter = field(default_factory=DisplayFilter)
    sequential: bool = True
    start_s: float = 0.0
    seconds: float = 10.0
    single_lead: str = "II"
    row_mm: float | None = None
    most_mm: float | None = None
    part: int = 0

    @property
    def gain_text(self) -> str:
        """The gain as printed: "10 mm/mV", or both where the chest leads are drawn at another."""
        if self.chest_gain_factor == 1.0:
            return f"{self.gain_mm_per_mv:g} mm/mV"
        chest = self.gain_mm_per_mv * self.chest_gain_factor
        return f"limb {self.gain_mm_per_mv:g}, chest {chest:g} mm/mV"
