"""Everything in a home as a zip: read back as a student's own computer would."""

from __future__ import annotations

import io
import os
import zipfile
from typing import TYPE_CHECKING

from coursehub.lab.archive import NOTE, PIECE, zipped

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def read(home: Path) -> zipfile.ZipFile:
    opened = zipfile.ZipFile(io.BytesIO(b"".join(zipped(home))))
    assert opened.testzip() is None
    return opened


def test_a_home_comes_back_whole(tmp_path: Path) -> None:
    (tmp_path / "week 1").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "week 1" / "lab1.ipynb").write_text('{"cells": []}')
    (tmp_path / "Größe, Ковалевская.txt").write_text("größer")

    opened = read(tmp_path)

    assert opened.namelist() == ["Größe, Ковалевская.txt", "empty/", "week 1/lab1.ipynb"]
    assert opened.read("week 1/lab1.ipynb") == b'{"cells": []}'
    assert opened.read("Größe, Ковалевская.txt").decode() == "größer"


def test_hidden_things_stay_but_for_gits(tmp_path: Path) -> None:
    for folder in (".cache", ".local", "project/.git", "project/.ipynb_checkpoints"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "file").write_text("x")
    (tmp_path / ".bash_history").write_text("secret")
    (tmp_path / "project" / ".gitignore").write_text("*.pyc")

    assert read(tmp_path).namelist() == ["project/.git/file", "project/.gitignore"]


def test_links_are_not_followed_but_named(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "passwords").write_text("root")
    home = tmp_path / "home"
    home.mkdir()
    (home / "notes").symlink_to(tmp_path / "outside")
    (home / "passwords").symlink_to(tmp_path / "outside" / "passwords")

    opened = read(home)

    assert opened.namelist() == [NOTE]
    assert opened.read(NOTE).decode().split("\r\n") == ["notes: a link", "passwords: a link", ""]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    assert read(tmp_path).namelist() == []


def test_a_file_that_vanishes_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(os.urandom(4 * PIECE))
    (tmp_path / "b.txt").write_text("soon gone")
    pieces = zipped(tmp_path)
    begun = next(pieces)
    (tmp_path / "b.txt").unlink()

    opened = zipfile.ZipFile(io.BytesIO(begun + b"".join(pieces)))

    assert opened.testzip() is None
    assert opened.namelist() == ["a.txt", NOTE]
    assert opened.read(NOTE) == b"b.txt: No such file or directory\r\n"


def test_a_file_that_grows_or_shrinks_is_taken_as_it_is_read(tmp_path: Path) -> None:
    growing = tmp_path / "growing.log"
    growing.write_bytes(os.urandom(2 * PIECE))
    shrinking = tmp_path / "shrinking.log"
    shrinking.write_bytes(os.urandom(3 * PIECE))
    pieces = zipped(tmp_path)
    begun = next(pieces)
    with growing.open("ab") as stream:
        stream.write(b"more" * PIECE)
    rest = b""
    while b"shrinking" not in rest:
        rest += next(pieces)
    os.truncate(shrinking, PIECE)

    opened = zipfile.ZipFile(io.BytesIO(begun + rest + b"".join(pieces)))

    assert opened.testzip() is None
    assert len(opened.read("growing.log")) == 2 * PIECE, "a log that is written without end has an end in the zip"
    assert PIECE <= len(opened.read("shrinking.log")) < 3 * PIECE


def test_times_a_zip_does_not_know_are_no_obstacle(tmp_path: Path) -> None:
    for name, seconds in (("old", 0), ("far", 2**33)):
        (tmp_path / name).write_text("x")
        os.utime(tmp_path / name, (seconds, seconds))

    assert {info.date_time[0] for info in read(tmp_path).infolist()} == {1980}


def test_a_name_that_is_not_utf8_is_readable(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.txt", "wb") as stream:  # noqa: PTH123  # no Path: bytes
        stream.write(b"x")

    assert read(tmp_path).namelist() == ["\N{REPLACEMENT CHARACTER}.txt"]


def test_it_is_sent_while_it_is_made(tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(os.urandom(8 * PIECE))

    sizes = [len(piece) for piece in zipped(tmp_path)]

    assert max(sizes) < 2 * PIECE, "no more than a piece is ever held"
    assert sum(sizes) > 8 * PIECE


def test_who_goes_away_meanwhile_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(os.urandom(8 * PIECE))
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # a number of links, not paths
    pieces = zipped(tmp_path)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]  # a generator

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  # as above


def test_a_file_that_cannot_be_read_to_its_end_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 3 * PIECE)

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise OSError(5, "Input/output error")
            return super().read(size)

    def fdopen(descriptor: int, _mode: str) -> Failing:
        os.close(descriptor)
        return Failing(b"x" * 3 * PIECE)

    status = (tmp_path / "a.txt").stat()
    monkeypatch.setattr(os, "fdopen", fdopen)
    monkeypatch.setattr(os, "fstat", lambda _descriptor: status)

    opened = read(tmp_path)

    assert opened.read(NOTE) == b"a.txt, its end: Input/output error\r\n"
    assert len(opened.read("a.txt")) == PIECE
