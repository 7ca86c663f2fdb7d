"""What a reader types finds what a reader means, best first."""

import pytest

from ecgview.labels import modifiers, terms
from ecgview.labels.entry import understand
from ecgview.labels.label_set import FREE_TEXT, load
from ecgview.labels.search import find

SETS = ("ptbxl71", "ecgfounder150", "cinc2021", "general28")


@pytest.mark.parametrize(
    ("set_id", "typed", "first"),
    [
        ("ptbxl71", "AFIB", "AFIB"),
        ("ptbxl71", "afi", "AFIB"),
        ("ptbxl71", "af", "AFIB"),
        ("ptbxl71", "心房颤动", "AFIB"),
        ("ptbxl71", "房颤", "AFIB"),
        ("ptbxl71", "室早", "PVC"),  # characters left out
        ("ptbxl71", "左束支", "CLBBB"),
        ("ptbxl71", "xfcd", "AFIB"),
        ("ptbxl71", "sxzb", "PVC"),
        ("ptbxl71", "zcxdt", "NORM"),
        ("ptbxl71", "dxxl", "SR"),  # exact initials before 窦性心律不齐
        ("ptbxl71", "left bundle", "CLBBB"),
        ("ptbxl71", "bundle  LEFT", "CLBBB"),
        ("ptbxl71", "long qt", "LNGQT"),
        ("ecgfounder150", "lbbb", "LEFT BUNDLE BRANCH BLOCK"),
        ("ecgfounder150", "nsr", "NORMAL SINUS RHYTHM"),
        ("ecgfounder150", "normal ecg", "NORMAL ECG"),
        ("cinc2021", "stach", "STach"),
    ],
)
def test_the_first_hit(set_id: str, typed: str, first: str) -> None:
    assert find(load(set_id), typed)[0].code == first


def test_nothing_typed_lists_everything_in_the_order_of_the_set() -> None:
    labels = load("ptbxl71")
    assert tuple(find(labels, "  ")) == labels.statements
    assert len(find(labels, "", limit=5)) == 5


def test_nothing_fits_nothing() -> None:
    assert find(load("ptbxl71"), "zzqqxx") == []


def test_every_statement_is_found_by_each_of_its_own_names() -> None:
    for set_id in ("ptbxl71", "ecgfounder150", "cinc2021", "general28"):
        labels = load(set_id)
        for statement in labels.statements:
            for name in (statement.code, statement.english, statement.chinese, statement.pinyin):
                if name:
                    assert statement in find(labels, name)[:6], (set_id, name)


@pytest.mark.parametrize("set_id", SETS)
def test_nothing_is_found_inside_a_word(set_id: str) -> None:
    def words(typed: str) -> str:
        return " ".join(found.english.casefold() for found in find(load(set_id), typed))

    assert "bradycardia" not in words("rad")
    assert "inverted" not in words("vt")
    assert "flutter" not in words("lut")
    assert "inversion" not in words("vt")


def test_the_table_of_abbreviations_names_codes_that_are_there_and_each_abbreviation_once() -> None:
    seen: set[str] = set()
    for term in terms.table():
        assert term.english, term.typed
        assert term.chinese, term.typed
        assert not seen & set(term.typed), seen & set(term.typed)
        seen |= set(term.typed)
        for set_id, codes in term.codes.items():
            assert all(code in load(set_id) for code in codes), (set_id, codes)
    assert len(seen) >= 200
    assert any(not typed.isascii() for typed in seen)


@pytest.mark.parametrize("set_id", SETS)
def test_every_abbreviation_leads_to_its_own_codes_first_or_to_its_words(set_id: str) -> None:
    labels = load(set_id)
    for term in terms.table():
        for typed in term.typed:
            offers = understand(labels, typed)
            assert offers, typed
            codes = term.codes.get(set_id, ())
            assert offers[0].is_known or len(codes) > 1, typed
            if len(codes) == 1 and not any(typed == s.code.casefold().strip("_") for s in labels.statements):
                assert codes[0] in [offer.statement.code for offer in offers[:2]], (set_id, typed)
            if not codes and offers[0].label_set == FREE_TEXT:
                assert offers[0].statement.english == term.english


@pytest.mark.parametrize(
    ("set_id", "typed", "code", "certainty", "kept"),
    [
        ("ptbxl71", "?lvh", "LVH", "possible", ()),
        ("ptbxl71", "possible old inferior mi", "IMI", "possible", ("old",)),
        ("ptbxl71", "陈旧性下壁心肌梗死", "IMI", "definite", ("old",)),
        ("ptbxl71", "acute imi", "IMI", "definite", ("acute",)),
        ("ptbxl71", "r/o wpw", "WPW", "cannot_exclude", ()),
        ("general28", "old mi", "OLD_MI", "definite", ()),  # a name of its own keeps its words
        ("general28", "old inferior mi", "OLD_MI", "definite", ("inferior",)),
        ("ecgfounder150", "acute inferior mi", "ACUTE MI", "definite", ("inferior",)),
        ("ptbxl71", "prob lad", "left axis deviation", "probable", ()),
    ],
)
def test_age_site_and_certainty_are_understood(
    set_id: str, typed: str, code: str, certainty: str, kept: tuple[str, ...]
) -> None:
    first = understand(load(set_id), typed)[0]
    assert (first.statement.code, first.certainty, first.modifiers) == (code, certainty, kept)


def test_own_words_are_one_line_of_bounded_length() -> None:
    (only,) = understand(load("ptbxl71"), "zz\u202e\x1b[31m" + "q" * 500)
    assert only.label_set == FREE_TEXT
    assert not only.is_known
    assert only.statement.code.isprintable()
    assert len(only.statement.code) <= 120


def test_modifiers_go_round() -> None:
    kept: tuple[str, ...] = ("inferior",)
    seen = []
    for _ in range(len(modifiers.AGES) + 1):
        kept = modifiers.following(kept, modifiers.AGES)
        seen.append(kept)
    assert seen[0] == ("acute", "inferior")
    assert seen[-1] == ("inferior",)


@pytest.mark.parametrize("typed", ["funny wave in V2", "Brugada-like V1", "possible Q in aVF"])
def test_own_words_keep_their_capitals(typed: str) -> None:
    offer = understand(load("ptbxl71"), typed)[-1]
    assert offer.label_set == FREE_TEXT
    assert offer.statement.english == typed.removeprefix("possible ")
    assert offer.certainty == ("possible" if typed.startswith("possible") else "definite")


def test_words_of_age_site_and_certainty_are_known_in_any_case() -> None:
    assert modifiers.of_age("OLD MI") == ("MI", ("old",))
    assert modifiers.of_site("Inferior Q") == ("Q", ("inferior",))
    assert modifiers.of_certainty("R/O MI") == ("MI", "cannot_exclude")


@pytest.mark.parametrize(
    ("set_id", "typed"),
    [("ptbxl71", "mi"), ("ecgfounder150", "bbb"), ("ptbxl71", "bbb"), ("cinc2021", "bundle")],
)
def test_what_several_statements_share_is_never_taken_without_a_choice(set_id: str, typed: str) -> None:
    offers = understand(load(set_id), typed)
    assert len(offers) > 2
    assert not offers[0].is_known
    assert understand(load("ptbxl71"), "inferior mi")[0].is_known


def test_an_old_infarction_without_a_site_is_given_none() -> None:
    first = understand(load("ptbxl71"), "old mi")[0]
    assert (first.label_set, first.statement.english) == (FREE_TEXT, "old myocardial infarction")
    assert first.is_known
