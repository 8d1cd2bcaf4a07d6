"""Who may know what: the house's layering, read off the imports."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest
from program_under_test import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = [
    *ROOT.glob("*.py"),
    *(ROOT / "settings").glob("*.py"),
    *(ROOT / "roster").glob("*.py"),
    *(ROOT / "packages").glob("*.py"),
    *(ROOT / "components").glob("*.py"),
]
EVERYTHING = [*PROGRAM, *(ROOT / "rehearsal").rglob("*.py"), *(ROOT / "coursehub").rglob("*.py")]
PURE = [
    "rendering.py",
    "manifest.py",
    "versions.py",
    "patterns.py",
    "keys.py",
    "logo.py",
    "course_folder.py",
    "course_repository.py",
    "roster/person.py",
    "roster/table.py",
    "roster/changes.py",
    *(f"packages/{path.name}" for path in sorted((ROOT / "packages").glob("*.py"))),
]


def imports(path: Path) -> Iterator[str]:
    """Top-level names of the modules ``path`` imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def importers(module: str, among: list[Path]) -> set[str]:
    return {path.name for path in among if module in imports(path)}


def test_only_server_and_address_know_digitalocean() -> None:
    assert importers("pulumi_digitalocean", PROGRAM) == {"server.py", "address.py"}


def test_only_the_host_knows_how_a_step_travels() -> None:
    assert importers("pulumi_command", PROGRAM) == {"host.py"}


@pytest.mark.parametrize("name", PURE)
def test_the_core_knows_no_engine(name: str) -> None:
    assert "pulumi" not in set(imports(ROOT / name)), "it is tested with plain values"


def test_only_the_program_exports() -> None:
    exporting = {path.name for path in PROGRAM if "pulumi.export(" in path.read_text()}

    assert exporting == {"__main__.py"}, "a component that exports cannot be used twice"


def test_only_settings_reads_the_configuration() -> None:
    reading = {path.relative_to(ROOT) for path in PROGRAM if "pulumi.Config(" in path.read_text()}

    assert {str(path) for path in reading} == {"settings/__init__.py"}


def test_rehearsal_and_program_do_not_know_each_other() -> None:
    assert importers("rehearsal", PROGRAM) == set(), "the program cannot tell where it runs"
    for path in (ROOT / "rehearsal").rglob("*.py"):
        assert not {"components", "settings", "rendering"} & set(imports(path)), f"{path.name} rehearses any program"


def test_the_applier_needs_nothing_but_the_systems_python() -> None:
    assert set(imports(ROOT / "coursehub" / "applier.py")) <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_grows_past_four_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400, "it wants splitting"
