"""The link to the shared data: it comes by itself, takes nothing of the student's, and never keeps a server away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coursehub.shared import SHARED, link

if TYPE_CHECKING:
    from pathlib import Path


def test_it_comes_and_comes_again(tmp_path: Path) -> None:
    for _ in range(2):
        link(tmp_path, pytest.fail)
    assert (tmp_path / "shared").readlink() == SHARED
    (tmp_path / "shared").rename(tmp_path / "data")

    link(tmp_path, pytest.fail)

    assert (tmp_path / "shared").readlink() == SHARED, "it is a door, not a gift: deleted or renamed, it is there again"


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_the_students_own_by_that_name_stays(tmp_path: Path, kind: str) -> None:
    own = tmp_path / "shared"
    if kind == "file":
        own.write_text("mine")
    elif kind == "folder":
        own.mkdir()
    else:
        own.symlink_to("elsewhere")
    before = own.lstat()
    said: list[str] = []

    link(tmp_path, said.append)

    assert own.lstat() == before
    assert said == ["shared is the student's own, so the shared data are at /srv/shared only"]


def test_a_home_that_takes_no_link_is_said(tmp_path: Path) -> None:
    said: list[str] = []

    link(tmp_path / "gone", said.append)

    assert said == ["shared could not be linked to the shared data: No such file or directory"]
