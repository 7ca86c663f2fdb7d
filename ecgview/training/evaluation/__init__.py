"""What a model is worth on records that it never saw, with intervals: the evidence of its card.

`evaluate` returns every figure as plain values; `write_table` makes a CSV of them, `write_sheet` a page,
`write_to_card` puts them into the model's card.
"""

from ecgview.training.evaluation.asked import answers
from ecgview.training.evaluation.card_entry import write_to_card
from ecgview.training.evaluation.run import evaluate, evaluate_card, evaluate_maps
from ecgview.training.evaluation.sheet import write as write_sheet
from ecgview.training.evaluation.table import write as write_table
from ecgview.training.evaluation.written import write_text

__all__ = [
    "answers",
    "evaluate",
    "evaluate_card",
    "evaluate_maps",
    "write_sheet",
    "write_table",
    "write_text",
    "write_to_card",
]
