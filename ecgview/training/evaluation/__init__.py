"""What a model is worth on records that it never saw, with intervals: the evidence of its card.

`evaluate` returns every figure as plain values; `table.write` and `sheet.write` make a CSV and a page of them.
"""

from ecgview.training.evaluation.asked import answers
from ecgview.training.evaluation.card_entry import write_to_card
from ecgview.training.evaluation.run import evaluate

__all__ = ["answers", "evaluate", "write_to_card"]
