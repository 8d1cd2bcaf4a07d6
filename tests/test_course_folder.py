"""What of the course's folder travels, and what keeps it from travelling."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

import course_folder
from course_folder import FolderProblem, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "week1").mkdir()
    (tmp_path / "week1" / "lab1.ipynb").write_text("one\n")
    return tmp_path


def test_every_byte_of_every_file_travels(folder: Path) -> None:
    (folder / "figure 1.png").write_bytes(b"\x89PNG\0")
    (folder / "empty.txt").touch()

    assert read(folder) == {"empty.txt": b"", "figure 1.png": b"\x89PNG\0", "week1/lab1.ipynb": b"one\n"}


def test_hidden_files_and_bytecode_never_travel(folder: Path) -> None:
    for name in (".git", ".ipynb_checkpoints", "week1/.ipynb_checkpoints", "__pycache__"):
        (folder / name).mkdir()
        (folder / name / "secret").write_text("x")
    (folder / ".DS_Store").write_text("x")
    (folder / ".env").write_text("password")

    assert list(read(folder)) == ["week1/lab1.ipynb"]


def link(folder: Path) -> None:
    (folder / "notes").symlink_to("/etc/passwd")


def link_to_a_folder(folder: Path) -> None:
    (folder / "notes").symlink_to("/etc")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "notes")


def bad_name(folder: Path) -> None:
    (folder / "no\ntes").touch()


def not_utf8(folder: Path) -> None:
    (folder / os.fsdecode(b"no\xfftes")).touch()


def shared(folder: Path) -> None:
    (folder / "shared").mkdir()
    (folder / "shared" / "data.csv").touch()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (link, "holds notes, a symbolic link; put the file itself there"),
        (link_to_a_folder, "holds notes, a symbolic link"),
        (pipe, "holds notes, which is no file, but a pipe, socket or device"),
        (bad_name, r"a name with characters that cannot be shown; rename it"),
        (not_utf8, r"a name with characters that cannot be shown; rename it"),
        (shared, "holds shared/data.csv, but shared is what every home calls the shared data"),
    ],
)
def test_what_is_no_plain_file_is_refused_by_name(folder: Path, made: Callable[[Path], None], said: str) -> None:
    made(folder)

    with pytest.raises(FolderProblem, match=said):
        read(folder)


@pytest.mark.parametrize("name", ["week1", "week1/lab1.ipynb"])
def test_what_cannot_be_read_is_refused_by_name(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # modes do not stop root, who may run these tests
    if name == "week1":
        plain = os.scandir
        monkeypatch.setattr(os, "scandir", lambda path: refused() if str(path).endswith(name) else plain(path))
    else:
        monkeypatch.setattr(type(folder), "read_bytes", refused)

    with pytest.raises(FolderProblem, match=rf"{name}.*\(Permission denied\)"):
        read(folder)


def test_too_much_is_refused_by_the_largest_file_with_the_ways_out(folder: Path) -> None:
    with (folder / "week1" / "survey.csv").open("wb") as file:
        file.truncate(course_folder.MOST)

    with pytest.raises(FolderProblem) as caught:
        read(folder)

    said = str(caught.value)
    assert "the largest file is week1/survey.csv (5.0 MiB)" in said
    assert "shared folder" in said, "one way"
    assert "course-repository" in said, "the other"
