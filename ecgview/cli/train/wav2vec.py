"""The lead-agnostic system: contrastive pre-training with random lead masking, then any lead set."""

import argparse

from ecgview.cli.train import _stage

NAME = "wav2vec"
HELP = "wav2vec 2.0 + CMSC with random lead masking, for any set of leads"
_STAGES = {
    "pretrain": "contrastive pre-training",
    "finetune": "fine-tuning on PTB-XL's 71 statements, with --set leads='\"I,II\"' for a lead set",
    "identify": "patient identification with ArcFace",
}
_STARTS = dict.fromkeys(
    ("finetune", "identify"), "folder of the pre-training run, or id of an imported encoder"
)


def register(parser: argparse.ArgumentParser) -> None:
    """Add the stages."""
    _stage.add_stages(parser, _STAGES, _STARTS)


def run(args: argparse.Namespace) -> int:
    """Run one stage."""
    return _stage.run(args)
