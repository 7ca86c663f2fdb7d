"""Recipes: a frozen dataclass per stage, what a file or a command line changes in one, and the loop's settings."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from ecgview.errors import ModelError
from ecgview.training.data import share
from ecgview.training.engine.optimisation import LoopSettings

R = TypeVar("R")


def with_values(recipe: R, values: Mapping[str, Any]) -> R:
    """Return the recipe with these values put in; tables of the file go into nested recipes.

    Raises:
        ModelError: a name that the recipe does not know, a value of another type, or none of those that it may have.
    """
    kinds = get_type_hints(type(recipe))
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
        if get_origin(kinds[name]) is Literal and value not in get_args(kinds[name]):
            allowed = ", ".join(str(one) for one in get_args(kinds[name]))
            raise ModelError(
                f"the recipe's {name} is none of these", expected=allowed, found=repr(value)[:60]
            )
        changed[name] = value
    return dataclasses.replace(recipe, **changed)  # type: ignore[type-var]


def loop_settings(recipe: Any, n_rows: int, device: str, **fixed: Any) -> LoopSettings:
    """Return how the loop runs: what the recipe says under the loop's own names, but for what is `fixed`.

    Args:
        recipe: with `batch`, and any of the loop's values.
        n_rows: that an epoch sees, over all processes.
        device: auto, cpu, cuda or mps.
        fixed: values that the recipe does not have, or that hold whatever it says.

    Raises:
        ModelError: there is no epoch to run.
    """
    named = {field.name for field in dataclasses.fields(LoopSettings)}
    values = {name: getattr(recipe, name) for name in named if hasattr(recipe, name)} | fixed
    if values["epochs"] < 1:
        raise ModelError(
            "a run has at least one epoch", expected="epochs of 1 or more", found=str(values["epochs"])
        )
    steps = share.this_process(device).steps(recipe.batch, n_rows)
    found = LoopSettings(steps_per_epoch=steps, **values)
    # A short trial would otherwise end before its warm-up.
    return dataclasses.replace(found, warmup_epochs=min(found.warmup_epochs, found.epochs / 4))
