"""What the networks are shown of a packed record, and the lead sets that are asked of the lead-agnostic one."""

from collections.abc import Mapping
from dataclasses import replace

from ecgview.leads import STANDARD_12
from ecgview.models.cards import InputSpec
from ecgview.models.lead_sets import ALL, LISTED
from ecgview.models.networks import mtecg

MTECG = replace(mtecg.INPUT, scale=1.0)  # a pack is in millivolts
MTECG_SCALE = mtecg.INPUT.scale
LEAD_AGNOSTIC = InputSpec(leads=STANDARD_12, sampling_rate_hz=500.0, seconds=10.0, filter="none", scale=1.0)
LEAD_SETS: Mapping[str, tuple[str, ...]] = {
    ALL: STANDARD_12,
    **{name: LISTED[name] for name in ("6", "3", "2", "1")},
}
