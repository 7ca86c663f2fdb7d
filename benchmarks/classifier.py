#!/usr/bin/env python3
"""Print a classifier before and after: PTB-XL's unseen fold, other hospitals, and its recipe's cross-validation.

python benchmarks/classifier.py DATA --before ID --after ID [--crossed LOGITS.npz] [--resamples N] [--cache FOLDER]
                                [--json FILE]

DATA holds PTB-XL and other hospitals' sets. Superclasses and statements (five positives or more): macro AUROC, F1 at
each model's own cuts, Brier score, calibration error; outside, the findings that SNOMED CT codes share with PTB-XL's
statements. Differences are paired by a bootstrap over patients. PTB-XL's own records under other names, its copies at
100 Hz and recordings that lie in two folders count once. LOGITS.npz (`record_id`, `fold`, `logits`) are what networks
of the recipe said of records that they had not learnt from.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgview.training.evaluation import before_after


def main(words: list[str] | None = None) -> int:
    """Make the table and print it as Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--before", required=True)
    parser.add_argument("--after", required=True)
    parser.add_argument("--crossed", type=Path)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--cache", type=Path, help="packed ECGs, kept for the next time")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(words)
    with tempfile.TemporaryDirectory() as scratch:
        cache = args.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        found = before_after.table(
            args.after, args.before, args.data, cache, resamples=args.resamples, crossed=args.crossed
        )
    if args.json:
        args.json.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(before_after.markdown(found), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
