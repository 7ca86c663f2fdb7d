"""Frozen dataclasses to JSON and back: only data of the types asked for comes out, nothing is executed.

Of a long one that was changed in one place, only the change is written: see `dump_change`.
"""

import functools
import json
import types
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, asdict, fields, is_dataclass, replace
from enum import Enum
from numbers import Integral, Real
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dump(value: Any) -> str:
    """Return a dataclass of plain values, tuples and further dataclasses as JSON."""
    return json.dumps(asdict(value), ensure_ascii=False, allow_nan=False)


def typed(value: Any) -> Any:
    """Return a dataclass as `dump` writes it, each number of the kind that its class says.

    A whole number in the place of a float is one, and minus zero is zero: so they come back from SQLite, and what is
    hashed of them must not differ.
    """
    kind: Any = type(value)
    hints = _hints(kind)
    return {item.name: _typed(hints[item.name], getattr(value, item.name)) for item in fields(value)}


def load(kind: type[T], text: str) -> T:
    """Return the dataclass that `dump` wrote; fields that were added since take their defaults.

    Raises:
        ValueError: the text does not hold such an object.
    """
    value: T = _decode(kind, json.loads(text))
    return value


def dump_change(before: Any, after: Any) -> str:
    """Return as JSON what leads from one dataclass of texts and tuples to another of its kind.

    Of each field that differs: from where on, how many letters or items go, and what comes in their place. The
    length is that of what changed, however much stands around it.
    """
    found: dict[str, list[Any]] = {}
    for item in fields(after):
        old, new = getattr(before, item.name), getattr(after, item.name)
        if old == new:
            continue
        start = _n_shared(old, new)
        old, new = old[start:], new[start:]
        end = _n_shared(old[::-1], new[::-1])
        put = new[: len(new) - end]
        found[item.name] = [start, len(old) - end, put if isinstance(put, str) else list(map(_plain, put))]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def load_changed(before: T, changes: Iterable[str]) -> T:
    """Return what changes that `dump_change` wrote make of a dataclass, one after another.

    Raises:
        ValueError: a text holds no such change, or one of something else.
    """
    kind: Any = type(before)
    hints = _hints(kind)
    parts: dict[str, list[Any]] = {}  # lists, so that thousands of changes do not copy the whole each time
    for text in changes:
        said = _checked(isinstance(found := json.loads(text), dict), found, dict)
        for name, change in said.items():
            if name not in hints or not isinstance(change, list) or len(change) != 3:
                raise ValueError(f"expected a change of {kind.__name__}, found {change!r}"[:200])
            part = parts.setdefault(name, list(getattr(before, name)))
            start, gone, put = change
            if not (type(start) is type(gone) is int and 0 <= start <= start + gone <= len(part)):
                raise ValueError(
                    f"expected a place in {len(part)} of {name}, found {start!r}, {gone!r}"[:200]
                )
            part[start : start + gone] = _decode(hints[name], put)
    made = {name: "".join(part) if hints[name] is str else tuple(part) for name, part in parts.items()}
    return replace(before, **made)  # type: ignore[type-var]


def _n_shared(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Return how many items two begin with alike: by halves, since whole stretches are compared at next to no cost."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _typed(kind: Any, value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return typed(value)
    if isinstance(value, tuple | list):
        inner = get_args(kind)
        return [_typed(inner[0] if len(inner) == 2 and inner[1] is Ellipsis else Any, item) for item in value]
    if isinstance(value, Real) and not isinstance(value, bool):
        kinds = get_args(kind) or (kind,)
        if float in kinds:
            return float(value) + 0.0
        if int in kinds and isinstance(value, Integral):
            return int(value)
        if int in kinds and float(value).is_integer():
            return int(float(value))
    return value


_hints = functools.cache(get_type_hints)  # looked up for each of thousands of items


def _decode(kind: Any, value: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        options = [option for option in get_args(kind) if option is not type(None)]
        return None if value is None else _decode(options[0], value)
    if origin is Literal:
        return _checked(value in get_args(kind), value, kind)
    if origin is tuple:
        _checked(isinstance(value, list), value, kind)
        inner = get_args(kind)
        if inner[-1] is Ellipsis:
            return tuple(_decode(inner[0], item) for item in value)
        return tuple(_decode(part, item) for part, item in zip(inner, value, strict=True))
    if is_dataclass(kind):
        return _decode_fields(kind, _checked(isinstance(value, dict), value, kind))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(value)
    if kind is float:
        return float(_checked(isinstance(value, int | float), value, kind))
    return _checked(isinstance(value, kind), value, kind)


def _decode_fields(kind: Any, value: dict[str, Any]) -> Any:
    hints = _hints(kind)
    known = {}
    for item in fields(kind):
        if item.name in value:
            known[item.name] = _decode(hints[item.name], value[item.name])
        elif item.default is MISSING and item.default_factory is MISSING:
            raise ValueError(f"{kind.__name__}.{item.name} is missing")
    return kind(**known)


def _checked(holds: bool, value: Any, kind: Any) -> Any:
    if not holds:
        raise ValueError(f"expected {kind}, found {value!r}"[:200])
    return value
