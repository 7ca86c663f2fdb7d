"""LEF: exact shares of named predictors, an index that never calls itself a probability, and its scope."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ecgview import api
from ecgview.errors import ModelError, NotAnalysed
from ecgview.explain import contributions
from ecgview.models import asking, cards, context, runtime
from ecgview.models.cards import ModelCard
from ecgview.models.tabular import fitted, lef, reference, shares, table
from ecgview.record import EcgRecord, Patient
from ecgview.results import LefResult, Prediction, ReferenceSet
from ecgview.training.data.rows import Row
from ecgview.training.lef import reference as lef_reference

CODES = ("NORM", "ILBBB", "INJAL")


@pytest.fixture
def answered(classifier: ModelCard, pulse_record: EcgRecord) -> Callable[..., Prediction]:
    """Return what makes a prediction of the tiny classifier with chosen probabilities."""
    real = runtime.classify(pulse_record, device="cpu")

    def chosen(**probability: float) -> Prediction:
        known = {"PACE": 0.0} | probability
        scores = [
            replace(s, probability=known.get(s.code, s.probability), threshold=None, not_assessable="")
            for s in real.scores
        ]
        return replace(real, scores=tuple(scores))

    return chosen


def test_the_index_is_the_mean_of_the_logits_in_deviations_from_the_reference(
    answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    card = cards.get("lef-zero-shot")
    scale = table.read(card.weights_path).model
    assert isinstance(scale, table.Linear)
    result = lef.from_prediction(pulse_record, answered(NORM=0.2, ILBBB=0.5, INJAL=0.9), card)
    logits = np.array([np.log(0.8 / 0.2), 0.0, np.log(0.9 / 0.1)])
    mean = float(np.sum((logits - scale.background) * scale.coefficients))
    assert result.kind == "index"
    assert result.model_output == pytest.approx(mean, abs=1e-6)
    assert result.value == pytest.approx(1 / (1 + np.exp(-mean)), abs=1e-6)
    assert dict(result.single_predictors) == pytest.approx(
        {"1-P(NORM)": 0.8, "P(ILBBB)": 0.5, "P(INJAL)": 0.9}
    )
    assert result.contributions is not None
    assert abs(result.contributions.residual) < 1e-6
    assert result.contributions.method == "shap.LinearExplainer"
    assert "not probabilities" in result.model.caveat
    assert "does not rule out disease" in result.model.caveat
    assert "echocardiography" in card.intended_use
    assert contributions.shares(pulse_record, result) is result.contributions
    sizes = [abs(item.contribution) for item in result.contributions.items]
    assert sizes == sorted(sizes, reverse=True)


def test_extreme_probabilities_stay_finite(
    answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    result = lef.from_prediction(
        pulse_record, answered(NORM=1.0, ILBBB=0.0, INJAL=1.0), cards.get("lef-zero-shot")
    )
    assert np.isfinite(result.model_output)
    assert 0 < result.value < 1


def test_predict_runs_the_classifier_itself(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    result = asking.lef(pulse_record, "lef-zero-shot", classifier.id, "cpu")
    prediction = runtime.classify(pulse_record, device="cpu")
    single = dict(result.single_predictors)
    assert single["1-P(NORM)"] == pytest.approx(1 - prediction.probability("NORM"), abs=1e-6)
    assert classifier.name in result.model.name
    with pytest.raises(ModelError, match="no LEF model"):
        asking.lef(pulse_record, classifier.id)


def test_the_composite_does_without_a_predictor_and_says_so(
    answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    full = answered(NORM=0.2, ILBBB=0.5)
    without = replace(full, scores=tuple(score for score in full.scores if score.code != "INJAL"))
    result = lef.from_prediction(pulse_record, without, cards.get("lef-zero-shot"))
    scale = table.read(cards.get("lef-zero-shot").weights_path).model
    assert isinstance(scale, table.Linear)
    steps = (np.array([np.log(4), 0.0]) - scale.background[:2]) * scale.coefficients[:2]
    assert result.model_output == pytest.approx(float(steps.sum()) * 3 / 2, abs=1e-6)
    assert "P(INJAL)" in result.model.caveat
    assert result.threshold is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: replace(r, signal=r.signal[:11], lead_names=r.lead_names[:11]), "leads not recorded: V6"),
        (lambda r: r.with_signal(r.signal[:, :3000]), "6.0 s"),
        (lambda r: replace(r, patient=Patient(age_years=17)), "17 years old"),
        (lambda r: r.with_signal(np.where(np.arange(5000) < 2000, np.nan, r.signal)), "gaps"),
        (lambda r: r.with_signal(np.where(np.arange(12)[:, None] == 7, 0, r.signal)), "no signal in V2"),
    ],
    ids=["missing lead", "short", "child", "gaps", "flat"],
)
def test_a2_out_of_scope_is_a_third_state(
    change: Callable[[EcgRecord], EcgRecord], reason: str, classifier: ModelCard, pulse_record: EcgRecord
) -> None:
    result = asking.lef(change(pulse_record), "lef-zero-shot", classifier.id, "cpu")
    assert (result.value, result.model_output, result.contributions) == (None, None, None)
    assert (result.analysed, result.result) == (False, "not analysed")
    assert reason in result.reason
    with pytest.raises(NotAnalysed, match=reason):
        contributions.shares(pulse_record, result)


def test_a2_paced_rhythm_is_not_analysed(
    answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    card = cards.get("lef-zero-shot")
    assert (
        lef.from_prediction(pulse_record, answered(PACE=0.7), card).reason == "paced rhythm: P(PACE) = 0.70"
    )
    assert lef.from_prediction(pulse_record, answered(PACE=0.3), card).analysed
    adult = replace(pulse_record, patient=Patient(age_years=18))
    assert lef.from_prediction(adult, answered(PACE=0.3), card).analysed


def test_a2_pacing_that_its_classifier_gives_as_hardly_ever_without_is_enough(
    classifier: ModelCard, answered: Callable[..., Prediction], pulse_record: EcgRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "lef-zero-shot"
    shutil.copytree(cards.get("lef-zero-shot").folder, folder)
    probability = np.random.default_rng(0).uniform(size=(1000, 71)).astype(np.float32)
    probability[:, classifier.labels.index("PACE")] *= 0.2  # as of a network that saw few: never near a half
    card = reference.set_reference(folder, classifier, probability, ReferenceSet("invented records", 1000))
    cut = table.read(card.weights_path).paced_at["PACE"]
    assert np.mean(probability[:, classifier.labels.index("PACE")] >= cut) == pytest.approx(0.005, abs=0.001)
    refused = lef.from_prediction(pulse_record, answered(PACE=cut + 0.01), card)
    assert (refused.analysed, refused.placed) == (False, ())
    assert refused.reason.startswith(f"perhaps paced: P(PACE) = {cut + 0.01:.2f}")
    assert lef.from_prediction(pulse_record, answered(PACE=cut - 0.01), card).analysed
    other = replace(answered(PACE=cut + 0.01), model=replace(answered().model, sha256="0" * 64))
    assert lef.from_prediction(pulse_record, other, card).analysed  # the cut is of another classifier


def _training_rows() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    rows = random.uniform(0.01, 0.99, (600, 3))
    odds = 3 * rows[:, 1] - 2 * rows[:, 0] + 4 * rows[:, 1] * rows[:, 2] - 1
    return rows, (random.uniform(size=600) < 1 / (1 + np.exp(-odds))).astype(int)


def _kept(raw: dict[str, object], network: str, classifier: ModelCard, **changes: Any) -> ModelCard:
    shipped = cards.get("lef-zero-shot")
    folder = cards.user_folder() / "fitted"
    folder.mkdir(parents=True)
    (folder / "model.json").write_text(json.dumps(raw))
    sha256 = cards.sha256_of(folder / "model.json")
    card = replace(shipped, id="fitted", network=network, sha256=sha256, folder=folder, **changes)
    (folder / "card.json").write_text(json.dumps(cards.as_json(card)))
    return cards.get("fitted")


def _fit(kind: str, classifier: ModelCard) -> tuple[dict[str, object], Callable[[np.ndarray], np.ndarray]]:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, outcome = _training_rows()
    names = [table.Predictor(f"P({code})", (code,)) for code in CODES]
    if kind == "lef-linear":
        pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows, outcome)
        raw = fitted.from_logistic(pipeline[0], pipeline[1], names, classifier)
        return raw, pipeline.decision_function
    trees = HistGradientBoostingClassifier(max_iter=30, max_depth=4, random_state=0).fit(rows, outcome)
    return fitted.from_boosted_trees(trees, names, classifier), trees.decision_function


@pytest.mark.parametrize("kind", lef.FITTED)
def test_a_fitted_model_says_the_same_from_its_file(
    kind: str, classifier: ModelCard, answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    raw, decision = _fit(kind, classifier)
    card = _kept(raw, kind, classifier, calibrated="calibrated on a held-out fold")
    for row in np.random.default_rng(5).uniform(0.01, 0.99, (8, 3)):
        result = lef.from_prediction(pulse_record, answered(**dict(zip(CODES, row, strict=True))), card)
        assert result.model_output == pytest.approx(float(decision(row[None])[0]), abs=1e-9)
        assert result.kind == "probability"
        assert result.contributions is not None
        assert abs(result.contributions.residual) <= 1e-6
        assert result.contributions.method.startswith("shap.")
    rows, _ = _training_rows()
    assert result.contributions.base_value == pytest.approx(float(decision(rows).mean()), abs=0.05)


def test_a_fitted_model_is_an_index_until_its_card_says_calibrated(
    classifier: ModelCard, answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    card = _kept(_fit("lef-linear", classifier)[0], "lef-linear", classifier, config={lef.LVEF_CUT: 40})
    result = lef.from_prediction(pulse_record, answered(NORM=0.3), card)
    assert (result.kind, result.cut) == ("index", "an LVEF of 40 % or less")
    assert "Fitted to an LVEF of 40 % or less, but not calibrated: no probability." in result.model.caveat
    assert "echocardiography" not in result.model.caveat  # it was fitted to that
    other = replace(answered(NORM=0.3), model=replace(answered().model, sha256="0" * 64))
    with pytest.raises(ModelError, match="fitted on another classifier"):
        lef.from_prediction(pulse_record, other, card)


def test_shares_that_do_not_add_up_are_never_shown(
    answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    result = lef.from_prediction(pulse_record, answered(NORM=0.3), cards.get("lef-zero-shot"))
    assert result.contributions is not None
    for wrong in (
        replace(result.contributions, base_value=result.contributions.base_value + 2e-6),
        replace(result.contributions, model_output=float("nan")),
    ):
        with pytest.raises(ModelError, match="do not add up"):
            shares.check(wrong)
        with pytest.raises(ModelError, match="do not add up"):
            contributions.shares(pulse_record, replace(result, contributions=wrong))
    with pytest.raises(ModelError, match="another record"):
        contributions.shares(pulse_record, replace(result, record_sha256="other"))


def _broken(raw: dict, path: str, value: object) -> dict:
    place = raw = json.loads(json.dumps(raw))
    *way, last = path.split("/")
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return raw


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("lef-linear", "transform", "exec"),
        ("lef-linear", "predictors", []),
        ("lef-linear", "linear/coefficients", [1.0]),
        ("lef-linear", "linear/background", [1.0, None, 2.0]),
        ("lef-linear", "linear/intercept", "much"),
        ("lef-trees", "trees/trees/0/left", [0]),
        ("lef-trees", "trees/trees/0/value", []),
        ("lef-trees", "trees/base", None),
    ],
)
def test_a_wrong_table_is_refused(
    kind: str, path: str, value: object, classifier: ModelCard, tmp_path: Path
) -> None:
    file = tmp_path / "model.json"
    file.write_text(json.dumps(_fit(kind, classifier)[0]))
    table.read(file)
    file.write_text(json.dumps(_broken(json.loads(file.read_text()), path, value)))
    with pytest.raises(ModelError, match=r"model\.json"):
        table.read(file)


@pytest.mark.parametrize("child", [0, 99])
def test_a_tree_that_never_ends_is_refused(child: int, classifier: ModelCard, tmp_path: Path) -> None:
    raw = _fit("lef-trees", classifier)[0]
    raw["trees"]["trees"][0]["left"][0] = child  # type: ignore[index]
    (tmp_path / "model.json").write_text(json.dumps(raw))
    with pytest.raises(ModelError, match="is no tree"):
        table.read(tmp_path / "model.json")


def test_not_analysed_carries_the_model(classifier: ModelCard, pulse_record: EcgRecord) -> None:
    short = pulse_record.with_signal(pulse_record.signal[:, :1000])
    result: LefResult = asking.lef(short, "lef-zero-shot", classifier.id, "cpu")
    assert result.model.model_id == "lef-zero-shot"
    assert result.model.training_data.startswith("none")


def test_the_reference_cohort_sets_base_value_and_percentiles_and_no_verdict(
    classifier: ModelCard, answered: Callable[..., Prediction], pulse_record: EcgRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "lef-zero-shot"
    shutil.copytree(cards.get("lef-zero-shot").folder, folder)
    probability = np.random.default_rng(0).uniform(size=(200, 71)).astype(np.float32)
    cohort = ReferenceSet("invented records", 200, 18, 90)
    card = reference.set_reference(folder, classifier, probability, cohort)
    results = [
        lef.from_prediction(
            pulse_record,
            answered(**{code: float(row[classifier.labels.index(code)]) for code in CODES}),
            card,
        )
        for row in probability
    ]
    assert {(result.result, result.threshold, result.cut) for result in results} == {
        ("index without a verdict", None, "")
    }
    order = np.argsort([result.value for result in results])
    places = np.array([result.percentile for result in results])[order]
    np.testing.assert_allclose(places, np.linspace(0, 100, 200), atol=1.0)
    assert results[order[100]].place == "percentile 50 of 200 ECGs of invented records, aged 18 to 90"
    assert results[0].reference_set == cohort
    norm = probability[:, classifier.labels.index("NORM")]
    singles = np.array([result.placed[0].percentile for result in results])
    np.testing.assert_allclose(singles[np.argsort(-norm)], np.linspace(0, 100, 200), atol=1.0)
    assert [one.direction for one in results[0].placed] == [
        "the lower P(NORM)",
        "the higher P(ILBBB)",
        "the higher P(INJAL)",
    ]
    assert "Never compared with echocardiography." in results[0].model.caveat
    assert results[0].contributions is not None
    medians = [np.median(probability[:, classifier.labels.index(code)]) for code in CODES]
    at_median = lef.from_prediction(
        pulse_record, answered(**dict(zip(CODES, map(float, medians), strict=True))), card
    )
    assert results[0].contributions.base_value == pytest.approx(at_median.model_output, abs=1e-3)
    other = replace(answered(NORM=0.3), model=replace(answered().model, sha256="0" * 64))
    elsewhere = lef.from_prediction(pulse_record, other, card)
    assert (elsewhere.percentile, elsewhere.reference) == (
        None,
        "",
    )  # the percentiles are of another classifier
    assert {one.place for one in elsewhere.placed} == {"no percentile"}


def test_each_predictor_has_an_equal_say_in_the_index(classifier: ModelCard, tmp_path: Path) -> None:
    folder = tmp_path / "lef-zero-shot"
    shutil.copytree(cards.get("lef-zero-shot").folder, folder)
    random = np.random.default_rng(1)
    columns = [classifier.labels.index(code) for code in CODES]
    logits = random.normal((0.5, -6, -6), (3.0, 0.6, 0.6), (500, 3))  # as of common and of rare statements
    probability = np.full((500, 71), 0.5, dtype=np.float32)
    probability[:, columns] = 1 / (1 + np.exp(-logits))
    card = reference.set_reference(folder, classifier, probability, ReferenceSet("invented records", 500))
    index = lef.outputs(card, classifier, probability.astype(np.float64))
    ranks = [np.argsort(np.argsort(column)) for column in (index, -logits[:, 0], logits[:, 1], logits[:, 2])]
    alike = np.corrcoef(ranks)[0, 1:]
    assert alike.max() - alike.min() < 0.15  # the plain mean of the logits: 0.96, 0.2 and 0.2
    still = np.repeat(probability[:1], 500, axis=0)
    with pytest.raises(ModelError, match="the same in all"):
        reference.set_reference(folder, classifier, still, ReferenceSet("invented records", 500))


def test_the_index_is_compared_with_those_it_speaks_of() -> None:
    ages = {"adult": 40.0, "young": 18.0, "child": 17.0, "paced": 70.0, "ageless": None, "odd": 300.0}
    rows = [
        Row("PTB-XL", name, name, fold, ("PACE",) if name == "paced" else ("NORM",), age)
        for fold, (name, age) in enumerate(ages.items(), 1)
    ]
    kept = lef_reference.of_scope(rows, np.arange(len(rows)))
    assert [rows[k].record_id for k in kept] == ["adult", "young"]
    said = lef_reference.described(rows, kept).sentence
    assert said == "2 ECGs of PTB-XL folds 1-2, aged 18 to 40, none labelled as paced"


def test_a_predictor_whose_statement_cannot_be_made_is_not_placed(
    classifier: ModelCard, answered: Callable[..., Prediction], pulse_record: EcgRecord, tmp_path: Path
) -> None:
    folder = tmp_path / "lef-zero-shot"
    shutil.copytree(cards.get("lef-zero-shot").folder, folder)
    probability = np.random.default_rng(0).uniform(size=(50, 71)).astype(np.float32)
    card = reference.set_reference(folder, classifier, probability, ReferenceSet("invented records", 50))
    plain = answered(NORM=0.3)
    blocked = replace(
        plain,
        scores=tuple(
            replace(score, not_assessable="LBBB" if score.code == "INJAL" else "") for score in plain.scores
        ),
    )
    by_reader = context.lef_beside_read(
        lef.from_prediction(pulse_record, plain, card), [("ptbxl71", "CLBBB")]
    )
    for result in (lef.from_prediction(pulse_record, blocked, card), by_reader):
        assert [one.percentile is None for one in result.placed] == [False, False, True]
        assert result.placed[2].place == "not assessable (LBBB)"
        assert (result.percentile, result.place) == (None, "no percentile: P(INJAL) not assessable")
        why = "P(INJAL) is not assessable (LBBB): the sum has no percentile and says nothing."
        assert result.no_place == why
    assert lef.from_prediction(pulse_record, plain, card).no_place == ""
    paced = context.lef_beside_read(by_reader, [("ptbxl71", "PACE")])
    assert (paced.analysed, paced.placed, paced.reference_set) == (False, (), None)


def test_an_index_with_a_threshold_in_its_file_still_has_no_verdict(
    classifier: ModelCard, answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    raw = json.loads(cards.get("lef-zero-shot").weights_path.read_text()) | {"threshold": 0.1}
    raw |= {"threshold_meaning": "LVEF of 40 % or less"}
    card = _kept(raw, lef.COMPOSITE, classifier, calibrated="not calibrated")
    result = lef.from_prediction(pulse_record, answered(NORM=0.01, ILBBB=0.9, INJAL=0.9), card)
    assert (result.kind, result.threshold, result.result) == ("index", None, "index without a verdict")
    assert "40 %" not in result.model.caveat


@pytest.mark.parametrize(
    ("config", "said"), [({lef.LVEF_CUT: 45}, "an LVEF of 45 % or less"), ({}, lef.NO_CUT)]
)
def test_a_fitted_model_states_the_ejection_fraction_it_was_made_for(
    config: dict[str, float],
    said: str,
    classifier: ModelCard,
    answered: Callable[..., Prediction],
    pulse_record: EcgRecord,
) -> None:
    raw = _fit("lef-linear", classifier)[0] | {"threshold": 0.4}
    card = _kept(raw, "lef-linear", classifier, calibrated="calibrated on a held-out fold", config=config)
    result = lef.from_prediction(pulse_record, answered(NORM=0.3), card)
    assert (result.kind, result.cut, result.threshold) == ("probability", said, 0.4)
    assert result.result in ("raised probability", "probability not raised")


def test_an_unknown_age_stands_as_a_doubt_beside_the_index(
    answered: Callable[..., Prediction], pulse_record: EcgRecord
) -> None:
    nobody = replace(pulse_record, patient=Patient())
    result = lef.from_prediction(nobody, answered(NORM=0.3), cards.get("lef-zero-shot"))
    assert result.analysed
    assert result.warnings[0].startswith("age unknown")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("00143", "paced rhythm: "),
        ("00190", "perhaps paced: P(PACE)"),  # bipolar stimuli that the samples hardly hold
    ],
)
def test_a_real_paced_rhythm_is_refused_by_the_index_that_ships(
    shared_data: Path, record: str, why: str
) -> None:
    path = shared_data / "ptbxl" / "records500" / "00000" / f"{record}_hr.hea"
    found = api.lef(path, "lef-zero-shot", device="cpu")
    assert (found.analysed, found.placed, found.percentile) == (False, (), None)
    assert found.reason.startswith(why)
