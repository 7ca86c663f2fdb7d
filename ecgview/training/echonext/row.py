"""One line of EchoNext's metadata table."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class EchoRow:
    """One line of the metadata; `values` are its columns in lower case, as text."""

    split: str
    position: int  # within the split's arrays
    patient: str
    lvef_percent: float | None
    values: dict[str, str] = field(repr=False)

    def number(self, name: str) -> float | None:
        """Return a column as a number, None where it is empty or no number."""
        try:
            value = float(self.values.get(name, ""))
        except ValueError:
            return None
        return value if np.isfinite(value) else None
