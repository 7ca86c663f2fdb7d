"""The stages of training, a file each: its recipe, its trial of a minute, how it is run, what model it gives.

A stage is named by its file: `mtecg_pretrain.py` is `ecgview train mtecg pretrain`, `posttrain.py` is
`ecgview train posttrain`; its first line is its sentence there. To list them imports none of them, as they need torch.
Another package adds one under the entry-point group "ecgview.training.stages".
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, cast

from ecgview import plugins
from ecgview.errors import EcgviewError, ModelError
from ecgview.training.places import TRIAL_PER_FOLD, Places

_NEEDS = ("RECIPE", "SMOKE", "run")


class Stage(Protocol):
    """What each file has.

    It may have more:

    * `STARTS = True`: `Places.start` says what it goes on from;
    * `export(made, recipe, folder)`: writes weights and card of what `run` returned, and returns the card's path.
    """

    RECIPE: Any  # a frozen dataclass: every value that a run may be given, with its default
    SMOKE: Mapping[str, Any]  # what of it is other in a trial of a minute

    def run(self, recipe: Any, places: Places) -> Any:
        """Train, or go on where the run in `places.out` stopped; return what was made."""


def sentences() -> dict[tuple[str, str], str]:
    """Return what each stage does by (system, stage), stage "" where the system has but one; nothing is imported."""
    return {_words(name): text for name, text in plugins.sentences(sys.modules[__name__]).items()}


def every() -> Iterator[Stage]:
    """Yield every stage; those that cannot be used are left out (`plugins.faults`)."""
    for module in plugins.discover(sys.modules[__name__], needs=_NEEDS):
        yield cast(Stage, module)


def of(system: str, stage: str) -> Stage:
    """Return the file of a stage.

    Raises:
        ModelError: there is none of this name, or its file cannot be used.
    """
    room = sys.modules[__name__]
    for name in plugins.names(room):
        if _words(name) == (system, stage):
            try:
                return cast(Stage, plugins.named(room, name, needs=_NEEDS))
            except EcgviewError as error:
                raise ModelError(f"{system} {stage}".strip() + f" cannot be trained: {error}") from error
    known = ", ".join(" ".join(_words(name)).strip() for name in plugins.names(room))
    raise ModelError(f"there is no training stage {system} {stage}".strip(), expected=known)


def run(
    system: str, stage: str, places: Places, values: Mapping[str, Any], smoke: bool, export: Path | None
) -> None:
    """Run a stage and write the model where `export` says so.

    Raises:
        ModelError: no such stage, a value that its recipe does not know, or a start or an export that it has not.
    """
    from ecgview.training.engine.recipe import with_values

    found = of(system, stage)
    name = f"{system} {stage}".strip()
    if places.start is not None and not getattr(found, "STARTS", False):
        raise ModelError(f"{name} goes on from nothing", expected="no start", found=str(places.start))
    if export is not None and not hasattr(found, "export"):
        raise ModelError(f"{name} makes no model to export", expected="no export", found=str(export))
    places.cache.mkdir(parents=True, exist_ok=True)
    if smoke:
        places = replace(places, per_fold=TRIAL_PER_FOLD)
    recipe = with_values(found.RECIPE, {**(found.SMOKE if smoke else {}), **values})
    made = found.run(recipe, places)
    if export is not None:
        cast(Any, found).export(made, recipe, export)


def _words(name: str) -> tuple[str, str]:
    """Return system and stage of a file's name."""
    system, _, stage = name.partition("_")
    return system, stage.replace("_", "-")
