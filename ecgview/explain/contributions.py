"""Why the LEF number is what it is: the shares of its predictors, checked before they are shown."""

from ecgview.errors import ModelError, NotAnalysed
from ecgview.explain import Asked, Explanation
from ecgview.models.tabular.shares import TOLERANCE, check
from ecgview.progress import Progress, silent
from ecgview.record import EcgRecord
from ecgview.results import Contributions, LefResult

NAME = "Contributions to the LEF number"
NEEDS = "lef"
HAS_PANEL = True


def explain(record: EcgRecord, asked: Asked, progress: Progress = silent) -> Explanation:
    """Return base value, contributions and output as numbers; nothing is drawn on the trace.

    Raises:
        ModelError: as `shares`.
    """
    assert isinstance(asked.answer, LefResult)
    found = shares(record, asked.answer)
    unit = found.output_unit
    numbers = (
        (f"base value, {unit}", found.base_value),
        *((f"contribution of {item.predictor}, {unit}", item.contribution) for item in found.items),
        (f"model output, {unit}", found.model_output),
    )
    line = f"Base value and contributions add up to the model's output. Computed exactly with {found.method}."
    return Explanation(asked.answer.model, lines=(line,), numbers=numbers)


def shares(record: EcgRecord, result: LefResult) -> Contributions:
    """Return the contributions behind a LEF result, ready for a panel.

    Raises:
        ModelError: the result is of another record, was not analysed, or its shares do not add up to 1e-6.
    """
    if record.source.sha256 != result.record_sha256:
        raise ModelError("the result belongs to another record", where=record.source.path or None)
    if not result.analysed:
        raise NotAnalysed.because(result.reason, record.source.path)
    if result.contributions is None or result.model_output is None:
        raise ModelError(f"there are no contributions: {result.result}")
    found = check(result.contributions)
    if abs(found.model_output - result.model_output) > TOLERANCE:
        raise ModelError(
            "the contributions are of another output",
            expected=f"{result.model_output:.6f}",
            found=f"{found.model_output:.6f}",
        )
    return found
