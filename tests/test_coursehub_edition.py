"""Editions of the course's notebooks: whole, switched in one go, and never what a student must not get."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from coursehub import content, edition
from coursehub.edition import Refused, publish

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an edition is made of; students' servers look in ``tmp_path``."""
    for module in (content, edition):
        monkeypatch.setattr(module, "CONTENT", tmp_path / "content")
    monkeypatch.setattr(edition, "EDITIONS", tmp_path / "editions")
    (tmp_path / "editions").mkdir()
    (tmp_path / "source" / "week1").mkdir(parents=True)
    (tmp_path / "source" / "week1" / "lab1.ipynb").write_text("one")
    return tmp_path / "source"


def delivered(tmp_path: Path) -> dict[str, bytes]:
    """What a new student's home gets."""
    home = tmp_path / "home"
    home.mkdir()
    content.deliver(home, pytest.fail)
    paths = [path for path in sorted(home.rglob("*")) if path.is_file() and ".course" not in path.parts]
    return {str(path.relative_to(home)): path.read_bytes() for path in paths}


def quietly(_: str) -> None:
    pass


def test_an_edition_is_what_a_home_gets(source: Path, tmp_path: Path) -> None:
    (source / "figure.png").write_bytes(b"\x89PNG\0")

    publish(source, "one", quietly)

    assert delivered(tmp_path) == {"figure.png": b"\x89PNG\0", "week1/lab1.ipynb": b"one"}


def test_hidden_files_and_links_stay_out(source: Path, tmp_path: Path) -> None:
    for hidden in (".git", "week1/.ipynb_checkpoints"):
        (source / hidden).mkdir()
        (source / hidden / "config").write_text("x")
    (source / ".DS_Store").write_text("x")
    (source / "link").symlink_to("/etc/passwd")
    (source / "folder").symlink_to("/etc")

    publish(source, "one", quietly)

    assert list(delivered(tmp_path)) == ["week1/lab1.ipynb"]


def test_the_edition_before_stays_for_who_is_reading_it_and_older_ones_go(source: Path, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        publish(source, name, quietly)

    left = sorted(path.name for path in (tmp_path / "editions").iterdir())
    assert left == ["three", "three.json", "two", "two.json"]


def test_an_edition_that_is_there_is_used_as_it_is(source: Path, tmp_path: Path) -> None:
    publish(source, "one", quietly)
    publish(source, "two", quietly)

    publish(tmp_path / "nowhere", "one", quietly)

    assert (tmp_path / "content").resolve().name == "one", "the way back needs no source"


def test_an_edition_cut_off_in_the_middle_is_made_again(source: Path, tmp_path: Path) -> None:
    half = tmp_path / "editions" / "one"
    half.mkdir()
    (half / "half.ipynb").write_text("ha")

    publish(source, "one", quietly)

    assert list(delivered(tmp_path)) == ["week1/lab1.ipynb"]


def test_a_folder_where_the_link_is_to_be_makes_room_for_it(source: Path, tmp_path: Path) -> None:
    (tmp_path / "content" / "week1").mkdir(parents=True)

    publish(source, "one", quietly)

    assert list(delivered(tmp_path)) == ["week1/lab1.ipynb"]


def test_the_name_of_the_shared_data_is_taken(source: Path, tmp_path: Path) -> None:
    publish(source, "one", quietly)
    (source / "shared").mkdir()
    (source / "shared" / "data.csv").write_text("1")

    with pytest.raises(Refused, match="what every home calls the shared data"):
        publish(source, "two", quietly)

    assert (tmp_path / "content").resolve().name == "one", "what was there stays"


def test_too_much_for_every_home_is_refused_by_the_largest_file(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition, "MOST", 2**20)
    (source / "data.csv").write_bytes(bytes(2**20))

    with pytest.raises(Refused, match=r"the largest file is data.csv \(1 MiB\): put it into the shared folder"):
        publish(source, "one", quietly)


def test_pointers_of_lfs_are_named(source: Path) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    (source / "data.csv").write_text(pointer)
    said: list[str] = []

    publish(source, "one", said.append)

    assert "these are pointers of Git LFS, not the files themselves: data.csv" in said


def test_a_start_that_meets_a_switch_sees_one_edition_whole(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(source, "one", quietly)

    class Switched(content.Delivery):
        """A delivery in whose middle the next edition comes."""

        def deliver(self, sums: object) -> None:
            (source / "week1" / "lab1.ipynb").write_text("two")
            publish(source, "two", quietly)
            super().deliver(sums)  # type: ignore[arg-type]  # the sums that were read

    monkeypatch.setattr(content, "Delivery", Switched)

    assert delivered(tmp_path) == {"week1/lab1.ipynb": b"one"}, "sums and files of the edition it began with"
    assert list(json.loads((tmp_path / "editions" / "two.json").read_text())) == ["week1/lab1.ipynb"]
