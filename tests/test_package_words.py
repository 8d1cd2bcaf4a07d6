"""What a preview says of another list of packages."""

from __future__ import annotations

import pytest

import packages
from rendering import CourseRequirements

NOW = ["pint==0.25.3", "pyserial==3.5"]


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ([*NOW, "rich==14.0"], "adds rich==14.0"),
        (["pyserial==3.5"], "removes pint"),
        (["pint==0.26", "pyserial==3.5"], "upgrades pint from 0.25.3 to 0.26"),
        (["Pint==0.9", "pyserial==3.5"], "downgrades pint from 0.25.3 to 0.9"),
        (["pint>=0.26", "pyserial==3.5"], "changes pint==0.25.3 to pint>=0.26"),
        (["pint==0.26", "rich"], "adds rich, removes pyserial, upgrades pint from 0.25.3 to 0.26"),
    ],
)
def test_a_change_is_said_in_words(now: list[str], said: str) -> None:
    assert packages.words(NOW, now) == [f"packages: {said}"]


@pytest.mark.parametrize("before", [None, NOW, ["pyserial==3.5", "pint==0.25.3"]])
def test_no_change_is_nothing_to_say(before: list[str] | None) -> None:
    assert packages.words(before, NOW) == []


def test_the_list_is_read_back_from_what_the_droplet_got() -> None:
    assert packages.listed(CourseRequirements(packages=tuple(NOW)).render()) == NOW
