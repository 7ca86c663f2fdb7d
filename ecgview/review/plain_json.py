"""Frozen dataclasses to JSON and back: only data of the types asked for comes out, nothing is executed."""

import json
import types
from dataclasses import MISSING, asdict, fields, is_dataclass
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dump(value: Any) -> str:
    """Return a dataclass of plain values, tuples and further dataclasses as JSON."""
    return json.dumps(asdict(value), ensure_ascii=False)


def load(kind: type[T], text: str) -> T:
    """Return the dataclass that `dump` wrote; fields that were added since take their defaults.

    Raises:
        ValueError: the text does not hold such an object.
    """
    value: T = _decode(kind, json.loads(text))
    return value


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
    hints = get_type_hints(kind)
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
