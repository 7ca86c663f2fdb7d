"""Lead identification codes of SCP-ECG (EN 1064, table of section 3); ISO 11073-10101 numbers its leads alike."""

from ecgview.leads import canonical_name

_CHEST_7 = ("V1", "V2", "V3", "V4", "V5", "V6", "V7", "V2R", "V3R", "V4R", "V5R", "V6R", "V7R")
_FIRST = ("I", "II", *_CHEST_7, "X", "Y", "Z", "CC5", "CM5", "LA", "RA", "LL")
_FRANK = ("Frank I", "Frank E", "Frank C", "Frank A", "Frank M", "Frank F", "Frank H")
_SECOND = ("III", "aVR", "aVL", "aVF", "-aVR", "V8", "V9", "V8R", "V9R", "Nehb D", "Nehb A", "Nehb J")
_OTHER = ("defibrillator", "pacing", "A1", "A2", "A3", "A4")
_THIRD = (
    *("C", "V", "VR", "VL", "VF", "MCL", "MCL1", "MCL2", "MCL3", "MCL4", "MCL5", "MCL6"),
    *("CC", "CC1", "CC2", "CC3", "CC4", "CC6", "CC7", "CM", "CM1", "CM2", "CM3", "CM4", "CM6"),
)
_FOURTH = (*("CM7", "CH5", "CS5", "CB5", "CR5", "ML", "AB1", "AB2", "AB3", "AB4", "ES", "AS", "AI", "S"),)


def _from(start: int, names: tuple[str, ...]) -> dict[int, str]:
    return dict(enumerate(names, start=start))


NAMES: dict[int, str] = {
    **_from(1, _FIRST + _FRANK),
    **_from(61, _SECOND + _OTHER),
    **_from(86, _THIRD),
    **_from(121, _FOURTH),
    **_from(147, ("RL", "CV5RL", "CV6LL", "CV6LU", "V10")),
}
CALIBRATION = frozenset((*range(31, 61), *range(79, 86)))  # a lead with the calibration pulse, no ECG
_NUMBERS = {name: number for number, name in reversed(NAMES.items())}


def lead_name(number: int) -> str:
    """Return the name of a lead; "SCP lead n" where the table has none."""
    return canonical_name(NAMES[number]) if number in NAMES else f"SCP lead {number}"


def lead_number(name: str) -> int:
    """Return the code of a lead; 0, "unspecified", where the table has none."""
    return _NUMBERS.get(canonical_name(name), 0)
