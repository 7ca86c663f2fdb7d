#!/usr/bin/env python3
"""Write `LICENSES/packages.md`: the licence of every package in `packaging/locks/`, and where its text lies.

    python packaging/licences.py     after packaging/lock.py, where all locked packages are installed
                                     (`packaging/start.py test` installs them)

What a package says of itself is taken from its installed metadata. A package that says nothing, or something that is
not known here, stops the script: a person then reads its licence and adds the words to `MEANING` or `READ`.
"""

import importlib.metadata
import re
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "packaging" / "locks"
TABLE = ROOT / "LICENSES" / "packages.md"

# The words of packages that do not use SPDX's, in small letters, and the SPDX identifier that they stand for.
MEANING = {
    "apache": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "mit license": "MIT",
    "bsd 2-clause license": "BSD-2-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
}

# Read by a person, since the package's own words are too short: (package, what it says) -> what its text says.
READ = {
    ("click-default-group", "Public Domain"): "BSD-3-Clause",  # its label is wrong
    (
        "matplotlib",
        "Python Software Foundation License",
    ): "LicenseRef-Matplotlib",  # a text of its own, after Python's
    ("pypdfium2", "BSD-3-Clause, Apache-2.0, dependency licenses"): "BSD-3-Clause AND Apache-2.0",
}

# SPDX identifiers that may stand in the table. A package under another one is looked at before it is used.
ACCEPTED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "GPL-2.0-only",  # of Qt's packages, which leave the choice; LGPL-3.0-only is chosen
    "GPL-3.0-only",
    "LGPL-3.0-only",
    "LLVM-exception",
    "LicenseRef-Matplotlib",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "MPL-2.0",
    "PSF-2.0",
    "Zlib",
}

PARTS = {
    "run": "every installation",
    "build": "building ecgview",
    "train": "train",
    "archive": "archive",
    "xgboost": "xgboost",
    "ray": "ray",
    "test": "test",
}
NO_TEXT = {
    "pyside6-essentials": "lgpl-3.0.txt, gpl-3.0.txt here",
    "shiboken6": "lgpl-3.0.txt, gpl-3.0.txt here",
    "xgboost-cpu": "apache-2.0.txt here",
}


def main() -> int:
    """Write the table, or say for which packages it cannot be written."""
    rows, wrong = [], []
    for name, (version, parts) in sorted(locked().items()):
        try:
            package = importlib.metadata.distribution(name)
            rows.append((name, version, licence_of(package), ", ".join(parts), text_of(package)))
        except (importlib.metadata.PackageNotFoundError, ValueError) as error:
            wrong.append(f"{name}: {error}")
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    TABLE.write_text("\n".join([*HEAD, *(f"| {' | '.join(row)} |" for row in rows), ""]), encoding="utf-8")
    return 0


HEAD = (
    "# Licences of all packages that ecgview can bring",
    "",
    "Written by `python packaging/licences.py` from what the packages say of themselves; not edited by hand.",
    "`packaging/locks/` says which package is needed for what. Licences are SPDX expressions. The text lies in each",
    "package's `.dist-info` folder, unless the last column says another place.",
    "",
    "| package | version | licence | needed for | text |",
    "|---|---|---|---|---|",
)


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return what the locks and torch's line pin: name -> version, what it is needed for."""
    found: dict[str, tuple[str, list[str]]] = {}
    for part, words in PARTS.items():
        texts = [(LOCKS / f"{part}.lock").read_text(encoding="utf-8")]
        if part == "run":
            texts.append((LOCKS / "torch.txt").read_text(encoding="utf-8"))
        for name, version in re.findall(r"^([a-z0-9.-]+)==([^ ;\\\n]+)", "\n".join(texts), re.MULTILINE):
            known = found.setdefault(name, (version, []))[1]
            if PARTS["run"] not in known:
                known.append(words)
    return found


def licence_of(package: importlib.metadata.Distribution) -> str:
    """Return a package's licence as an SPDX expression; ValueError for none or one that is not known."""
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    said = list(statements(package))
    for words in said:
        if (name, words) in READ:
            return READ[name, words]
        if words.lower() in ("bsd", "bsd license"):
            return which_bsd(package)
        meant = MEANING.get(words.lower(), words)
        if set(re.split(r"[ ()]+", meant)) - {"AND", "OR", "WITH", ""} <= ACCEPTED:
            return meant
    raise ValueError(
        f"says {' / '.join(said) or 'nothing'} of its licence; read its text, then see MEANING and READ"
    )


def statements(package: importlib.metadata.Distribution) -> Iterable[str]:
    """Return what a package says of its licence, the most exact first; a whole text in the field is no statement."""
    metadata = package.metadata
    for field in ("License-Expression", "License"):
        words = metadata.get(field)
        if words and "\n" not in words.strip() and words.strip() != "UNKNOWN":
            yield words.strip()
    for line in metadata.get_all("Classifier") or []:
        if line.startswith("License :: "):
            yield line.rpartition(" :: ")[2]


def which_bsd(package: importlib.metadata.Distribution) -> str:
    """Return which of the BSD licences a package means that says only "BSD": the third clause is on names."""
    texts = [str(package.metadata.get("License") or "")]
    texts += [path.read_text(encoding="utf-8", errors="replace") for path in own_texts(package)]
    text = next((text for text in texts if "Redistribution" in text), None)
    if text is None:
        raise ValueError("says BSD without a text")
    return "BSD-3-Clause" if "may be used to endorse" in " ".join(text.split()) else "BSD-2-Clause"


def own_texts(package: importlib.metadata.Distribution) -> list[Path]:
    """Return the files with a package's own licence, the main one first."""
    named = re.compile("licen[cs]e|copying", re.IGNORECASE)
    ours = [file for file in package.files or [] if file.parts[0].endswith(".dist-info")]
    found = [file for file in ours if any(named.search(part) for part in file.parts[1:])]
    found.sort(key=lambda file: (named.search(file.name) is None, len(file.parts), str(file)))
    return [Path(str(package.locate_file(file))) for file in found]


def text_of(package: importlib.metadata.Distribution) -> str:
    """Return where the text of a package's licence lies."""
    name = re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()
    if name in NO_TEXT:
        return NO_TEXT[name]
    texts = own_texts(package)
    if not texts:
        raise ValueError("brings no text of its licence; see NO_TEXT")
    folder = next(parent for parent in texts[0].parents if parent.name.endswith(".dist-info"))
    more = f" and {len(texts) - 1} more" if len(texts) > 1 else ""
    return f"`{texts[0].relative_to(folder).as_posix()}`{more}"


if __name__ == "__main__":
    sys.exit(main())
