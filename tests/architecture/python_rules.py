"""Rules of the Python rooms, as functions on syntax trees; nothing is imported."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from medfund.settings import PROJECT_ROOT

# Rooms from the ground up; each may import the rooms listed, and itself.
BOTTOM = frozenset({"errors", "settings", "console"})
MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "settings": frozenset({"errors"}),
    "console": frozenset(),
    "contract": BOTTOM,
    "ingest": BOTTOM | {"contract"},
    "synth": BOTTOM | {"contract"},
    "checker": BOTTOM,
    "release": BOTTOM | {"contract", "ingest"},
    "expectations": BOTTOM | {"contract"},
    "forecast": BOTTOM | {"release"},
    "pipeline": BOTTOM | {"contract", "ingest", "release", "expectations", "forecast"},
    "disclosure": BOTTOM | {"release", "checker"},
    "dashboards.lib": BOTTOM | {"release"},
    "dashboards.views": frozenset({"dashboards.lib"}),
    "dashboards": BOTTOM | {"release", "dashboards.lib", "dashboards.views"},
    "cli": BOTTOM
    | {"contract", "ingest", "synth", "checker", "release", "pipeline", "disclosure", "dashboards"},
    "medfund": frozenset(),
}
# Libraries that belong to one room, since they are slow to import or open what others must not.
ONLY_IN = {
    "great_expectations": {"expectations"},
    "sqlalchemy": {"expectations"},
    "dbt": {"pipeline"},
    "statsforecast": {"forecast"},
    "streamlit": {"dashboards", "dashboards.lib", "dashboards.views"},
    "plotly": {"dashboards", "dashboards.lib", "dashboards.views"},
    "typer": {"cli"},
    "typst": {"dashboards.lib"},
    "xlsxwriter": {"disclosure", "release", "dashboards.lib", "synth"},
}
NOT_IN_VIEWS = {"duckdb", "pandas", "polars", "pyarrow", "numpy", "sqlglot", "plotly"}
SQL_TEXT = re.compile(r"\b(select|with)\b.+\bfrom\b|\bfrom\s+marts\.", re.IGNORECASE | re.DOTALL)
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
RECKONING = {"sum", "round", "mean", "median", "fsum", "Decimal", "float"}
_RELATION = re.compile(r"\b(?:from|join)\s+(\w+)\.(\w+)", re.IGNORECASE)
_Named = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
PACKAGES = ("medfund", "expectations", "dashboards")


@dataclass(frozen=True)
class Source:
    """One Python file of a room; `path` is relative to the checkout."""

    path: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """`medfund/ingest/load.py` is of room ingest, `dashboards/lib/data.py` of dashboards.lib."""
        return room_of(self.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))


def room_of(module: str) -> str:
    """Room of a dotted module name."""
    parts = module.split(".")
    if parts[0] == "medfund":
        return parts[1] if len(parts) > 1 else "medfund"
    if parts[0] == "dashboards" and len(parts) > 1 and parts[1] in ("lib", "views"):
        return ".".join(parts[:2])
    return parts[0]


def read_sources() -> list[Source]:
    """Every file of the packages that are installed."""
    return [
        Source(str(path.relative_to(PROJECT_ROOT)), ast.parse(path.read_text(encoding="utf-8")))
        for package in PACKAGES
        for path in sorted((PROJECT_ROOT / package).rglob("*.py"))
    ]


def source(path: str, text: str) -> Source:
    """A file that is not there, to try a rule on."""
    return Source(path, ast.parse(text))


def imports(tree: ast.Module, path: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, also inside functions. A relative import counts as its target."""
    package = list(Path(path).parent.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                # `from medfund import release` names a room by its last part.
                yield node.lineno, f"{module}.{alias.name}"


def breaches_of_rooms(sources: Iterable[Source]) -> list[str]:
    """Who imports a room above it, or a library that belongs to another room."""
    found = []
    for file in sources:
        allowed = MAY_IMPORT.get(file.room)
        if allowed is None:
            found.append(f"{file.path}: room {file.room} is not in the plan of the house")
            continue
        for line, name in imports(file.tree, file.path):
            top = name.split(".")[0]
            if top in PACKAGES:
                room = room_of(name)
                # `from medfund import __version__` imports the package itself.
                if room.startswith("__") or room == file.room or room in allowed or room == "medfund":
                    continue
                found.append(f"{file.path}:{line}: {file.room} imports {name}")
            elif top in ONLY_IN and file.room not in ONLY_IN[top]:
                found.append(f"{file.path}:{line}: {top} belongs to {', '.join(sorted(ONLY_IN[top]))}")
    return list(dict.fromkeys(found))


def breaches_of_pages(sources: Iterable[Source]) -> list[str]:
    """Pages lay out: no SQL text, no data library, no arithmetic on figures."""
    found = []
    for file in sources:
        if file.room != "dashboards.views":
            continue
        docstrings = {id(text) for text in _docstrings(file.tree)}
        found += [
            f"{file.path}:{line}: a page imports {name.split('.')[0]}"
            for line, name in imports(file.tree, file.path)
            if name.split(".")[0] in NOT_IN_VIEWS
        ]
        for node in ast.walk(file.tree):
            if isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ARITHMETIC):
                found.append(f"{file.path}:{node.lineno}: a page does arithmetic: {ast.unparse(node)}")
            elif isinstance(node, ast.Call) and _called(node) in RECKONING:
                found.append(f"{file.path}:{node.lineno}: a page reckons: {ast.unparse(node)}")
            elif (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docstrings
                and SQL_TEXT.search(node.value)
            ):
                found.append(f"{file.path}:{node.lineno}: a page holds SQL text")
    return found


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first.value


def breaches_of_public_tables(sources: Iterable[Source], tables: set[str]) -> list[str]:
    """SQL of the dashboards and bundles reads a release's public tables and code lists, nothing else."""
    found = []
    for file in sources:
        if file.room not in ("dashboards.lib", "disclosure"):
            continue
        for line, schema, table in relations(file):
            if schema in ("staging", "intermediate", "landing", "scratch"):
                found.append(f"{file.path}:{line}: reads {schema}.{table}, which no release holds")
            elif schema == "marts" and table not in tables:
                found.append(f"{file.path}:{line}: reads marts.{table}, which is no public table")
    return found


def relations(file: Source) -> Iterator[tuple[int, str, str]]:
    """Line, schema and name of the qualified relations in a file's strings, and in the SQL files beside it."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from ((node.lineno, *named) for named in _RELATION.findall(node.value))
    beside = PROJECT_ROOT / Path(file.path).with_suffix(".sql")
    if beside.exists():
        lines = beside.read_text(encoding="utf-8").splitlines()
        yield from (
            (number, *named) for number, line in enumerate(lines, 1) for named in _RELATION.findall(line)
        )


def breaches_of_docstrings(sources: Iterable[Source]) -> list[str]:
    """Public modules, classes, functions and methods say what they give, once: an override need not repeat it."""
    sources = list(sources)
    said = {
        (owner.name, method.name)
        for file in sources
        for owner in file.tree.body
        if isinstance(owner, ast.ClassDef)
        for method in _public(owner.body)
        if ast.get_docstring(method)
    }
    found = []
    for file in sources:
        if not ast.get_docstring(file.tree):
            found.append(f"{file.path}: the module has no docstring")
        for node in _public(file.tree.body):
            if not ast.get_docstring(node):
                found.append(f"{file.path}:{node.lineno}: {node.name} has no docstring")
            if not isinstance(node, ast.ClassDef):
                continue
            bases = [ast.unparse(base).split(".")[-1] for base in node.bases]
            found += [
                f"{file.path}:{method.lineno}: {node.name}.{method.name} has no docstring"
                for method in _public(node.body)
                if not ast.get_docstring(method)
                and not _is_plain_property(method)
                and not any((base, method.name) in said for base in bases)
            ]
    return found


def _public(body: list[ast.stmt]) -> list[_Named]:
    return [
        node
        for node in body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]


def _is_plain_property(node: _Named) -> bool:
    """A property whose one line is its own explanation."""
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    return bool({"property", "cached_property"} & marks) and len(node.body) == 1


def breaches_of_swallowing(sources: Iterable[Source]) -> list[str]:
    """No error vanishes: no bare except, and no `except Exception` whose whole answer is pass or continue."""
    found = []
    for file in sources:
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.ExceptHandler):
                continue
            if node.type is None:
                found.append(f"{file.path}:{node.lineno}: a bare except")
            elif ast.unparse(node.type) in ("Exception", "BaseException") and all(
                isinstance(step, ast.Pass | ast.Continue) for step in node.body
            ):
                found.append(f"{file.path}:{node.lineno}: an error of any kind is swallowed")
    return found
