"""The weights in a checkpoint of torch (.pth, .pt), found without an unpickler: what it says is read, never done.

A pickle is a program. Here its opcodes are walked, and all they can make is plain values and notes of where a tensor
lies: nothing is imported, called or allocated by what a file says of itself. Sizes are compared with the bytes that are
there before a tensor is made of them, so that a small file stays small: one may say "ten billion numbers" in a line,
spread one number over a million rows, name one storage ten thousand times, or pack zeros a thousandfold.
"""

import io
import math
import pickletools
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ecgview.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

MOST_PICKLE = 16_000_000  # bytes; ECGFounder's, with its optimizer, takes 0.2 MB
MOST_MEMBERS = (
    50_000  # files in a checkpoint: one for each storage, three of ECGFounder's 509 with the optimizer
)
MOST_TENSORS = 50_000
MOST_AXES = 8
SHARED = 2  # tied weights are stored once and named twice, and nothing of an ECG network more often
_MAGIC = 0x1950A86A20F9469CFC6C
_MARK = object()
_STORAGES = {
    "Float": ("float32", 4),
    "Double": ("float64", 8),
    "Half": ("float16", 2),
    "BFloat16": ("bfloat16", 2),
    "Long": ("int64", 8),
    "Int": ("int32", 4),
    "Short": ("int16", 2),
    "Char": ("int8", 1),
    "Byte": ("uint8", 1),
    "Bool": ("bool", 1),
}
_REBUILT = ("torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor")
_WRAPPED = ("torch._utils _rebuild_parameter",)
# What checkpoints hold beside tensors: its place is kept, its meaning is not asked for.
_OPAQUE = frozenset(
    {
        "torch Size",
        "torch device",
        "numpy.core.multiarray scalar",
        "numpy._core.multiarray scalar",
        "_codecs encode",
        "collections Counter",
        "builtins set",
        "__builtin__ set",
    }
)
_NUMBERS = frozenset("?bBhHiIlLqQefdu")  # numpy's codes of plain numbers


@dataclass(frozen=True, slots=True)
class _Global:
    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """Where numbers of one kind lie: `key` names the member of the file."""

    key: str
    dtype: str
    itemsize: int
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tensor lies in its storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many numbers it shows, which with a stride of 0 may be more than there are."""
        return math.prod(self.shape)


class Refused(Exception):
    """The pickle names something that is no weight; the text is its name."""


class Damaged(Exception):
    """The file is no checkpoint, or cannot be read as one."""


Weights = tuple[
    Any, Callable[[Storage], bytes]
]  # what the pickle holds, and how the bytes of a storage are read


def read(path: Path) -> Any:
    """Return what a checkpoint holds, with a tensor wherever a dict of names, at most two levels down, has one.

    Raises:
        ModelError: it is damaged, holds code or foreign objects, or says sizes that its bytes do not bear.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(4)
            file.seek(0)
            if head.startswith(b"PK"):
                return _from_zip(file, path)
            return _from_stream(file, path)
    except Refused as error:
        raise ModelError(
            "refused: it holds more than weights (code or foreign objects), which ecgview never runs",
            where=str(path),
            expected="tensors and plain numbers",
            found=str(error)[:160],
        ) from None
    except (Damaged, zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError("is not a readable checkpoint", where=str(path), found=said[:160]) from None


def _from_zip(file: BinaryIO, path: Path) -> Any:
    size = path.stat().st_size
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise _too_much(path, "members", f"{MOST_MEMBERS:,} at most", f"{len(members):,}")
        packed = next((one for one in members if one.compress_type != zipfile.ZIP_STORED), None)
        if packed is not None:  # torch stores; what is packed may grow a thousandfold
            raise _too_much(path, packed.filename[:80], "stored, not packed", "a packed member")
        if sum(one.file_size for one in members) > size:  # several names for the same bytes
            raise _too_much(path, "members", f"{size:,} bytes in all, those of the file", "more")
        by_name = {one.filename: one for one in members}
        main = next((name for name in by_name if name.rpartition("/")[2] == "data.pkl"), None)
        if main is None:
            raise Damaged("there is no data.pkl in it")
        folder = main.removesuffix("data.pkl")
        order = by_name.get(f"{folder}byteorder")
        if order is not None and archive.read(order)[:10].strip() != b"little":
            raise Damaged("it was written on a machine of another byte order")
        if by_name[main].file_size > MOST_PICKLE:
            raise _too_much(path, main, f"{MOST_PICKLE:,} bytes at most", f"{by_name[main].file_size:,}")
        content, _ = _walked(io.BytesIO(archive.read(main)))

        def stored(storage: Storage) -> bytes:
            member = by_name.get(f"{folder}data/{storage.key}")
            if member is None or member.file_size < storage.count * storage.itemsize:
                raise Damaged(f"storage {storage.key[:40]} is not whole")
            return archive.read(member)

        return _with_tensors(content, stored, path)


def _from_stream(file: BinaryIO, path: Path) -> Any:
    """Read the layout of torch before 1.6: pickles one after the other, then the storages in an order of their own."""
    size = path.stat().st_size
    pickles = io.BytesIO(file.read(MOST_PICKLE))
    if _walked(pickles)[0] != _MAGIC:
        raise Damaged("it does not begin like a checkpoint")
    for _ in range(2):  # protocol, system
        _walked(pickles)
    content, known = _walked(pickles)
    keys, _ = _walked(pickles)
    if not isinstance(keys, list) or len(keys) > MOST_MEMBERS:
        raise Damaged("its list of storages cannot be understood")
    begin = pickles.tell()
    places: dict[str, tuple[int, int]] = {}
    for key in map(str, keys):
        file.seek(begin)
        count = int.from_bytes(file.read(8), "little")
        if key not in known:
            raise Damaged("a storage belongs to nothing")
        length = count * known[key].itemsize
        begin += 8 + length
        if begin > size:
            raise Damaged(f"storage {key[:40]} is not whole")
        places[key] = (begin - length, length)

    def stored(storage: Storage) -> bytes:
        where, length = places.get(storage.key, (0, -1))
        if length < storage.count * storage.itemsize:
            raise Damaged(f"storage {storage.key[:40]} is not whole")
        file.seek(where)
        return file.read(length)

    return _with_tensors(content, stored, path)


def _with_tensors(content: Any, stored: Callable[[Storage], bytes], path: Path) -> Any:
    if not isinstance(content, dict):
        return content
    dicts = [content, *(value for value in content.values() if isinstance(value, dict))]
    wanted = {
        (id(inner), name): value
        for inner in dicts
        for name, value in inner.items()
        if isinstance(value, Place)
    }
    _check(wanted, path)
    made: dict[str, Any] = {}
    for inner in dicts:
        for name, value in inner.items():
            if isinstance(value, Place):
                inner[name] = _tensor(value, stored, made)
    return content


def _check(wanted: Mapping[Any, Place], path: Path) -> None:
    """Compare what tensors say of their sizes with each other, before the first is made."""
    if len(wanted) > MOST_TENSORS:
        raise _too_much(path, "tensors", f"{MOST_TENSORS:,} at most", f"{len(wanted):,}")
    shown = 0
    storages: dict[str, int] = {}
    for (_, name), place in wanted.items():
        where = str(name)[:80]
        if len(place.shape) > MOST_AXES or len(place.stride) != len(place.shape):
            raise _too_much(path, where, f"{MOST_AXES} axes at most", f"{len(place.shape)}")
        if place.offset < 0 or any(size < 0 for size in (*place.shape, *place.stride)):
            raise Damaged(f"{where} has a negative size")
        last = place.offset + sum((n - 1) * step for n, step in zip(place.shape, place.stride, strict=True))
        if place.count > place.storage.count or (place.count and last >= place.storage.count):
            raise _too_much(path, where, f"{place.storage.count:,} numbers, as stored", f"{place.count:,}")
        shown += place.count * place.storage.itemsize
        storages[place.storage.key] = max(
            storages.get(place.storage.key, 0), place.storage.count * place.storage.itemsize
        )
    held = sum(storages.values())
    if held > path.stat().st_size:
        raise _too_much(path, "storages", f"{path.stat().st_size:,} bytes, those of the file", f"{held:,}")
    if shown > SHARED * held:
        raise _too_much(path, "tensors", f"{SHARED} for each stored number at most", f"{shown:,} bytes")


def _tensor(place: Place, stored: Callable[[Storage], bytes], made: dict[str, Any]) -> "Tensor":
    import torch

    storage = place.storage
    if storage.key not in made:
        raw = bytearray(stored(storage)[: storage.count * storage.itemsize])
        dtype = getattr(torch, storage.dtype)
        made[storage.key] = torch.frombuffer(raw, dtype=dtype) if raw else torch.empty(0, dtype=dtype)
    flat: Tensor = made[storage.key]
    return flat.as_strided(place.shape, place.stride, place.offset)


def _too_much(path: Path, field: str, expected: str, found: str) -> ModelError:
    return ModelError(
        "says sizes that no weights have", where=f"{path}: {field}", expected=expected, found=found
    )


def _walked(pickled: io.BytesIO) -> tuple[Any, dict[str, Storage]]:
    """Return the value that a pickle stands for, and the storages it names; what is read is behind its end then.

    Raises:
        Refused: it names anything that is no part of weights.
        Damaged: it cannot be understood.
    """
    walk = _Walk()
    try:
        for opcode, argument, _ in pickletools.genops(pickled):
            if opcode.name == "STOP":
                return walk.stack.pop(), walk.storages
            walk.step(opcode.name, argument)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as error:
        raise Damaged(f"its pickle cannot be understood ({type(error).__name__})") from None
    raise Damaged("its pickle does not end")


class _Walk:
    """The stack of a pickle, of plain values alone. Every step costs what its opcode brings along, and no more."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.storages: dict[str, Storage] = {}

    def step(self, name: str, argument: Any) -> None:
        """Take one opcode."""
        stack = self.stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _MADE:
            stack.append(_MADE[name]())
        elif name in _TAKEN:
            _TAKEN[name](self)
        elif name in ("BINPUT", "LONG_BINPUT", "PUT"):
            self.memo[argument] = stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(self.memo[argument])
        elif name == "GLOBAL":
            stack.append(_named(argument))
        elif name not in ("PROTO", "FRAME"):
            raise Refused(name)

    def since_mark(self) -> list[Any]:
        """Take what lies above the last mark."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
        found = self.stack[place + 1 :]
        del self.stack[place:]
        return found

    def last(self, count: int) -> tuple[Any, ...]:
        """Take the last values."""
        found = tuple(self.stack[-count:])
        if len(found) < count:
            raise Damaged("its pickle is cut")
        del self.stack[-count:]
        return found

    def set_items(self, pairs: list[Any]) -> None:
        """Put names and values into the dict on top."""
        held = self.stack[-1]
        if not isinstance(held, dict):
            return  # the state of what is kept as a place alone
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            # a tuple of tuples as a name takes for ever to hash
            if not isinstance(key, str | int | float | bool | None):
                raise Refused(f"a name that is a {type(key).__name__}")
            if isinstance(key, int) and key.bit_length() > 63:
                raise Damaged("a name is a number of any length")
            held[key] = value

    def extend(self, items: list[Any]) -> None:
        """Put values into the list on top."""
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(items)

    def reduce(self) -> None:
        """Note what a call would make; nothing is called."""
        called, arguments = self.last(2)
        if not isinstance(called, _Global) or not isinstance(arguments, tuple):
            raise Refused("a call of what is no name")
        if called.name in _REBUILT:
            storage, offset, shape, stride = arguments[:4]
            if not isinstance(storage, Storage):
                raise Damaged("a tensor without a storage")
            sizes = tuple(map(_size, shape)), tuple(map(_size, stride))
            self.stack.append(Place(storage, _size(offset), *sizes))
        elif called.name in _WRAPPED:
            self.stack.append(arguments[0])
        elif called.name == "collections OrderedDict":
            self.stack.append({})
        elif called.name == "numpy dtype":
            code = str(arguments[0])
            if code.lstrip("<>=|")[:1] not in _NUMBERS:
                raise Refused(f"a numpy type that is no number: {code[:40]!r}")
            self.stack.append(called)
        else:
            self.stack.append(called)

    def build(self) -> None:
        """Drop the state of what stays as it is; what would be called with one is refused with its name already."""
        self.last(1)

    def persistent(self) -> None:
        """Take a storage: ("storage", kind, key, place, count)."""
        (told,) = self.last(1)
        if not isinstance(told, tuple) or len(told) < 5 or told[0] != "storage":
            raise Damaged("a storage cannot be understood")
        kind = told[1].name if isinstance(told[1], _Global) else ""
        short = kind.removeprefix("torch ").removesuffix("Storage")
        if short not in _STORAGES:
            raise Refused(kind or "a storage without a kind")
        dtype, itemsize = _STORAGES[short]
        found = Storage(str(told[2])[:200], dtype, itemsize, _size(told[4]))
        self.storages.setdefault(found.key, found)
        self.stack.append(found)


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 48:
        raise Damaged("a size is no size")
    return value


def _named(argument: str) -> _Global:
    """Return the note of a name that is a part of weights.

    Raises:
        Refused: any other, code above all.
    """
    is_storage = (
        argument.startswith("torch ") and argument[6:].removesuffix("Storage") in _STORAGES
    ) and argument.endswith("Storage")
    known = (*_REBUILT, *_WRAPPED, "collections OrderedDict", "numpy dtype")
    is_dtype = argument.startswith("torch ") and argument[6:] in {one for one, _ in _STORAGES.values()}
    if not (is_storage or is_dtype or argument in known or argument in _OPAQUE):
        raise Refused(f"GLOBAL {argument}")
    return _Global(argument)


def _stack_global(walk: _Walk) -> None:
    module, name = walk.last(2)
    walk.stack.append(_named(f"{module} {name}"))


_VALUES = frozenset(
    {
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "FLOAT",
        "BINFLOAT",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
    }
)
_MADE: Mapping[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
    "EMPTY_SET": list,
    "MARK": lambda: _MARK,
}


def _dict(walk: _Walk) -> None:
    pairs = walk.since_mark()
    walk.stack.append({})
    walk.set_items(pairs)


_TAKEN: Mapping[str, Callable[[_Walk], Any]] = {
    "TUPLE": lambda walk: walk.stack.append(tuple(walk.since_mark())),
    "TUPLE1": lambda walk: walk.stack.append(walk.last(1)),
    "TUPLE2": lambda walk: walk.stack.append(walk.last(2)),
    "TUPLE3": lambda walk: walk.stack.append(walk.last(3)),
    "LIST": lambda walk: walk.stack.append(walk.since_mark()),
    "DICT": _dict,
    "SETITEM": lambda walk: walk.set_items(list(walk.last(2))),
    "SETITEMS": lambda walk: walk.set_items(walk.since_mark()),
    "APPEND": lambda walk: walk.extend(list(walk.last(1))),
    "APPENDS": lambda walk: walk.extend(walk.since_mark()),
    "ADDITEMS": lambda walk: walk.extend(walk.since_mark()),
    "POP": lambda walk: walk.last(1),
    "POP_MARK": lambda walk: walk.since_mark(),
    "REDUCE": lambda walk: walk.reduce(),
    "BUILD": lambda walk: walk.build(),
    "BINPERSID": lambda walk: walk.persistent(),
    "STACK_GLOBAL": _stack_global,
}
