"""What the source tree says of the house: modules per folder, rooms, arrows between them, circles.

Everything is read from the text by `ast`; nothing of the checkout is imported. Only the package counts, not
its tests. An import counts wherever it stands, in a function too. One under `if TYPE_CHECKING:` never runs; it
counts only where circles "with types" are asked for.
"""

from __future__ import annotations

import ast
import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "ecgview"


@dataclass(frozen=True)
class House:
    """A package as read: its modules and what they import of it.

    lines: dotted module -> lines of its file; a package's name is that of its folder.
    folder: dotted module -> its folder, relative to the package's parent.
    imports: dotted module -> the modules of the same package that it imports when it runs.
    for_types: the same with the imports under `if TYPE_CHECKING:`.
    """

    lines: dict[str, int]
    folder: dict[str, str]
    imports: dict[str, set[str]]
    for_types: dict[str, set[str]]

    def modules_per_folder(self) -> Counter[str]:
        """Return how many modules lie in each folder that has any; `__init__` is one where it holds a line."""
        return Counter(self.folder[name] for name, lines in self.lines.items() if lines)

    def longest(self) -> tuple[str, int]:
        """Return the longest module and its lines."""
        name = max(self.lines, key=lambda module: self.lines[module])
        return name, self.lines[name]

    def rooms(self, under: str) -> tuple[set[str], set[tuple[str, str]]]:
        """Return the rooms of a package and the arrows between them.

        A room is a direct child of the package `under`: a folder with all that is in it, or a single file;
        the package's own `__init__` is none, it is the door. An arrow goes from one room to another where at
        least one module of the one imports at least one of the other.
        """
        rooms, arrows = set(), set()
        for module, targets in self.imports.items():
            if (here := _child(module, under)) is None:
                continue
            rooms.add(here)
            theres = {_child(target, under) for target in targets}
            arrows |= {(here, there) for there in theres if there is not None and there != here}
        return rooms, arrows

    def folder_arrows(self) -> set[tuple[str, str]]:
        """Return the arrows between folders, each folder taken without those inside it."""
        return {
            (self.folder[module], self.folder[target])
            for module, targets in self.imports.items()
            for target in targets
            if self.folder[module] != self.folder[target]
        }

    def circles(self, *, with_types: bool = False) -> list[list[str]]:
        """Return the modules that import each other in a ring: strongly connected, more than one."""
        graph = self.for_types if with_types else self.imports
        return [sorted(part) for part in _strongly_connected(graph) if len(part) > 1]

    def median_folder(self) -> float:
        """Return the median number of modules in a folder."""
        return statistics.median(self.modules_per_folder().values())


def read(checkout: Path) -> House:
    """Read the package of a checkout; FileNotFoundError where there is none."""
    root = checkout / PACKAGE
    if not (root / "__init__.py").is_file():
        raise FileNotFoundError(f"{root} is no package")
    files = {_dotted(path, checkout): path for path in sorted(root.rglob("*.py"))}
    lines, folder, imports, for_types = {}, {}, {}, {}
    for name, path in files.items():
        text = path.read_text(encoding="utf-8")
        lines[name] = len(text.splitlines())
        folder[name] = path.parent.relative_to(checkout).as_posix()
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(text)
        imports[name] = set(_targets(tree, package, set(files), with_types=False)) - {name}
        for_types[name] = set(_targets(tree, package, set(files), with_types=True)) - {name}
    return House(lines, folder, imports, for_types)


def _dotted(path: Path, checkout: Path) -> str:
    parts = path.relative_to(checkout).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _child(module: str, under: str) -> str | None:
    """Return the direct child of a package in which a module lies; None outside and for the package itself."""
    if not module.startswith(f"{under}."):
        return None
    return module[len(under) + 1 :].partition(".")[0]


def _targets(node: ast.AST, package: str, known: set[str], *, with_types: bool) -> Iterator[str]:
    """Yield the modules of ours that some code imports, `from a import b` being a.b where that is a module."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in known)
        elif isinstance(child, ast.ImportFrom):
            yield from _imported_from(child, package, known)
        elif isinstance(child, ast.If) and not with_types and "TYPE_CHECKING" in ast.unparse(child.test):
            for other in child.orelse:
                yield from _targets(other, package, known, with_types=with_types)
        else:
            yield from _targets(child, package, known, with_types=with_types)


def _imported_from(line: ast.ImportFrom, package: str, known: set[str]) -> Iterator[str]:
    parts = package.split(".")
    above = parts[: len(parts) - line.level + 1] if line.level else []
    start = ".".join([*above, *([line.module] if line.module else [])])
    for alias in line.names:
        if (whole := f"{start}.{alias.name}") in known:
            yield whole
        elif start in known:
            yield start


def _strongly_connected(graph: dict[str, set[str]]) -> list[set[str]]:
    """Return the strongly connected parts: what is reached from a node and reaches it back."""
    reached = {node: _reachable(graph, node) for node in graph}
    parts: list[set[str]] = []
    done: set[str] = set()
    for node in graph:
        if node not in done:
            part = {node} | {other for other in reached[node] if node in reached[other]}
            done |= part
            parts.append(part)
    return parts


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    ahead = list(graph[start])
    while ahead:
        node = ahead.pop()
        if node not in found:
            found.add(node)
            ahead.extend(graph[node])
    return found
