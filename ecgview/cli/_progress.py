"""Progress of long commands, one way for all: a bar in a terminal, a line every few seconds in a log.

Both on standard error, so that what a command prints can still be piped.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from ecgview.progress import Counted, Progress

if TYPE_CHECKING:
    from tqdm import tqdm

LOG_EVERY_S = 5.0  # a run of a night is then some thousands of lines, and one that hangs is seen at once
BAR_EVERY_S = 0.1
_BAR = "{percentage:3.0f} % |{bar:12}| "
_COUNTED = _BAR + "{n_fmt}/{total_fmt}{unit}, {rate_noinv_fmt}, {remaining} left  {desc}"
_PLAIN = _BAR + "{remaining} left  {desc}"


@contextmanager
def shown(
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.monotonic,
    every_s: float | None = None,
) -> Iterator[Progress]:
    """Yield what a command hands to its work as `progress`; the line is ended whatever happens.

    Args:
        stream: standard error when None.
        clock: seconds, for the log; the bar has its library's.
        every_s: the shortest time between two lines, or two pictures of the bar.
    """
    stream = sys.stderr if stream is None else stream
    if os.environ.get("RANK", "0") != "0":  # of several processes of one run only the first one tells
        yield lambda fraction, text="": None
        return
    if stream.isatty():
        one: _Bar | _Log = _Bar(stream, BAR_EVERY_S if every_s is None else every_s)
    else:
        one = _Log(stream, clock, LOG_EVERY_S if every_s is None else every_s)
    try:
        yield one.tell
    finally:
        one.end()


class _Phases:
    """Tells where one work ends and the next begins: a run packs, then trains, and reports both from 0 to 1."""

    def __init__(self) -> None:
        self._last: float | None = None

    def begins(self, fraction: float) -> bool:
        """Return whether this report is of another work than the one before."""
        last, self._last = self._last, fraction
        return last is None or _counts(last) != _counts(fraction) or fraction < last


def _counts(fraction: float) -> tuple[str, int] | None:
    return (fraction.what, fraction.total) if isinstance(fraction, Counted) else None


class _Bar:
    """One bar of tqdm, begun anew in its line where the work changes."""

    def __init__(self, stream: TextIO, every_s: float) -> None:
        self._stream, self._every_s = stream, every_s
        self._phases = _Phases()
        self._bar: tqdm[None] | None = None

    def tell(self, fraction: float, text: str = "") -> None:
        """Move the bar."""
        at = fraction.done if isinstance(fraction, Counted) else float(fraction)
        if self._phases.begins(fraction) or self._bar is None:
            self._begin(fraction, at, text)
            return
        self._bar.set_description_str(text, refresh=False)
        self._bar.update(at - self._bar.n)

    def end(self) -> None:
        """Leave the last picture of the bar, and end its line."""
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()

    def _begin(self, fraction: float, at: float, text: str) -> None:
        from tqdm import tqdm

        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()
        counted = isinstance(fraction, Counted)
        self._bar = tqdm(
            total=fraction.total if isinstance(fraction, Counted) else 1.0,
            initial=at,  # what was done before, as in a run taken up again, makes no rate
            unit=f" {fraction.what}" if isinstance(fraction, Counted) else "",
            bar_format=_COUNTED if counted else _PLAIN,
            file=self._stream,
            mininterval=self._every_s,
            miniters=0,
            **_size(self._stream),
        )
        self._bar.set_description_str(text)


def _size(stream: TextIO) -> dict[str, Any]:
    """Return how tqdm finds its width: a terminal that knows no size, as one without a window, would show nothing."""
    try:
        known = min(os.get_terminal_size(stream.fileno())) > 0
    except (OSError, ValueError):
        known = False
    return {"dynamic_ncols": True} if known else {"ncols": 100, "nrows": 24}


class _Log:
    """A line at the first report, then one each few seconds, and the last one."""

    def __init__(self, stream: TextIO, clock: Callable[[], float], every_s: float) -> None:
        self._stream, self._clock, self._every_s = stream, clock, every_s
        self._phases = _Phases()
        self._told_s: float | None = None
        self._began_s, self._began_at = 0.0, 0.0
        self._untold = ""

    def tell(self, fraction: float, text: str = "") -> None:
        """Write a line if one is due, or else keep it, for it may be the last."""
        now_s = self._clock()
        if self._phases.begins(fraction):
            self._began_s, self._began_at = now_s, fraction
        self._untold = self._line(fraction, text, now_s - self._began_s)
        if self._told_s is None or now_s - self._told_s >= self._every_s:
            self._told_s = now_s
            self.end()

    def end(self) -> None:
        """Write what was reported last, if it is not written yet."""
        if self._untold:
            print(self._untold, file=self._stream, flush=True)
            self._untold = ""

    def _line(self, fraction: float, text: str, spent_s: float) -> str:
        parts = [text] if text else []
        if isinstance(fraction, Counted):
            parts.append(f"{fraction.done} of {fraction.total} {fraction.what}")
        gained = fraction - self._began_at
        if gained > 0 and spent_s > 0:
            if isinstance(fraction, Counted):
                parts.append(f"{gained * fraction.total / spent_s:.3g} {fraction.what}/s")
            parts.append(f"{_clock_time(spent_s * (1 - fraction) / gained)} left")
        return f"{100 * fraction:3.0f} %  {', '.join(parts)}"


def _clock_time(seconds: float) -> str:
    """Return 0:07, 12:40 or 3:05:00."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
