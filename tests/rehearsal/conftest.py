"""The rehearsal the tests take place in: opened once, by the command a newcomer uses, and gone at the end."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from term import Term

from rehearsal import places, processes
from rehearsal.places import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Iterator

# In a term's order: what needs the class comes before what takes it away.
ORDER = (
    "engine",
    "student",
    "pages",
    "boundaries",
    "roles",
    "content",
    "lab",
    "shared",
    "class_time",
    "droplets",
    "changes",
    "sign_in",
    "passwords",
    "packages",
    "interruptions",
    "rebuild",
    "end",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        name = item.path.stem.removeprefix("test_")
        return next((number for number, part in enumerate(ORDER) if name.startswith(part)), -1)

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def rehearsal(request: pytest.FixtureRequest) -> Iterator[None]:
    """``python -m rehearsal up`` before the first test, shown as it goes; ``down`` after the last if it was not up."""
    was_up = processes.alive(places.ours().run / "daemon.pid", "rehearsal.daemon")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    assert capture, "pytest's own plugin"
    with capture.global_and_fixture_disabled():
        subprocess.run([sys.executable, "-m", "rehearsal", "up"], cwd=REPOSITORY, check=True)
    yield
    if not was_up:
        with capture.global_and_fixture_disabled():
            subprocess.run([sys.executable, "-m", "rehearsal", "down"], cwd=REPOSITORY, check=True)


@pytest.fixture
def term() -> Iterator[Term]:
    """The teacher's side of the rehearsal; settings and roster are put back afterwards."""
    term = Term()
    kept = {path: path.read_text() for path in (term.settings, term.roster)}
    yield term
    for path, text in kept.items():
        path.write_text(text)
