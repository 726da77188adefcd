"""Law 1: floors without circles, imports at the top, short files and functions, whole words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.architecture.each import ROOT, broken, for_each, name_of

FLOORS = ["procure", "suppliers", "purchasing", "matching"]
MOST_LINES = 500
MOST_FUNCTION_LINES = 70
# Modules that may import inside a function, each with its reason.
LATE_IMPORTS = {
    "procure/bootstrap.py": "runs before anything is installed",
}
FORBIDDEN_WORDS = {"data", "info", "obj", "manager", "helper", "helpers", "utils", "common"}


def modules() -> list[Path]:
    return sorted(
        path
        for floor in FLOORS
        for path in (ROOT / floor).rglob("*.py")
        if "migrations" not in path.parts
    )


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def typing_only(tree: ast.Module) -> set[int]:
    """Lines below `if TYPE_CHECKING:`, which no running program imports."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for child in node.body:
                lines |= set(range(child.lineno, (child.end_lineno or child.lineno) + 1))
    return lines


@for_each(modules())
def test_no_import_runs_up(path: Path) -> None:
    own = FLOORS.index(path.relative_to(ROOT).parts[0])
    above = set(FLOORS[own + 1 :])
    assert not {name for name in imported(tree_of(path)) if name.split(".")[0] in above}


def runtime_imports(path: Path) -> set[str]:
    tree = tree_of(path)
    skipped = typing_only(tree)
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and node.lineno not in skipped:
            names |= set(imported(ast.Module([node], [])))
    return names


def test_no_import_runs_in_a_circle() -> None:
    known = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in modules()
    }
    graph = {name: runtime_imports(path) & set(known) - {name} for name, path in known.items()}
    done: set[str] = set()

    def visit(name: str, way: list[str]) -> None:
        assert name not in way, " -> ".join([*way[way.index(name) :], name])
        if name in done:
            return
        for other in sorted(graph[name]):
            visit(other, [*way, name])
        done.add(name)

    for name in graph:
        visit(name, [])


@for_each(modules())
def test_imports_stand_at_the_top(path: Path) -> None:
    if path.name == "apps.py" or name_of(path) in LATE_IMPORTS:
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            late = [
                child for child in ast.walk(node) if isinstance(child, ast.Import | ast.ImportFrom)
            ]
            assert not late, f"{node.name} imports in line {late[0].lineno}"


@for_each(modules())
def test_files_and_functions_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length < MOST_FUNCTION_LINES, f"{node.name} has {length} lines"


@for_each(modules())
def test_names_are_whole_words(path: Path) -> None:
    parts = re.split(r"[_./]", name_of(path).removesuffix(".py"))
    assert not FORBIDDEN_WORDS & set(parts)
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            words = {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", node.name)}
            vague = words & FORBIDDEN_WORDS - {"manager"}
            assert not vague, node.name
            assert not node.name.startswith(("process_", "handle_")) or node.name in {
                "process_exception"
            }


@for_each(modules())
def test_nothing_catches_everything(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"bare except in line {node.lineno}"
            assert "Exception" not in {
                name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)
            }, f"line {node.lineno}"


@for_each([path for path in modules() if path.parts[-2] in FLOORS[2:]])
def test_money_is_never_a_float(path: Path) -> None:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id != "float", f"line {node.lineno}"
        if isinstance(node, ast.Attribute):
            assert node.attr != "FloatField", f"line {node.lineno}"


def test_control_a_file_that_breaks_a_law_is_named() -> None:
    def law(path: Path) -> None:
        assert path.name != "urls.py", "no addresses"

    kept, breaks = ROOT / "matching" / "apps.py", ROOT / "matching" / "urls.py"
    assert broken(law, [kept, breaks]) == ["matching/urls.py: no addresses"]
