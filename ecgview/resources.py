"""Find the files that ship with ecgview: labels, model cards, fonts, demonstration records, help."""

from pathlib import Path

_PACKAGED = Path(__file__).parent / "_resources"  # in a wheel or an installer
_CHECKOUT = Path(__file__).parent.parent / "resources"  # in a git checkout


def path(*parts: str) -> Path:
    """Return the path of a shipped file or folder; FileNotFoundError names it if it is missing."""
    root = _PACKAGED if _PACKAGED.is_dir() else _CHECKOUT
    found = root.joinpath(*parts)
    if not found.exists():
        raise FileNotFoundError(f"resource {'/'.join(parts)} is missing from {root}")
    return found
