"""One record within a file of many: `exams.hdf5#1234`, `export.zip#ward/ecg.xml`."""

from pathlib import Path

MARK = "#"


def split(path: Path) -> tuple[Path, str]:
    """Return the file and the record's name in it; the name is "" for a file as a whole."""
    text = str(path)
    at = text.find(MARK)
    if at < 0 or path.exists():
        return path, ""
    while at >= 0:
        file = Path(text[:at])
        if file.is_file():
            return file, text[at + 1 :]
        at = text.find(MARK, at + 1)
    return path, ""


def join(path: Path, name: str) -> Path:
    """Return the path of one record within a file."""
    return Path(f"{path}{MARK}{name}")
