"""What is shown on a terminal: text of files, and no orders to the terminal that stand in it."""

from typing import IO, Any

# Controls of a terminal (C0 but tab, line feed and a bar's carriage return, DEL, C1), and marks that turn the way
# in which text is shown: a name or an identifier of a file may hold them.
_ORDERS = [*range(0x09), *range(0x0B, 0x0D), *range(0x0E, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F)]
_TOLD = {code: ascii(chr(code))[1:-1] for code in [*_ORDERS, *range(0x2066, 0x206A)]}


class Shown:
    """A stream that writes such characters as their number, as in "\\x1b"; else it is the stream it was given."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        return self._stream.write(text.translate(_TOLD))

    def writelines(self, lines: Any) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Return whatever else the stream has."""
        return getattr(self._stream, name)
