"""Recipes: a frozen dataclass per stage, its defaults, and what a file or a command line changes in them."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from ecgview.errors import ModelError
from ecgview.training.engine.optimisation import LoopSettings

R = TypeVar("R")
LOOP_FIELDS = ("precision", "accumulate", "patience", "save_minutes")


def with_values(recipe: R, values: Mapping[str, Any]) -> R:
    """Return the recipe with these values put in; tables of the file go into nested recipes.

    Raises:
        ModelError: a name that the recipe does not know, or a value of another type.
    """
    known = {field.name: field for field in dataclasses.fields(recipe)}  # type: ignore[arg-type]
    changed: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            raise ModelError(f"unknown value {name!r} of the recipe", expected=", ".join(sorted(known)))
        now = getattr(recipe, name)
        if dataclasses.is_dataclass(now) and isinstance(value, Mapping):
            changed[name] = with_values(now, value)
            continue
        if isinstance(now, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if isinstance(now, tuple) and isinstance(value, list):
            value = tuple(value)
        if type(value) is not type(now):
            raise ModelError(
                f"the value {name!r} of the recipe is of another kind",
                expected=type(now).__name__,
                found=repr(value)[:60],
            )
        changed[name] = value
    return dataclasses.replace(recipe, **changed)  # type: ignore[type-var]


def with_loop_values(settings: LoopSettings, recipe: object) -> LoopSettings:
    """Return the settings with the engine's own options as the recipe has them."""
    return dataclasses.replace(settings, **{name: getattr(recipe, name) for name in LOOP_FIELDS})
