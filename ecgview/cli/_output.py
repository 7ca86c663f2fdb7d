"""Files that commands write: each of its own kind, and never in the place of what was read."""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ecgview.errors import ReportError

WITH_SIDECAR = (".csv", ".tsv", ".mat", ".npy", ".npz")  # read together with a JSON file of the same name


def of_kind(*suffixes: str) -> Callable[[str], Path]:
    """Return what argparse takes an output by: a path with one of these suffixes, so that it is taken for no ECG."""

    def output(text: str) -> Path:
        path = Path(text)
        if path.suffix.lower() not in suffixes:
            raise argparse.ArgumentTypeError(f"{text!r} does not end in {' or '.join(suffixes)}")
        return path

    return output


def keep_apart(output: Path | None, source: Path) -> None:
    """Refuse an output that is the ECG, or the JSON file that is read together with it, or has no folder.

    Raises:
        ReportError: nothing is written; the message names the file.
    """
    if output is None:
        return
    have_folder(output)
    own = [source]
    if source.suffix.lower() in WITH_SIDECAR:
        own.append(source.with_suffix(".json"))
    if any(_same(output, one) for one in own):
        raise ReportError(
            "the output would take the place of the ECG or of a file that is read with it",
            where=str(output),
            expected="another file",
        )


def have_folder(*outputs: Path | None) -> None:
    """Refuse outputs that could not be written, before anything is computed for them.

    Raises:
        ReportError: the folder of one is not there or takes no file, or a folder stands in its place.
    """
    for output in outputs:
        if output is None:
            continue
        folder = output.parent
        if output.is_dir():
            raise ReportError("is a folder", where=str(output), expected="a file to write")
        if not folder.is_dir():
            raise ReportError("there is no such folder to write to", where=str(folder), expected="a folder")
        if not os.access(folder, os.W_OK):
            raise ReportError("no file can be written to this folder", where=str(folder))


def _same(one: Path, other: Path) -> bool:
    if os.path.exists(one) and os.path.exists(other):
        return os.path.samefile(one, other)
    return os.path.abspath(one) == os.path.abspath(other)


def write_json(told: Mapping[str, Any], path: Path) -> None:
    """Write strict JSON, whole or not at all; ReportError where it cannot be written."""
    from ecgview.report.whole_file import whole_file

    with whole_file(path) as part:
        part.write_text(json.dumps(told, ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8")
