"""What a user can set: one table of rows makes the file, its validation and the menus.

The file (TOML) holds only what differs from the defaults, and how an ECG is drawn and read only where the
user said "keep these": the gain of one reader must not meet the next patient. Window geometry lives in
QSettings, not here. No row reaches a model's input or a measurement: display settings change pictures only.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from ecgview import private
from ecgview.errors import SettingsError

Value = str | float | bool


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: where it is kept, what it is called, its default and what is allowed."""

    key: str  # "paper.speed"
    label: str
    default: Value
    choices: tuple[Value, ...] = ()  # empty = free, of the type of the default
    note: str = ""
    per_run: bool = False  # starts at its default, unless the user keeps these for the next start

    def check(self, value: object) -> Value:
        """Return the value if it is allowed; SettingsError says what would be."""
        if isinstance(self.default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        allowed = ", ".join(map(str, self.choices)) or type(self.default).__name__
        if type(value) is not type(self.default) or (self.choices and value not in self.choices):
            raise SettingsError(
                f"{self.key} is not allowed", where=self.key, expected=allowed, found=repr(value)
            )
        assert isinstance(value, str | float | bool)
        return value


DAMAGED = ".damaged"  # behind the name of a file that could not be obeyed whole, once settings are saved
KEPT = "paper.kept"
MEASUREMENTS_OPEN = "study.measurements"
SETTINGS: tuple[Setting, ...] = (
    Setting("reader.name", "Reader", "", note="written beside every read"),
    Setting(
        "reader.blind",
        "Read blind first",
        True,
        note="AI stays closed until the first read is saved",
        per_run=True,
    ),
    Setting("paper.speed", "Paper speed, mm/s", 25.0, (12.5, 25.0, 50.0, 100.0), per_run=True),
    Setting("paper.gain", "Gain, mm/mV", 10.0, (2.5, 5.0, 10.0, 20.0, 40.0), per_run=True),
    Setting("paper.chest_half", "Chest leads at half gain", False, per_run=True),
    Setting("paper.layout", "Layout", "3x4+1R", per_run=True),
    Setting("paper.sequential", "Columns follow each other in time", True, per_run=True),
    Setting("paper.filter", "Display filter", "0.05-150", per_run=True),
    Setting("paper.notch", "Notch, Hz", 0.0, (0.0, 50.0, 60.0), per_run=True),
    Setting(KEPT, "Keep paper and blind reading for the next start", False),
    Setting("paper.palette", "Paper", "red", ("red", "grey")),
    Setting("window.theme", "Theme", "light", ("light", "dark")),
    Setting("worklist.thumbnails", "Mini-traces in the worklist", True),
    Setting("screen.px_per_mm", "Screen scale, px/mm", 0.0, note="0 = not calibrated"),
    Setting("files.recent", "Opened before", "", note="paths, newest first, one on each line"),
    Setting("study.shams", "Share of shams among maps", 0.0, note="0 to 1, for studies of readers"),
    Setting(
        MEASUREMENTS_OPEN,
        "Measurements before the first read is locked",
        True,
        note="false: rate, intervals and their lines are closed until then",
    ),
    Setting("study.word", "Word that draws the shams", "", note="the same word draws the same shams"),
    Setting(
        "backups.every",
        "Backups of the reads",
        "day",
        ("day", "week", "never"),
        note="made beside the store when the window opens, if something was written since the last",
    ),
    Setting("backups.kept", "Backups that are kept", 7.0, (3.0, 7.0, 14.0, 30.0)),
    Setting("criteria.choices", "Definitions of criteria", "", note="CODE=NAME, one on each line"),
    Setting("models.device", "Device", "auto", ("auto", "cpu", "cuda", "mps")),
    Setting(
        "models.precision",
        "Precision",
        "fp32",
        ("fp32", "bf16"),
        note="bf16: faster where the processor has it; each answer names its own",
    ),
)
_ROWS = {row.key: row for row in SETTINGS}


def settings_path() -> Path:
    """Return where the user's settings are kept."""
    import platformdirs

    return Path(platformdirs.user_config_dir("ecgview", appauthor=False)) / "settings.toml"


class Settings:
    """The values in force; `path` None keeps them in memory only."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._changed: dict[str, Value] = {}
        self.problems: list[SettingsError] = []
        self._is_kept_aside = False
        if path is not None and path.exists():
            self._changed = self._read(path)

    def text(self, key: str) -> str:
        """Return a setting that is a text."""
        return str(self.get(key))

    def number(self, key: str) -> float:
        """Return a setting that is a number."""
        return float(self.get(key))

    def flag(self, key: str) -> bool:
        """Return a setting that is on or off."""
        return bool(self.get(key))

    def get(self, key: str) -> Value:
        """Return the value in force; KeyError for a key that is no setting."""
        return self._changed.get(key, _ROWS[key].default)

    def set(self, key: str, value: Value) -> None:
        """Keep a value, and write the file; SettingsError if it is not allowed or cannot be written."""
        row = _ROWS[key]
        value = row.check(value)
        if value == self.get(key):
            return
        if value == row.default:
            self._changed.pop(key, None)
        else:
            self._changed[key] = value
        self._write()

    def _read(self, path: Path) -> dict[str, Value]:
        """Return the allowed values of a file; what is not allowed is kept in `problems`, not obeyed."""
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            self.problems.append(
                SettingsError("the settings cannot be read", where=str(path), found=str(error))
            )
            return {}
        found: dict[str, Value] = {}
        given = {
            f"{group}.{name}": value
            for group, values in tables.items()
            for name, value in (values.items() if isinstance(values, dict) else ())
        }
        keeps = given.get(KEPT) is True
        for key, value in given.items():
            row = _ROWS.get(key)
            if row is not None and row.per_run and not keeps:
                continue  # left by another run, or by a version that kept them unasked
            try:
                if row is None:
                    raise SettingsError(f"{key} is not a setting", where=str(path))
                found[key] = row.check(value)
            except SettingsError as error:
                self.problems.append(error)
        return found

    def _write(self) -> None:
        if self._path is None:
            return
        lines: list[str] = []
        keeps = self.flag(KEPT)
        written = {key: value for key, value in self._changed.items() if keeps or not _ROWS[key].per_run}
        for group in sorted({key.split(".")[0] for key in written}):
            lines.append(f"[{group}]")
            for key, value in sorted(written.items()):
                if key.startswith(group + "."):
                    lines.append(f"{key.split('.', 1)[1]} = {_toml(value)}")
            lines.append("")
        try:
            private.make_folder(self._path.parent)
            fresh = self._path.with_suffix(".new")
            private.write_text(fresh, "\n".join(lines))
            if self.problems and not self._is_kept_aside and self._path.exists():
                self._path.replace(
                    self._path.with_name(f"{self._path.name}{DAMAGED}")
                )  # its user may mend it
            self._is_kept_aside = True
            fresh.replace(self._path)
        except OSError as error:
            raise SettingsError(
                "the settings cannot be written", where=str(self._path), found=error.strerror
            ) from error


def _toml(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " else f"\\u{ord(char):04x}" for char in escaped) + '"'
