"""What of a recipe a command line changes: a TOML file, then single values."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ecgview.errors import ModelError


def values(path: Path | None, pairs: Sequence[str], seed: int | None = None) -> dict[str, Any]:
    """Return what differs from the recipe's defaults: the file, then the command line."""
    found: dict[str, Any] = {}
    if path:
        try:
            found |= tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"is no recipe ({error})", where=str(path)) from None
    for pair in pairs:
        name, _, text = pair.partition("=")
        try:
            found |= tomllib.loads(f"{name} = {text}")
        except tomllib.TOMLDecodeError:
            raise ModelError(
                "--set does not hold a value of TOML", expected="NAME=VALUE, text in quotes", found=pair
            ) from None
    if seed is not None:
        found["seed"] = seed
    return found
