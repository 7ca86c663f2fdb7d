"""SHAP's pictures of a fitted LEF model for the report: this ECG's waterfall, and the model's own over its cohort."""

import tempfile
from pathlib import Path

from ecgview.errors import ModelError
from ecgview.paper.sheet import Picture
from ecgview.report.content import ReportContent

COHORT = ("beeswarm", "bar")
WIDTH_MM, HEIGHT_MM, GAP_MM = 131.0, 84.0, 6.0


def of(content: ReportContent, left_mm: float, top_mm: float) -> tuple[Picture, ...]:
    """Return the pictures of the LEF result's model, two abreast; none for a model without a cohort.

    The index without LEF training has no cohort: its three contributions stand as bars beside the number.
    """
    result = content.lef
    if result is None or result.contributions is None:
        return ()
    from ecgview.models import cards

    try:
        folder = cards.get(result.model.model_id).folder
    except ModelError:
        return ()  # the model was removed since; its numbers are in the report
    paths = [folder / f"{name}.png" for name in COHORT]
    if not all(path.is_file() for path in paths):
        return ()
    from ecgview.models.tabular import waterfall

    with tempfile.TemporaryDirectory(prefix="ecgview-") as scratch:
        own = waterfall.draw(result, Path(scratch) / "waterfall.png").read_bytes()
    contents = [own, *(path.read_bytes() for path in paths)]
    return tuple(
        Picture(
            one,
            left_mm + (number % 2) * (WIDTH_MM + GAP_MM),
            top_mm + (number // 2) * (HEIGHT_MM + GAP_MM),
            WIDTH_MM,
            HEIGHT_MM,
        )
        for number, one in enumerate(contents)
    )
