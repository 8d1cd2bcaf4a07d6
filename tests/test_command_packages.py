"""``course packages``: what is in use, and the way back."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from coursehub.command import main
from coursehub.commands import packages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two environments; the one called new is in use."""
    for name, requirement in (("old", "pyyaml"), ("new", "jinja2")):
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").symlink_to(sys.executable)
        (tmp_path / name / "pyvenv.cfg").write_text(f"home = {sys.prefix}/bin\ninclude-system-site-packages = true\n")
        (tmp_path / name / "requirements.txt").write_text(f"# course\nipykernel\nnbclient\n{requirement}\n")
        (tmp_path / name / "complete").touch()
    (tmp_path / "current").symlink_to(tmp_path / "new")
    (tmp_path / "previous").symlink_to(tmp_path / "old")
    monkeypatch.setattr(packages, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(
        packages,
        "_versions",
        lambda _, names: {name: version(name) for name in names if name not in ("python", "gdal")},
    )
    return tmp_path


def in_use(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return list(json.loads(capsys.readouterr().out)["current"]["packages"])


def test_what_is_in_use_is_told_with_versions(environments: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert environments
    assert main(["packages"]) == 0

    said = capsys.readouterr().out
    assert f"in use: jinja2 {version('jinja2')} (installed " in said
    assert f"before: pyyaml {version('pyyaml')} (installed " in said


def test_condas_environment_is_told_by_condas_versions(environments: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = environments / "new"
    (place / "conda.txt").write_text("# conda\n--channel=conda-forge\nipykernel\npython=3.12\ngdal>=3\n")
    (place / "conda-meta").mkdir()
    for record in ("python-3.12.4-h1_0", "gdal-3.9.1-py312_0", "history"):
        (place / "conda-meta" / f"{record}.json").touch()

    assert main(["packages"]) == 0

    said = capsys.readouterr().out
    assert f"in use: python 3.12.4, gdal 3.9.1, jinja2 {version('jinja2')} (made by conda " in said


def test_the_way_back_leads_forth_again(environments: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert environments
    for packages_in_use in (["pyyaml"], ["jinja2"]):
        assert main(["packages", "--rollback", "--json"]) == 0
        assert in_use(capsys) == packages_in_use


def test_without_earlier_packages_nothing_is_touched(environments: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (environments / "previous").unlink()

    assert main(["packages", "--rollback"]) == 1

    assert "no earlier packages to go back to" in capsys.readouterr().err
    assert (environments / "current").readlink() == environments / "new"


def test_before_the_first_up_the_next_step_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(packages, "ENVIRONMENTS", tmp_path)

    assert main(["packages"]) == 1
    assert "Try: pulumi up" in capsys.readouterr().err
