"""A network is a file in its room: listed without torch, found by name, and named where it cannot be used."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_models import keep_model

from ecgview import api
from ecgview.cli import main
from ecgview.errors import ModelError
from ecgview.models import architectures, cards, gradients, networks
from ecgview.models.cards import ModelCard
from ecgview.record import EcgRecord

ROOT = Path(__file__).resolve().parent.parent.parent


def test_to_list_networks_imports_none_of_them() -> None:
    code = (
        "import sys; from ecgview import api; names = api.list_networks()\n"
        "heavy = [name for name in sys.modules if name == 'torch' or name.startswith('ecgview.models.networks.')]\n"
        "print(*names); print(heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    names, heavy = done.stdout.splitlines()
    assert "mtecg-mae" in names.split()
    assert heavy == "[]"


def test_every_card_with_weights_names_one_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "networks"]) == 0
    listed = capsys.readouterr().out.split()
    assert set(listed) == {*api.list_networks()}
    # a composite of answers and a comparison of median beats: no network of torch is built for them
    assert {card.network for card in cards.available()} - {*listed} == {"lef-composite", "median-beat"}


def test_every_file_says_what_it_is() -> None:
    found = dict(networks.every())
    assert tuple(found) == networks.names()  # none of ours is left out
    assert len({file.NAME for file in found.values()}) == len(found)


def test_an_unknown_network_is_named_with_those_that_are_here() -> None:
    card = replace(cards.get("mtecg-ptbxl"), network="mtecg_mae")
    with pytest.raises(ModelError, match=r"unknown network 'mtecg_mae'") as told:
        architectures.build(card)
    assert "mtecg-mae" in str(told.value.expected)
    assert str(told.value.where).endswith(": network")


@pytest.mark.parametrize(
    ("text", "why"), [("raise KeyError('x')\n", "KeyError"), ("NAME = 'mine'\n", "it lacks build")]
)
def test_a_file_that_cannot_be_used_says_why(
    text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"theirs_{len(text)}"  # a module is imported once a process
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(networks, "__path__", [*networks.__path__, str(tmp_path)])
    asked = name.replace("_", "-")
    assert asked in networks.names()
    with pytest.raises(ModelError, match=why) as told:
        architectures.build(replace(cards.get("mtecg-ptbxl"), network=asked))
    assert told.value.where == str(tmp_path / f"{name}.py")
    assert asked not in dict(networks.every())  # the others can be used


@pytest.mark.parametrize("config", [{}, {"width": 48, "n_heads": 4, "depth": 2}])
@pytest.mark.parametrize("name", networks.names())
def test_the_sizes_of_a_network_build_it_again(name: str, config: dict[str, int]) -> None:
    file: Any = networks.of(name)
    known = {field.name for field in fields(architectures.build(_card(name)).config)}
    first = architectures.build(_card(name, {key: value for key, value in config.items() if key in known}))
    again = architectures.build(_card(name, json.loads(json.dumps(file.sizes(first)))))
    shapes = [{key: value.shape for key, value in one.state_dict().items()} for one in (first, again)]
    assert shapes[0] == shapes[1]
    heads = [[getattr(part, "n_heads", None) for part in one.modules()] for one in (first, again)]
    assert heads[0] == heads[1]


def _card(name: str, config: Mapping[str, Any] | None = None) -> ModelCard:
    return replace(cards.get("mtecg-ptbxl"), network=name, labels=("a", "b"), config=config or {})


@pytest.mark.parametrize("config", [{"width": "wide"}, {"depth": -1.5}, {"colour": "red"}])
def test_a_card_with_sizes_of_a_wrong_kind_is_named(config: dict[str, object]) -> None:
    card = replace(cards.get("mtecg-ptbxl"), config=config)
    with pytest.raises(ModelError) as told:
        architectures.build(card)
    assert str(told.value.where) == f"{card.folder}: config"


AUTOENCODER = """
import torch
from ecgview.models.networks.kit.sizes import sized
NAME = "Level"
class Level(torch.nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.level = torch.nn.Parameter(torch.zeros(len(sizes["leads"])))
    def reconstruct(self, x, mask):
        return (self.level[:, None] + 0 * x).float()
def build(card):
    return Level(sized(dict, card, leads=card.input.leads))
"""


def test_an_added_autoencoder_fills_what_is_hidden(
    isolated_home: Path, tmp_path: Path, pulse_record: EcgRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "levels.py").write_text(AUTOENCODER, encoding="utf-8")
    monkeypatch.setattr(networks, "__path__", [*networks.__path__, str(tmp_path)])
    shipped = cards.get("mtecg-mae-ptbxl")
    card = replace(shipped, id="levels", network="levels", config={"segment_samples": 100})
    keep_model(card, {"level": torch.full((12,), 0.5)})
    found = api.reconstruct(pulse_record, 0.25, 0, "levels", "cpu")
    assert found.mask.size == 50  # segments of the card
    hidden = np.repeat(found.mask, 100)
    assert found.reconstructed[:, hidden] == pytest.approx(0.5 / shipped.input.scale)
    assert np.isnan(found.reconstructed[:, ~hidden]).all()


def test_another_package_brings_a_network(tmp_path: Path) -> None:
    """Installed beside ours, with an entry point of the room's name."""
    text = (ROOT / "tests/one_new_file/network.py").read_text(encoding="utf-8")
    (tmp_path / "their_package.py").write_text(text, encoding="utf-8")
    about = tmp_path / "their_package-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: their-package\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[ecgview.models.networks]\nher_halves = their_package\n")
    code = (
        "import sys; from pathlib import Path; from ecgview import api\n"
        "listed = api.list_networks(); print('her-halves' in listed, 'their_package' in sys.modules)\n"
        "from ecgview.training.engine import bodies\n"
        "body = bodies.of(Path('her-halves'), ('one', 'two'), small=True)\n"
        "print(body.name, body.card.network, body.head.out_features)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["True False", "Halves her-halves 2"]


def test_a_network_without_gradients_says_so_itself() -> None:
    card = cards.get("random-kernels-ptbxl")
    with pytest.raises(ModelError, match=r"counts samples above thresholds: its outputs have no gradient"):
        gradients.network(card, "cpu")
    assert networks.without_gradients(cards.get("mtecg-ptbxl")) == ""
