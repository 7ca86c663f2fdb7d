"""One reader under one name, and what others say is closed in the store itself until the first read is locked."""

from dataclasses import replace

import pytest

from ecgview.errors import BlindedError, ReviewError
from ecgview.record import EcgRecord
from ecgview.review import reader_name
from ecgview.review.judgement import Judged, Opinion, Verdict
from ecgview.review.read import ReadState
from ecgview.review.session import ReadingSession
from ecgview.review.store import Store


@pytest.mark.parametrize(
    "name",
    [
        "Dr Li",
        "  dr   li ",
        "DR LI",
        "Dr\u00a0Li",  # a space that does not break
        "Dr\u200b Li",  # one of no width
        "\ufeffDr Li\u200e",
        "\uff24r Li",  # a letter of full width
        "Dr L\u00adi",  # a hyphen that is not shown
        "Dr Li\ufe0f",
        "Dr\u3164 Li",
        "Dr Li\u2800",  # an empty cell of braille
        "Dr L\u180bi",
        "Dr Li\U00016fe4",
    ],
)
def test_spellings_that_look_alike_are_one_reader(store: Store, pulse_record: EcgRecord, name: str) -> None:
    first = ReadingSession(store, pulse_record, "Dr Li")
    first.set_comment("x")
    first.commit_first_read()
    again = ReadingSession(store, pulse_record, name)
    assert (again.reader, again.state) == ("Dr Li", ReadState.READ)
    assert store.statuses(["pulse"], name) == {"pulse": ReadState.READ}
    assert store.readers() == ("Dr Li",)


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "\u3164\ufeff\u00ad", "\u2800"])
def test_a_name_that_shows_nothing_is_none(store: Store, pulse_record: EcgRecord, name: str) -> None:
    with pytest.raises(ReviewError, match="name of its reader"):
        ReadingSession(store, pulse_record, name)


def test_a_name_has_an_end() -> None:
    assert len(reader_name.clean("a" * 100_000)) == reader_name.LONGEST


def test_letters_of_every_script_stay() -> None:
    for name in ("王芳", "Ágnes Nagy", "Ольга", "محمد", "Strauß"):
        assert reader_name.clean(name) == name
    assert reader_name.key("Strauß") == reader_name.key("STRAUSS")
    assert reader_name.key("Dr Li") != reader_name.key("Dr Lin")


def test_what_others_read_is_closed_until_the_first_read_is_locked(
    store: Store, pulse_record: EcgRecord
) -> None:
    first = ReadingSession(store, pulse_record, "Reader A")
    first.toggle_statement("AFIB")
    first.commit_first_read()
    first.reveal()
    judged = Judged("map", "AFIB", "m", "1.0", "f" * 64, "integrated gradients")
    first.judge(Opinion(Verdict.AGREE, ("II",), 0.5, 1.0, judged))
    assert len(store.reads("pulse")) == 1
    second = ReadingSession(store, pulse_record, "Reader B")
    assert store.audit("pulse", "Reader B") == []
    second.set_comment("mine")
    with pytest.raises(BlindedError, match="stay closed"):
        store.reads("pulse")
    assert store.reads("pulse", "Reader B") == ()
    assert {entry.reader for entry in store.audit("pulse", "Reader B")} == {"Reader B"}
    told = [entry.action for entry in store.audit("pulse") if entry.reader == "Reader A"]
    assert told == ["reading_started", "revealed"]  # nothing of what Reader A says
    assert not any("AFIB" in entry.details for entry in store.audit("pulse"))
    second.commit_first_read()
    assert [read.reader for read in store.reads("pulse")] == ["Reader A", "Reader B"]
    seen = [entry.action for entry in store.audit("pulse", "Reader B") if entry.reader == "Reader A"]
    assert "first_read_committed" in seen
    assert "judged" not in seen
    assert "judged" in [entry.action for entry in store.audit("pulse", "Reader A")]


def test_a_record_that_others_read_is_no_obstacle_to_another(store: Store, pulse_record: EcgRecord) -> None:
    for sha256 in ("one", "two"):
        record = replace(pulse_record, source=replace(pulse_record.source, sha256=sha256))
        ReadingSession(store, record, "Reader A").set_comment("x")
        session = ReadingSession(store, record, "Reader B")
        session.set_comment("y")
        if sha256 == "one":
            session.commit_first_read()
    with pytest.raises(BlindedError):
        store.reads("one")
    assert store.reads("two") == ()
