"""Errors that a user is told about; everything else is a bug."""


class EcgviewError(Exception):
    """Something the user can understand and act on.

    Args:
        message: what went wrong, in one sentence.
        where: the file, and the field inside it where that is known.
        expected: what was expected there.
        found: what was found instead.
    """

    def __init__(
        self, message: str, *, where: str | None = None, expected: str | None = None, found: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.expected = expected
        self.found = found

    @property
    def sentence(self) -> str:
        """What, expected, found: for a place where the record is already named."""
        text = self.message
        if self.expected:
            text += f"; expected {self.expected}"
        if self.found:
            text += f"; found {self.found}"
        return text

    def __str__(self) -> str:
        """Return one line: where, what, expected, found."""
        return f"{self.where}: {self.sentence}" if self.where else self.sentence


class FormatError(EcgviewError):
    """A file cannot be read or written in the format it claims."""


class SignalError(EcgviewError):
    """The signal does not allow what was asked of it."""


class ModelError(EcgviewError):
    """A model, its card or its weights cannot be used."""


class NotAnalysed(ModelError):
    """A record that was read, and that a model may not be asked about or cannot take: the reason is the answer."""

    @classmethod
    def because(cls, reason: str, path: str = "") -> "NotAnalysed":
        """Return the error with its reason, in the words of every road to a number."""
        return cls(f"not analysed: {reason}", where=path or None)


class StoreError(EcgviewError):
    """The store cannot be read or written: full, locked, read-only, corrupt."""


class EmptyStoreError(StoreError):
    """An empty file lies where a database was: only its user knows whether anything was lost."""


class BlindedError(EcgviewError):
    """AI results were asked for before the reader committed a first read."""


class ReviewError(EcgviewError):
    """A step of reading that is not open now: signing an empty read, editing a signed one."""


class ReportError(EcgviewError):
    """A report cannot be made or written."""


class SettingsError(EcgviewError):
    """A setting holds a value that is not allowed."""


class Cancelled(Exception):
    """Raised inside long work by its own progress call after it was cancelled; not an error."""
