"""Score whole archives: one row per file, in parts that survive a kill, one Parquet table at the end.

The model and the size of a part are fixed before the first record is read (`parts`). Each part is scored by itself, by
one thread. Batches are cut within a part, so that a table depends neither on how often the work was stopped nor on how
many processes did it.
"""

import json
import os
import shutil
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ecgview import formats
from ecgview.about import RESEARCH_USE_ONLY
from ecgview.errors import ModelError, ReportError
from ecgview.models import archive_rows, cards, parts
from ecgview.models.runtime import resolve_device
from ecgview.models.tabular import lef as tabular
from ecgview.progress import Progress, silent

if TYPE_CHECKING:
    import pyarrow as pa

PART_FILES = 64  # seconds of work: little is lost by a kill, and the last parts end together on many cores
GROUP_ROWS = 4096  # of the table, in which a reader of Parquet finds its way faster than in parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(parts.PlanOfParts):
    """What is scored and by what; the files are named from `base`."""

    SUFFIX: ClassVar[str] = ".parquet"

    root: str
    model: str
    model_sha256: str
    lef: str = ""  # id of the LEF model, or nothing
    lef_sha256: str = ""
    device: str = "cpu"
    precision: str = "fp32"  # what is run
    precision_note: str = ""  # how far it is from fp32, or why it is not what was asked for

    @property
    def base(self) -> Path:
        """What the files are named from: the folder, or where a single file or archive lies."""
        root = Path(self.root)
        return root if root.is_dir() else root.parent


def score(
    folder: Path,
    out: Path,
    model_id: str | None = None,
    lef_id: str = "",
    device: str = "auto",
    *,
    per_part: int = PART_FILES,
    workers: int | None = None,
    precision: str = "fp32",
    progress: Progress = silent,
    spread: parts.Spread[Plan] | None = None,
) -> Path:
    """Write one row per ECG file below `folder` into a Parquet table; resumed if it was begun.

    Args:
        folder: searched to the bottom; a file that cannot be read or scored becomes a row that says why.
        out: the table; `OUT.parts/` beside it holds the finished parts meanwhile.
        model_id: a classifier, the default one when None.
        lef_id: a LEF model whose number stands in the row too; "" = none, "default" = the default one.
        device: auto, cpu, cuda or mps.
        per_part: files of a part; a kill loses at most one part's work.
        workers: processes that each read and score parts with one thread; one for each core when None. Where they are
            started, the program that asks must not begin again when it is imported (`if __name__ == "__main__"`).
        precision: fp32, or bf16 where it may be used; the table says which was.
        progress: told per part, with records per second; may cancel, and then the next call goes on.
        spread: how the parts are run; in `workers` processes when None.

    Raises:
        ModelError: no such model, a table of another model or folder was begun here, or a process was killed.
        ReportError: pyarrow is missing, there are no ECG files, or the table cannot be written.
    """
    _need_pyarrow()
    plan = _plan(folder, out, model_id, lef_id, device, per_part, precision)
    todo = [number for number in range(plan.count) if not _is_whole(plan.path(number))]
    done = plan.count - len(todo)
    began, records = time.monotonic(), 0
    for finished, number in enumerate((spread or parts.here(workers))(score_part, plan, todo), 1):
        records += len(plan.part(number))
        rate = records / max(1e-6, time.monotonic() - began)
        progress(
            (done + finished) / plan.count, f"part {done + finished} of {plan.count}, {rate:.1f} records/s"
        )
    return _assemble(plan, out)


def _is_whole(part: Path) -> bool:
    """Return whether a part is there as it was written; what a full disk or a power cut left of one is done again."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        pq.read_table(part)
    except FileNotFoundError:
        return False
    except (OSError, pa.ArrowException):
        part.unlink()
        return False
    return True


def score_part(plan: Plan, number: int) -> None:
    """Score the files of one part and put its table in place, whole or not at all."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    target = plan.path(number)
    rows = archive_rows.rows_of(
        plan.part(number), plan.base, plan.model, plan.lef, plan.device, plan.precision
    )
    columns = schema(plan)
    unknown = {name for row in rows for name in row} - set(columns.names)
    if unknown:  # pyarrow would leave them out without a word
        raise ModelError("a value has no column in the table", found=", ".join(sorted(unknown)))
    table = pa.Table.from_pylist(rows, schema=columns)
    part = parts.draft_of(target)
    pq.write_table(table, part)
    os.replace(part, target)


def schema(plan: Plan) -> "pa.Schema":
    """Return the columns; the table says of itself what it is and which model it comes from."""
    import pyarrow as pa

    card = cards.get(plan.model)
    columns = [
        *((name, pa.string()) for name in ("path", "sha256", "patient_id", "start_time", "format")),
        ("n_leads", pa.int32()),
        ("sampling_rate_hz", pa.float64()),
        ("seconds", pa.float64()),
        ("synthetic", pa.bool_()),
        *((f"p_{code}", pa.float32()) for code in card.labels),
        *((f"p_network_{code}", pa.float32()) for code in card.labels if code in card.measured),
        *((("network_alone", pa.string()),) if card.measured else ()),
    ]
    if plan.lef:
        columns += [("lef_value", pa.float64()), ("lef_kind", pa.string()), ("lef_result", pa.string())]
        columns += [("lef_percentile", pa.float64()), ("lef_cut", pa.string()), ("lef_warnings", pa.string())]
    columns += [("precision", pa.string()), ("lead_set", pa.string())]
    columns += [("feature_distance_percentile", pa.float32())]
    told = ("pacing", "not_assessable", "doubt_kinds", "warnings", "not_analysed", "error")
    columns += [(name, pa.string()) for name in told]
    facts = {"notice": RESEARCH_USE_ONLY, "classifier": json.dumps(asdict(card.facts), allow_nan=False)}
    facts |= {"precision": plan.precision}
    if plan.precision_note:
        facts |= {"precision_note": plan.precision_note}
    if plan.lef:
        lef = cards.get(plan.lef)
        facts["lef"] = json.dumps(asdict(lef.facts), allow_nan=False)
        others = [one for one in tabular.classifiers(lef) if one.id != plan.model]
        if others:  # asked too: the LEF result does not rest on the table's own probabilities alone
            facts["lef_classifiers"] = json.dumps([asdict(one.facts) for one in others], allow_nan=False)
    return pa.schema(columns, metadata=facts)


def _need_pyarrow() -> None:
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise ReportError(
            "writing Parquet needs pyarrow", expected="pip install 'ecgview[archive]'"
        ) from None


def _plan(
    folder: Path, out: Path, model_id: str | None, lef_id: str, device: str, per_part: int, precision: str
) -> Plan:
    """Return the plan that was begun here, after checking that it is this one, or a new one."""

    card = cards.default("classifier") if model_id is None else cards.get(model_id)
    if card.kind != "classifier":
        raise ModelError(f"{card.id} is no classifier", expected="a classifier", found=card.kind)
    card.check_weights()
    lef = None if not lef_id else cards.default("lef") if lef_id == "default" else cards.get(lef_id)
    device = resolve_device(device)
    chosen = archive_rows.chosen(card.id, lef.id if lef else "", device, precision)
    wanted: dict[str, Any] = {
        "root": str(folder.resolve()),
        "model": card.id,
        "model_sha256": card.sha256,
        "lef": lef.id if lef else "",
        "lef_sha256": lef.sha256 if lef else "",
        "device": device,
        "precision": chosen.precision,
    }
    begun = parts.begun(out, partial(_read, parts.folder(out)), wanted, ModelError)
    if begun is not None:
        return begun
    plan = Plan(
        **wanted,
        parts=str(parts.folder(out)),
        files=(),
        per_part=per_part,
        precision_note=chosen.why_not or (chosen.parity.sentence if chosen.parity else ""),
    )
    found = formats.list_records([folder.resolve()])
    plan = replace(plan, files=tuple(os.path.relpath(path, plan.base) for path in found))
    if not plan.files:
        raise ReportError("there are no ECG files", where=str(folder))
    parts.begin(plan)
    return plan


def _read(folder: Path, raw: dict[str, Any]) -> Plan:
    raw.pop("workers", None)  # of a plan that was begun before processes were used
    return Plan(**{**raw, "files": tuple(raw["files"]), "parts": str(folder)})


def _as_now(part: "pa.Table", columns: "pa.Schema") -> "pa.Table":
    """Return a part with the columns of today: one that an earlier version wrote has nothing in the newer ones."""
    import pyarrow as pa

    there = set(part.column_names)
    return pa.table(
        [part[one.name] if one.name in there else pa.nulls(len(part), one.type) for one in columns],
        schema=columns,
    )


def _assemble(plan: Plan, out: Path) -> Path:
    """Join the parts, as many in memory at a time as make a group of rows, and remove them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draft = out.with_name(out.name + ".part")
    group = -(-GROUP_ROWS // plan.per_part)
    try:
        with pq.ParquetWriter(draft, schema(plan)) as writer:
            for start in range(0, plan.count, group):
                numbers = range(start, min(start + group, plan.count))
                writer.write_table(
                    pa.concat_tables([_as_now(pq.read_table(plan.path(n)), writer.schema) for n in numbers])
                )
        os.replace(draft, out)
    finally:
        draft.unlink(missing_ok=True)
    shutil.rmtree(plan.parts)
    return out
