"""What goes wrong with files: flipped bits, wrong lengths, cuts, hostile XML, names that lead elsewhere."""

import io
import random
import re
import struct
import zipfile
import zlib

ODD_BYTES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
ODD_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
ODD_TEXTS = (
    b"0", b"-1", b"1e309", b"nan", b"inf", b"-0", b"99999999999999999999", b"1e-320", b"", b"x", b"2147483648",
    b"4294967297", b"0x10", b"1_000", "\u0663".encode(), "李".encode("gb18030"), b"%s%n", b"\0",
)  # fmt: skip
PATHS = (
    b"../canary.dat",
    b"/etc/passwd",
    b"..\\canary.dat",
    b"~/.ssh/id_rsa",
    b"file:///etc/passwd",
    b"-",
    b"|id",
)
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_NAME = re.compile(rb"[\w-]+\.(?:dat|mat|hea|dtd|npy|json)")


def mutated(raw: bytes, rng: random.Random) -> bytes:
    """Return the bytes with one to eight faults."""
    if raw.startswith(b"PK") and rng.random() < 0.7:
        return _inside_zip(raw, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        raw = rng.choice(_KINDS)(raw, rng)
    return raw


def _flip(raw: bytes, rng: random.Random) -> bytes:
    made = bytearray(raw)
    for _ in range(rng.choice((1, 1, 4, 32))):
        if made:
            made[_place(raw, rng)] ^= 1 << rng.randrange(8)
    return bytes(made)


def _odd_byte(raw: bytes, rng: random.Random) -> bytes:
    at = _place(raw, rng)
    return raw[:at] + bytes((rng.choice(ODD_BYTES),)) + raw[at + 1 :]


def _odd_number(raw: bytes, rng: random.Random) -> bytes:
    at = _place(raw, rng)
    made = struct.pack(rng.choice("<>") + "I", rng.choice(ODD_NUMBERS))
    made = made if rng.random() < 0.5 else made[:2] if rng.random() < 0.5 else made[2:]
    return raw[:at] + made + raw[at + len(made) :]


def _cut(raw: bytes, rng: random.Random) -> bytes:
    return raw[: rng.randrange(len(raw) + 1)]


def _insert(raw: bytes, rng: random.Random) -> bytes:
    at = _place(raw, rng)
    return raw[:at] + rng.randbytes(rng.choice((1, 2, 16))) + raw[at:]


def _delete(raw: bytes, rng: random.Random) -> bytes:
    at = _place(raw, rng)
    return raw[:at] + raw[at + rng.choice((1, 2, 16, 300)) :]


def _repeat(raw: bytes, rng: random.Random) -> bytes:
    at = _place(raw, rng)
    part = raw[at : at + rng.choice((2, 16, 300))]
    return raw[:at] + part * rng.choice((2, 5, 200)) + raw[at:]


def _odd_text(raw: bytes, rng: random.Random) -> bytes:
    """Replace a number that stands in the head as text."""
    found = list(_NUMBER.finditer(raw[:6000]))
    if not found:
        return _odd_number(raw, rng)
    one = rng.choice(found)
    return raw[: one.start()] + rng.choice(ODD_TEXTS) + raw[one.end() :]


def _other_path(raw: bytes, rng: random.Random) -> bytes:
    """Let a file name in the file lead elsewhere."""
    found = list(_NAME.finditer(raw[:20_000]))
    if not found:
        return _odd_byte(raw, rng)
    one = rng.choice(found)
    return raw[: one.start()] + rng.choice(PATHS) + raw[one.end() :]


def _hostile_xml(raw: bytes, rng: random.Random) -> bytes:
    """Add entities that grow, entities from outside, or depth without end, where the file is XML."""
    if b"<?xml" not in raw[:200]:
        return _flip(raw, rng)
    at = raw.find(b">") + 1
    bomb = b"".join(b'<!ENTITY e%d "%s">' % (k, b"&e%d;" % (k - 1) * 10) for k in range(1, 10))
    added = rng.choice(
        (
            b'<!DOCTYPE z [<!ENTITY e0 "lol">' + bomb + b"]>",
            b'<!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            b'<!DOCTYPE z SYSTEM "file:///etc/passwd">',
            b'<!DOCTYPE z [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
            b"<a>" * rng.choice((100, 5000)),
            b"<a " + b" ".join(b'b%d="1"' % k for k in range(2000)) + b"/>",
        )
    )
    body = raw[at:]
    if rng.random() < 0.5:
        spot = body.find(b">", rng.randrange(max(1, len(body)))) + 1
        body = body[:spot] + rng.choice((b"&e9;", b"&x;")) + body[spot:]
    return raw[:at] + added + body


def _inside_zip(raw: bytes, rng: random.Random) -> bytes:
    """Damage one entry and pack it anew with a right checksum, so that the damage is reached."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError, NotImplementedError):
        return _flip(raw, rng)
    if not entries:
        return raw
    hit = rng.choice(sorted(entries))
    entries[hit] = rng.choice(_KINDS[:11])(entries[hit], rng)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, body in entries.items():
            archive.writestr(name if rng.random() < 0.95 else f"../{name}", body)
    return made.getvalue()


def _place(raw: bytes, rng: random.Random) -> int:
    """Return a place, more often in the head, where lengths and names stand."""
    if not raw:
        return 0
    return rng.randrange(min(len(raw), 1200) if rng.random() < 0.6 else len(raw))


_KINDS = (
    _flip, _flip, _odd_byte, _odd_number, _odd_number, _cut, _insert, _delete, _repeat, _odd_text, _odd_text,
    _other_path, _hostile_xml,
)  # fmt: skip
