"""What becomes of every file of a home when the course's notebooks change under it."""

from __future__ import annotations

import os
import random
from datetime import date
from typing import TYPE_CHECKING

import pytest

from coursehub import content
from coursehub.content import DELIVERED, Delivery, digest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODAY = date(2026, 9, 21)
NEW = "lab1 (new 2026-09-21).ipynb"


class Course:
    """A course's folder and the homes that get it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content = folder / "content"
        self.content.mkdir()
        self.said: list[str] = []

    def publish(self, **files: str | None) -> None:
        """Change files of the course; ``lab1="x"`` is lab1.ipynb, None takes one back."""
        for name, text in files.items():
            path = self.content / f"{name.replace('__', '/')}.ipynb"
            path.parent.mkdir(exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text)

    def home(self, name: str = "jh-ada") -> Path:
        home = self.folder / "home" / name
        home.mkdir(parents=True, exist_ok=True)
        return home

    def start(self, name: str = "jh-ada", today: date = TODAY) -> Path:
        home = self.home(name)
        Delivery(self.content, home, today, self.said.append).deliver(sums(self.content))
        return home


def sums(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest(path) or "" for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return Course(tmp_path)


def files(home: Path) -> dict[str, str]:
    paths = sorted(path for path in home.rglob("*") if path.is_file() and ".course" not in path.parts)
    return {str(path.relative_to(home)): path.read_text() for path in paths}


def edited(home: Path) -> None:
    (home / "lab1.ipynb").write_text("mine")


def deleted(home: Path) -> None:
    (home / "lab1.ipynb").unlink()


def renamed(home: Path) -> None:
    (home / "lab1.ipynb").rename(home / "my lab.ipynb")


def made_a_folder(home: Path) -> None:
    (home / "lab1.ipynb").unlink()
    (home / "lab1.ipynb").mkdir()
    (home / "lab1.ipynb" / "own.txt").write_text("mine")


def made_a_link(home: Path) -> None:
    (home / "lab1.ipynb").rename(home / "elsewhere")
    (home / "lab1.ipynb").symlink_to("nowhere")


def made_a_pipe(home: Path) -> None:
    (home / "lab1.ipynb").unlink()
    os.mkfifo(home / "lab1.ipynb")


def deleted_the_folder(home: Path) -> None:
    (home / "week2" / "lab2.ipynb").unlink()
    (home / "week2").rmdir()


def put_a_file_where_the_folder_was(home: Path) -> None:
    deleted_the_folder(home)
    (home / "week2").write_text("mine")


def nothing(_: Path) -> None:
    """The student has not come back yet, or only looked."""


@pytest.mark.parametrize(
    ("student", "teacher", "became"),
    [
        (nothing, {"lab1": "two"}, {"lab1.ipynb": "two", "week2/lab2.ipynb": "one"}),
        (nothing, {"lab3": "new"}, {"lab1.ipynb": "one", "lab3.ipynb": "new", "week2/lab2.ipynb": "one"}),
        (nothing, {"lab1": None}, {"lab1.ipynb": "one", "week2/lab2.ipynb": "one"}),
        (edited, {"lab1": "two"}, {"lab1.ipynb": "mine", NEW: "two", "week2/lab2.ipynb": "one"}),
        (edited, {"lab1": None}, {"lab1.ipynb": "mine", "week2/lab2.ipynb": "one"}),
        (edited, {"lab1": "mine"}, {"lab1.ipynb": "mine", "week2/lab2.ipynb": "one"}),
        (deleted, {"lab1": "two"}, {"week2/lab2.ipynb": "one"}),
        (renamed, {"lab1": "two"}, {"my lab.ipynb": "one", "week2/lab2.ipynb": "one"}),
        (made_a_folder, {"lab1": "two"}, {NEW: "two", "lab1.ipynb/own.txt": "mine", "week2/lab2.ipynb": "one"}),
        (made_a_link, {"lab1": "two"}, {NEW: "two", "elsewhere": "one", "week2/lab2.ipynb": "one"}),
        (made_a_pipe, {"lab1": "two"}, {NEW: "two", "week2/lab2.ipynb": "one"}),
        (deleted_the_folder, {"week2__lab2": "two"}, {"lab1.ipynb": "one"}),
        (deleted_the_folder, {"week2__lab9": "new"}, {"lab1.ipynb": "one", "week2/lab9.ipynb": "new"}),
        (put_a_file_where_the_folder_was, {"week2__lab9": "new"}, {"lab1.ipynb": "one", "week2": "mine"}),
    ],
)
def test_what_a_file_becomes(
    course: Course, student: Callable[[Path], None], teacher: dict[str, str | None], became: dict[str, str]
) -> None:
    course.publish(lab1="one", week2__lab2="one")
    home = course.start()
    student(home)
    course.publish(**teacher)

    course.start()

    assert files(home) == became
    course.start()
    assert files(home) == became, "and the next start changes nothing"


def test_a_students_file_of_the_same_name_stays_theirs(course: Course) -> None:
    (course.home() / "lab1.ipynb").write_text("mine")
    course.publish(lab1="one")

    assert files(course.start()) == {"lab1.ipynb": "mine", NEW: "one"}


def test_a_new_version_the_student_took_over_is_followed_again(course: Course) -> None:
    course.publish(lab1="one")
    home = course.start()
    edited(home)
    course.publish(lab1="two")
    course.start()
    (home / NEW).replace(home / "lab1.ipynb")
    course.publish(lab1="three")

    assert files(course.start()) == {"lab1.ipynb": "three"}, "who has the course's version gets the next one"


def test_two_new_versions_of_a_day_lie_beside_each_other(course: Course) -> None:
    course.publish(lab1="one")
    edited(course.start())
    for version in ("two", "three"):
        course.publish(lab1=version)
        home = course.start()

    assert files(home) == {"lab1.ipynb": "mine", NEW: "two", "lab1 (new 2026-09-21, 2).ipynb": "three"}


def test_a_version_taken_back_is_a_new_version(course: Course) -> None:
    course.publish(lab1="one")
    course.start()
    course.publish(lab1="two")
    course.start()
    course.publish(lab1="one")

    assert files(course.start()) == {"lab1.ipynb": "one"}


@pytest.mark.parametrize("broken", ["{", "[]", '{"lab1.ipynb": 1}', "\0"])
def test_a_home_that_forgot_what_it_got_loses_nothing(course: Course, broken: str) -> None:
    course.publish(lab1="one", lab2="one")
    home = course.start()
    edited(home)
    (home / DELIVERED).write_text(broken)
    course.publish(lab1="two", lab2="two")

    course.start()

    assert files(home)["lab1.ipynb"] == "mine"
    assert "two" in files(home).values(), "the new version is there, whatever it is called"


def test_a_home_that_cannot_remember_is_not_filled_with_copies(course: Course) -> None:
    course.publish(lab1="one")
    home = course.home()
    (home / ".course").write_text("a file of the student's")
    (home / "lab1.ipynb").write_text("mine")
    for _ in range(3):
        course.start()

    assert sorted(files(home)) == [NEW, "lab1.ipynb"]


def test_a_full_disk_leaves_every_file_as_it_was(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    course.publish(lab1="one")
    home = course.start()
    course.publish(lab1="two", lab2="one")
    before = files(home)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        course.start()

    assert files(home) == before, "nothing half-written is left"
    assert any("No space left on device" in line for line in course.said), "and the journal knows why"
    assert files(course.start()) == {"lab1.ipynb": "two", "lab2.ipynb": "one"}, "it comes when there is room again"


def test_a_file_that_cannot_be_brought_holds_up_no_other(course: Course) -> None:
    (course.home() / "week2").write_text("a file where the course has a folder")
    course.publish(week2__lab2="one", zlab="one")

    assert files(course.start())["zlab.ipynb"] == "one"


def test_whatever_goes_wrong_the_server_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(content, "CONTENT", tmp_path / "nowhere")
    content.deliver(tmp_path, said.append)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken.json").write_text("[")
    monkeypatch.setattr(content, "CONTENT", tmp_path / "broken")
    content.deliver(tmp_path, said.append)

    assert len(said) == 2, "both are in the journal, and neither was raised"


def work(home: Path, week: int, die: random.Random, wrote: dict[Path, str]) -> None:
    """A week of one student: some files are edited, some deleted, some renamed, most are left alone."""
    for path in sorted(home.glob("*.ipynb")):
        match die.randrange(6):
            case 0 | 1:
                path.write_text(text := f"{path} as of week {week}: {die.random()}")
                wrote[path] = text
            case 2:
                path.unlink()
                wrote.pop(path, None)
            case 3:
                path.rename(new := path.with_name(f"mine {week} {path.name}"))
                if text := wrote.pop(path, ""):
                    wrote[new] = text


def test_a_term_of_thirty_students_loses_nothing_anybody_wrote(course: Course) -> None:
    die = random.Random(20260921)  # noqa: S311  a die, not a secret
    names = [f"jh-student-{number}" for number in range(30)]
    wrote: dict[Path, str] = {}
    for week in range(1, 5):
        course.publish(**{f"lab{number}": f"lab {number}, week {week}" for number in range(1, 4 + week)})
        for name in names:
            work(course.start(name, date(2026, 9, 21 + week)), week, die, wrote)
    for name in names:
        course.start(name)

    for path, text in wrote.items():
        assert path.read_text() == text, "it is as they left it"
    assert len(wrote) > 100, "there was something to lose"
    assert not list((course.folder / "home").rglob(".course-*")), "no draft is left in any home"
