"""T7: what a record would be without an exchange of electrodes; it is looked at, and nothing is changed."""

from dataclasses import replace

import numpy as np
import pytest

from ecgview.errors import SignalError
from ecgview.signal import limb_leads
from ecgview.signal.judgement import judged
from tests.synthetic_ecg import record


@pytest.mark.parametrize("electrodes", limb_leads.EXCHANGES)
def test_an_exchange_taken_back_is_the_record_again(electrodes: str) -> None:
    made = record(noise_mv=0.01)
    other = limb_leads.as_if(made, electrodes)
    assert not np.allclose(other.leads(("I", "II", "III")), made.leads(("I", "II", "III")))
    assert np.array_equal(other.leads(("V1", "V6")), made.leads(("V1", "V6")))
    again = limb_leads.as_if(other, electrodes)
    assert np.array_equal(again.signal, made.signal)


@pytest.mark.parametrize("electrodes", limb_leads.EXCHANGES)
def test_einthoven_and_goldberger_hold_in_what_if(electrodes: str) -> None:
    other = limb_leads.as_if(record(), electrodes)
    one, two, three, right, left, foot = other.signal[:6]
    for zero in (one + three - two, right + (one + two) / 2, left - one + two / 2, foot - two + one / 2):
        assert np.abs(zero).max() < 1e-5


def test_it_says_what_it_is_and_is_no_recording() -> None:
    made = record()
    other = limb_leads.as_if(replace(made, source=replace(made.source, sha256="ab")), "right and left arm")
    assert other.source.sha256 == ""
    note = next(note for note in other.notes if note.kind == "what-if")
    assert "as if right and left arm had been exchanged" in note.text
    assert set(note.leads) == {"I", "II", "III", "aVR", "aVL"}


def test_leads_that_it_needs_must_be_there() -> None:
    made = record()
    two = replace(made, signal=made.leads(("I", "II")), lead_names=("I", "II"))
    assert limb_leads.as_if(two, "right and left arm").lead_names == ("I", "II")
    alone = replace(made, signal=made.leads(("II",)), lead_names=("II",))
    with pytest.raises(SignalError, match="III is not recorded"):
        limb_leads.as_if(alone, "right and left arm")
    with pytest.raises(SignalError, match="no such exchange"):
        limb_leads.as_if(made, "both legs")


def test_exchanged_arms_are_warned_of_and_not_corrected() -> None:
    exchanged = limb_leads.as_if(record(noise_mv=0.005), "right and left arm")
    assert any("right and left arm" in text for text in judged(exchanged).warnings)
    assert not any("perhaps exchanged" in text for text in judged(record(noise_mv=0.005)).warnings)
