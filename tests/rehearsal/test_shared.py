"""Shared data: written by the instructor over SSH, read by everybody, changed by nobody else."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from intruder import Cells, Seat, attempt, seated, the_droplet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from account import Droplet

pytestmark = pytest.mark.rehearsal

STUDENT = "hedy@college.example"
LARGE = 64  # MiB
REFUSALS = ("Read-only file system", "Permission denied")
TRIES = {
    "writing to a file": "echo mine > ~/shared/lab/data.csv",
    "writing to one that is open to all": "echo mine > ~/shared/lab/open.csv",
    "a new file": "touch ~/shared/lab/mine",
    "removing a file": "rm -f ~/shared/lab/data.csv",
    "renaming a file": "mv ~/shared/lab/data.csv ~/shared/lab/mine.csv",
    "removing the folder": "rm -rf ~/shared/lab",
    "the folder by its own name": "touch /srv/shared/mine",
}


@pytest.fixture(scope="module")
def droplet() -> Droplet:
    return the_droplet()


@pytest.fixture(scope="module")
def seat() -> Iterator[Seat]:
    with seated(STUDENT) as seat:
        yield seat


@pytest.fixture(scope="module")
def cells(seat: Seat, droplet: Droplet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    """A kernel that ran before the data came."""
    with seat.kernel() as cells:
        assert cells.prints("import os, pathlib; print(*pathlib.Path('shared').iterdir())") == ""
        data(tmp_path_factory.mktemp("data"), droplet)
        yield cells
    droplet.says("rm -r /srv/course/shared/lab")


def data(folder: Path, droplet: Droplet) -> None:
    """What the docs say: copy it as the instructor, without sudo."""
    lab = folder / "lab"
    lab.mkdir()
    (lab / "data.csv").write_text("1,2\n")
    (lab / "open.csv").write_text("3,4\n")
    (lab / "open.csv").chmod(0o666)
    with (lab / "large.bin").open("wb") as file:
        file.truncate(LARGE << 20)
    options = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
    there = f"{droplet.user}@{droplet.address}"
    copy = ["scp", "-F", "none", *options, "-i", str(droplet.key), "-r", "-p", str(lab), f"{there}:shared/"]
    subprocess.run(copy, check=True, capture_output=True, timeout=120)


def test_what_the_instructor_copies_is_read_at_once_in_a_running_kernel(cells: Cells) -> None:
    assert cells.prints("print(open('shared/lab/data.csv').read())") == "1,2"


@pytest.mark.parametrize("what", TRIES)
def test_a_student_does_not_succeed_in(what: str, cells: Cells, seat: Seat, droplet: Droplet) -> None:
    cells.attempt(TRIES[what]).assert_refused(*REFUSALS)
    # with no unit around it, as if the sandbox had a hole: mount and owner have to hold
    attempt(droplet, seat.name, f"HOME=/home/{seat.name}; {TRIES[what]}").assert_refused(*REFUSALS)
    assert cells.prints("print(*sorted(os.listdir('shared/lab')))") == "data.csv large.bin open.csv", "all is as it was"


def test_the_file_browser_shows_it_and_cannot_change_it(seat: Seat, cells: Cells) -> None:
    assert cells.prints("print(open('shared/lab/open.csv').read())") == "3,4"
    listed = seat.browses("shared/lab").json()["content"]
    assert sorted(entry["name"] for entry in listed) == ["data.csv", "large.bin", "open.csv"]
    file = seat.browses("shared/lab/open.csv").json()
    assert (file["content"], file["writable"]) == ("3,4\n", False), "it is shown as read-only, whatever its mode"
    assert seat.browses("shared/lab/open.csv", "DELETE").status >= 400
    assert seat.browses("shared/lab/open.csv").status == 200, "it is still there"


def test_it_counts_in_nobodys_home(droplet: Droplet, seat: Seat, cells: Cells) -> None:
    assert cells.prints("print(os.path.getsize('shared/lab/large.bin') >> 20)") == str(LARGE)
    said = droplet.says(f"du -sm /home/{seat.name} | cut -f1; course roster | grep {seat.name}")
    assert int(said.split()[0]) < LARGE
    assert f" {LARGE} MiB" not in said


def test_a_link_that_was_taken_away_is_there_again_and_what_is_ones_own_stays(droplet: Droplet) -> None:
    other = "edsger@college.example"
    with seated(other) as sitting, sitting.kernel() as kernel:
        kernel.attempt("rm ~/shared")
    with seated(other) as sitting, sitting.kernel() as kernel:
        assert kernel.attempt("readlink ~/shared; rm ~/shared; echo mine > ~/shared").said.strip() == "/srv/shared"
    with seated(other) as sitting, sitting.kernel() as kernel:
        assert kernel.attempt("cat ~/shared; rm ~/shared").said.strip() == "mine", "and the server starts"
        said = droplet.says(f"journalctl --quiet --unit {sitting.unit} --lines 200")
        assert "shared is the student's own, so the shared data are at /srv/shared only" in said
