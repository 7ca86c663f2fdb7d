"""The networks, a file each: its name, how a card builds it, which checkpoints are its own, how it learns from labels.

A card names a network by its file, with hyphens: "mtecg-mae" is `mtecg_mae.py`. To list them imports none of them, as
each imports torch. What a module of theirs is asked for:

* a classifier gives `module(x)`, (batch, classes) logits of (batch, leads, samples) network input;
* an autoencoder `module.reconstruct(x, mask)`, (batch, leads, samples), of a mask (batch, segments), True = hidden;
* an encoder and an identifier `module.forward_features(x)`, (batch, width);
* a delineator `module(x)`, (leads, 4, samples) logits of no wave, P, QRS and T, of (leads, 2, samples) of any length.

What is trained on labels is also asked for `forward_features(x)` and `forward_head(features)`; where it has
`forward_part(x, share)`, features of a random share of its input, training may show it that part alone. It may name its
layers from the input on, `layer_groups()`, for rates that fall towards the input (what is in none comes last), and
parameters that weight decay must leave alone, `without_decay()`; lists of parameters.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from ecgview import plugins
from ecgview.errors import EcgviewError, ModelError
from ecgview.models.cards import ModelCard

if TYPE_CHECKING:
    import torch

    from ecgview.models.networks.kit.drop_path import DropPathRule

_TOOLS = ("kit",)
_NEEDS = ("NAME", "build")


@dataclass(frozen=True, slots=True)
class PostTraining:
    """What the second stage of post-training asks of a network; all zero for official fine-tuning (methods C.2)."""

    dropout: float = 0.0
    drop_path: float = 0.0  # rate of stochastic depth, in the last block or in all, as the rule says
    drop_path_rule: "DropPathRule" = "linear"


class Network(Protocol):
    """What each file has.

    It may say more, as far as it holds for the network:

    * `WITHOUT_GRADIENTS`: why its outputs have no gradient ("counts samples above thresholds"), so that no map is made;
    * `compared(card)`: how many of the features of its head, the first ones, tell an unusual record, where not all;
    * `CHECKPOINT`: how a published checkpoint of it is known, in words for a reader whose file is none;
    * `renamed(state)`: the weights of such a checkpoint under this file's names;
    * `recognise(state, stranger, where)`: the card of weights that are its own, None for others. `stranger` is the card
      of a file of which nothing is known, to be completed.

    And where it is trained here:

    * `INPUT`: the input (`cards.InputSpec`) that it is trained on where it starts from random weights;
    * `sizes(module)`: the card's `config` that builds this module again.

    And where it can be trained on labels, fine-tuned or post-trained, whatever the task:

    * `HEAD`: the name of the linear layer that `forward_head` is; it is made anew for each task;
    * `TRAINED`: sizes that are other than the published ones in what is trained here;
    * `SMALL`: sizes for a trial of a minute;
    * `post_training(asked)`: the sizes that `PostTraining` asks for: where dropout and stochastic depth stand in it;
    * `begin(module, seed)`: starting weights better than those that `build` gives;
    * `carried(state)`: of the weights of a pre-trained model those that it goes on from, under its own names;
    * `BODY`: the network that goes on from its weights, where that is another: an autoencoder's encoder.
    """

    NAME: str  # for people: "MTECG-T"

    def build(self, card: ModelCard) -> "torch.nn.Module":
        """Return the network of a card with starting weights; ModelError names a size that it does not know.

        It is built on torch's device "meta" first, in shapes alone, so that a card cannot ask for more than its file
        holds: a list of numbers that is drawn from a tensor is made with `device="cpu"`.
        """


def names() -> tuple[str, ...]:
    """Return the networks by the names that cards give them; nothing is imported."""
    return tuple(name.replace("_", "-") for name in plugins.names(sys.modules[__name__], _TOOLS))


def of(name: str, where: str | None = None) -> Network:
    """Return the file of a network; `where` is told if there is none.

    Raises:
        ModelError: no network has this name, or its file cannot be used.
    """
    room = sys.modules[__name__]
    for found in plugins.names(room, _TOOLS):
        if found.replace("_", "-") == name:
            try:
                return cast(Network, plugins.named(room, found, _TOOLS, _NEEDS))
            except EcgviewError as error:
                raise ModelError(error.sentence, where=error.where) from None
    raise ModelError(f"unknown network {name!r}", where=where, expected=", ".join(names()))


def every() -> Iterator[tuple[str, Network]]:
    """Yield name and file of every network that can be used; torch comes with the first."""
    for name in names():
        try:
            yield name, of(name)
        except ModelError:  # it stands in `plugins.faults`
            continue


def faults() -> dict[str, str]:
    """Return why networks cannot be used, by name, those alone; torch comes with the first file."""
    found = {}
    for name in names():
        try:
            of(name)
        except ModelError as error:
            found[name] = str(error)
    return found


def without_gradients(card: ModelCard) -> str:
    """Return why the outputs of a card's network have no gradient; empty where they have one."""
    return str(getattr(of(card.network), "WITHOUT_GRADIENTS", ""))


def renamed(name: str, state: "Mapping[str, torch.Tensor]") -> "dict[str, torch.Tensor]":
    """Return a checkpoint's weights under the names of a network's file."""
    under = getattr(of(name), "renamed", dict)
    return cast("dict[str, torch.Tensor]", under(state))
