"""The rules of the house that no linter knows: small files, flat functions, nothing unused, nobody else's names."""

import ast
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("online_models", "ops", "policies", "simulator", "streams")
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60
NESTING_MAX = 3
BANNED_NAMES = {"common", "helpers", "manager", "misc", "utils"}
FLOW = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def dotted(path: Path) -> str:
    """Return the name under which the file `path` is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a file, nested ones and methods too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, FUNCTIONS):
            yield node


def depth(node: ast.AST) -> int:
    """Return how deep the control flow below `node` is nested; an elif is as deep as its if."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTIONS):
            continue  # counts for itself
        elif_of_node = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, depth(child) + (isinstance(child, FLOW) and not elif_of_node))
    return deepest


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file may mean by its imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # a registry that imports its plugins when they are asked for names them


def is_entry_point(path: Path) -> bool:
    """Return whether people, the command line or the tests of every plugin start this file themselves."""
    return (
        path.parent.name == "commands"
        or path.stem == "checks"
        or 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    )


@pytest.mark.parametrize("path", [*SOURCES, *TESTS], ids=dotted)
def test_a_file_is_small_and_its_functions_are_short_and_flat(path: Path):
    """What is longer or deeper has a second idea in it."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    long = [one.name for one in functions(path) if (one.end_lineno or 0) - one.lineno >= FUNCTION_LINES_MAX]
    deep = [one.name for one in functions(path) if depth(one) > NESTING_MAX]

    assert lines < FILE_LINES_MAX
    assert (long, deep) == ([], [])


def test_names_say_what_is_in_a_file():
    """A folder called utils is where things are lost."""
    assert [dotted(path) for path in SOURCES if BANNED_NAMES & set(dotted(path).split("."))] == []


def test_every_module_is_imported_or_started_by_somebody():
    """Code that only its test uses is dead."""
    used = {name for path in SOURCES for name in imported(path)}
    unused = [
        dotted(path)
        for path in SOURCES
        if path.name != "__init__.py" and dotted(path) not in used and not is_entry_point(path)
    ]

    assert unused == []


def test_every_package_is_listed_for_the_wheel():
    """The list in pyproject.toml is explicit, so that tests never become a package."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]

    assert listed == sorted(dotted(path) for path in SOURCES if path.name == "__init__.py")


def test_no_other_distribution_owns_our_package_names():
    """Two distributions with a `policies` package overwrite each other in silence."""
    owners = metadata.packages_distributions()

    assert {name: owners[name] for name in PACKAGES if set(owners.get(name, [])) - {"headgate"}} == {}
