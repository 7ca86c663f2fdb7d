"""Where an autoencoder's error lies among those of other records: percentiles with known answers, and refusals."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from ecgview.models import reference_errors
from ecgview.models.cards import ModelCard
from tests.tiny_models import autoencoder, keep_model  # noqa: F401


def _write(card: ModelCard, sha256: str = "") -> Path:
    """Write errors of 0 to 400 uV in the first phase, ten times as large in the second, few in the third."""
    grid = np.arange(401.0)
    errors = np.concatenate([grid, 10 * grid, grid[:50]])
    parts = np.repeat([0, 1, 2], [401, 401, 50])
    return reference_errors.write(
        card.folder, errors, parts, "401 invented records", 0.25, sha256 or card.sha256
    )


def test_an_error_has_its_place_in_its_own_part_of_the_beat(autoencoder: ModelCard) -> None:  # noqa: F811
    _write(autoencoder)
    table = reference_errors.of(autoencoder)
    assert table is not None
    errors = np.array([100.0, 100.0, 1000.0, 9000.0, 100.0, 100.0, np.nan])
    found = table.percentiles(errors, np.array([0, 1, 1, 1, 2, -1, 0]))
    assert found[:4] == pytest.approx([25.0, 2.5, 25.0, 100.0])
    assert np.isnan(found[4:]).all()  # too few segments, no beats, no error
    assert "401 invented records, 25 % hidden at random" in table.sentence
    assert table.segments.tolist() == [401, 401, 50, 0]


def test_a_table_of_other_weights_or_a_damaged_one_is_not_used(autoencoder: ModelCard) -> None:  # noqa: F811
    assert reference_errors.of(autoencoder) is None
    path = _write(autoencoder, "0" * 64)
    assert reference_errors.of(autoencoder) is None
    path.write_bytes(b"nothing of the kind")
    assert reference_errors.of(autoencoder) is None
    _write(autoencoder)
    tables = load_file(path)
    about = {"records": "x", "mask_ratio": "0.25", "sha256": autoencoder.sha256}
    tables["quantiles"][0, 5] = 1e6  # not in order
    save_file(tables, path, about)
    assert reference_errors.of(autoencoder) is None


def test_the_table_that_ships_belongs_to_the_weights_that_ship() -> None:
    from ecgview.models import cards

    table = reference_errors.of(cards.default("autoencoder"))
    assert table is not None
    assert (table.segments >= 1000).all()
    median = table.quantiles[:, 50]
    assert median[1] > 3 * median[[0, 2, 3]].max()  # QRS: steep, so that microvolts alone map it
