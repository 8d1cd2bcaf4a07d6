"""The course's notebooks in a student's home, through a term's updates, and the link that opens one."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import browser
import pytest
from intruder import seated

from rehearsal import browse, people, places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from intruder import Seat
    from term import Term

pytestmark = pytest.mark.rehearsal

STUDENT = "alan@college.example"
FOLDER = places.REPOSITORY / "course" / "week9"
PICTURE = b"\x89PNG\r\n\x1a\n\0" + bytes(range(256)) * 100
NOTEBOOK = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'


@pytest.fixture
def week(term: Term) -> Iterator[Path]:
    """A folder of the course, gone again at the end, on the droplet too."""
    FOLDER.mkdir()
    yield FOLDER
    shutil.rmtree(FOLDER)
    term.up()


def shell(seat: Seat, command: str) -> str:
    with seat.kernel() as kernel:
        return kernel.attempt(command).said


def test_new_notebooks_arrive_and_nothing_of_the_students_is_lost(term: Term, week: Path) -> None:
    for name in ("kept", "edited", "deleted"):
        (week / f"{name}.ipynb").write_text(NOTEBOOK)
    (week / "figure.png").write_bytes(PICTURE)
    assert term.changes() == {"content": "update"}, "nothing restarts for a notebook"
    term.up()
    with seated(STUDENT) as seat:
        said = shell(seat, "cd ~/week9 && echo mine > edited.ipynb && rm deleted.ipynb && stat -c %a,%U kept.ipynb")
        assert f"600,{seat.name}" in said, "what was delivered is the student's"
        assert hashlib.sha256(PICTURE).hexdigest() in shell(seat, "sha256sum ~/week9/figure.png"), "every byte of it"

    for name in ("kept", "edited", "deleted", "added"):
        (week / f"{name}.ipynb").write_text(NOTEBOOK.replace("5}", "4}"))
    term.up()
    with seated(STUDENT) as seat:
        found = shell(seat, "cd ~/week9 && ls -1 && cat edited.ipynb && grep -c 'minor.: 4' kept.ipynb added.ipynb")
        shell(seat, "rm -r ~/week9 ~/.course")  # forgotten, so that the test can run again here

    assert "mine" in found, "what the student wrote is as they wrote it"
    assert "edited (new " in found, "the course's new version is beside it"
    assert "deleted.ipynb" not in found, "what was deleted is not forced back"
    assert "kept.ipynb:1" in found, "what was not touched is up to date"
    assert "added.ipynb:1" in found, "what is new has come"


def opens_by_link(home: Path, notebook: str) -> None:
    """Follow the lab document's link as a student who is not signed in."""
    ours = places.ours()
    with browser.opened(home, visitor.addresses(), browse.authorities(ours)) as page:
        page.goto(f"https://{visitor.COURSE}/hub/user-redirect/lab/tree/{notebook}")
        button = page.get_by_role("button", name="Sign in with")
        if button.is_visible():
            button.click()
        browser.sign_in(page, STUDENT, people.PASSWORD)
        page.get_by_role("tab", name=Path(notebook).name).wait_for(timeout=browser.SPAWN_SECONDS * 1000)


def test_the_link_of_a_lab_document_needs_no_server_to_be_running(tmp_path: Path) -> None:
    with seated(STUDENT):
        pass  # whose server is stopped at the end
    opens_by_link(tmp_path, "welcome.ipynb")
