"""Into what pieces of time an autoencoder cuts its input: the units in which an ECG is hidden from it.

They follow from its card: `config.segment_samples` at the rate and over the seconds of its input. Nothing else knows
how many they are, so that another autoencoder is its card and weights alone.
"""

from dataclasses import dataclass

from ecgview.errors import ModelError
from ecgview.models import cards
from ecgview.models.cards import ModelCard

# 50 ms at 500 Hz, of MTECG as published (arXiv 2309.07136): for a card that says nothing, as older ones do not
PUBLISHED_SAMPLES = 25


@dataclass(frozen=True, slots=True)
class Segments:
    """`count` segments of `samples` each, at the input's rate, from the record's start."""

    count: int
    samples: int
    sampling_rate_hz: float

    @property
    def seconds(self) -> float:
        """How long one of them is."""
        return self.samples / self.sampling_rate_hz


def of(card: ModelCard) -> Segments:
    """Return the segments of an autoencoder.

    Raises:
        ModelError: the card's size is no number of samples, or its input is not cut by it without a rest.
    """
    samples = card.config.get("segment_samples", PUBLISHED_SAMPLES)
    whole = round(card.input.seconds * card.input.sampling_rate_hz)
    if not isinstance(samples, int) or not 1 <= samples <= whole // 2 or whole % samples:
        raise ModelError(
            "the input is not cut into segments",
            where=f"{card.folder / 'card.json'}: config.segment_samples",
            expected=f"a part of {whole} samples",
            found=f"{samples!r}"[:40],
        )
    return Segments(whole // samples, samples, card.input.sampling_rate_hz)


def autoencoder(model_id: str | None = None) -> ModelCard:
    """Return the card of an autoencoder, the default one where None; ModelError if it is none."""
    card = cards.default("autoencoder") if model_id is None else cards.get(model_id)
    if card.kind != "autoencoder":
        raise ModelError(f"{card.id} is no autoencoder", found=card.kind)
    return card
