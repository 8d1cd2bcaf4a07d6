"""The ``course`` command: what a teacher types, and what comes back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from coursehub import command
from coursehub.commands import check
from coursehub.student_check import Failure, Report

if TYPE_CHECKING:
    from pathlib import Path


def test_every_sub_command_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main(["--help"])

    printed = capsys.readouterr().out
    for name in command.COMMANDS:
        assert name in printed


@pytest.mark.parametrize("name", command.COMMANDS)
def test_every_sub_command_can_be_read_by_a_program(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        command.main([name, "--help"])

    assert "--json" in capsys.readouterr().out


def test_a_server_that_is_not_set_up_is_named_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "_SETTINGS", tmp_path / "check.json")

    assert command.main(["check"]) == 1
    assert "is not set up to the end. Try: pulumi up" in capsys.readouterr().err


def test_how_the_last_check_went_is_there_for_everybody_to_read(tmp_path: Path) -> None:
    report = Report(say=print, failure=Failure("start a server", "It did not start.", ""))

    check.keep(report, tmp_path / "last-check.json", 1764000000.4)

    kept = json.loads((tmp_path / "last-check.json").read_text())
    assert (kept["at"], kept["passed"]) == (1764000000, False)
    assert kept["failure"]["part"] == "start a server"
    assert (tmp_path / "last-check.json").stat().st_mode & 0o777 == 0o644, "the hub's page reads it without rights"
