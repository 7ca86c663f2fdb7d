"""MTECG-T: masked pre-training, fine-tuning, linear probing, ablations."""

import argparse

from ecgview.cli.train import _stage

NAME = "mtecg"
HELP = "MTECG-T on time segments of the 12-lead ECG"
_STAGES = {
    "pretrain": "masked pre-training",
    "finetune": "fine-tuning on PTB-XL's 71 statements",
    "probe": "linear probing of a pre-trained encoder",
    "ablate": "the paper's ablations as a grid on the validation fold; the table is OUT/ablation.csv",
}
_START = "folder of the pre-training run, or id of a masked autoencoder of the catalogue"
_STARTS = dict.fromkeys(("finetune", "probe"), _START)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the stages."""
    _stage.add_stages(parser, _STAGES, _STARTS)


def run(args: argparse.Namespace) -> int:
    """Run one stage."""
    return _stage.run(args)
