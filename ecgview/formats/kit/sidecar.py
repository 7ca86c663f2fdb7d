"""What a JSON file beside bare numbers says of them: {"fs_hz": 500, "lead_names": [...], "units": "mV"}."""

import json
from pathlib import Path
from typing import Any

from ecgview.errors import FormatError

KEYS = ("fs_hz", "fs", "lead_names", "units", "synthetic")
LARGEST = 1_000_000


def read_sidecar(path: Path) -> dict[str, Any]:
    """Return what stands in `path`'s JSON file; empty where there is none. FormatError names a broken one."""
    beside = path.with_suffix(".json")
    if not beside.is_file():
        return {}
    try:
        with open(beside, encoding="utf-8-sig") as file:
            text = file.read(LARGEST + 1)
        values = json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, OSError, RecursionError) as error:
        raise FormatError(f"is not JSON ({error})", where=str(beside)) from None
    if not isinstance(values, dict):
        raise FormatError(
            "is no JSON object", where=str(beside), expected='{"fs_hz": 500, "lead_names": [...]}'
        )
    return {name: values[name] for name in KEYS if name in values}
