"""The lab extension: what a bundler would have seen to, and what it must not do."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from program_under_test import ROOT

from rendering import script

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT / "templates/opt/course/share/jupyter/labextensions/course"
STATIC = FOLDER / "static"
PACKAGE = json.loads((FOLDER / "package.json").read_text())
IMPORT = re.compile(r'^import .* from "(.+)";$', re.MULTILINE)
MODULES = sorted(STATIC.glob("*.js"))


def named(path: Path) -> str:
    return path.name


def test_jupyterlab_is_told_where_to_begin() -> None:
    build = PACKAGE["jupyterlab"]["_build"]

    assert (FOLDER / build["load"]).is_file()
    assert f"_JUPYTERLAB.{PACKAGE['name']} =" in (FOLDER / build["load"]).read_text(), "looked for under its name"
    assert PACKAGE["name"] == FOLDER.name, "JupyterLab asks for files below the name"


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_a_module_imports_what_is_there(module: Path) -> None:
    for imported in IMPORT.findall(module.read_text()):
        assert (STATIC / imported).is_file(), f"{imported} is not there, and nothing of the extension would load"


@pytest.mark.parametrize("file", [*MODULES, STATIC / "course.css"], ids=named)
def test_nobody_but_the_students_server_is_asked(file: Path) -> None:
    elsewhere = r"https?://|url\(" if file.suffix == ".css" else "https?://"

    assert not re.search(elsewhere, file.read_text()), "no font, no picture, no script from elsewhere"


def test_every_module_is_used() -> None:
    used = {name for module in MODULES for name in re.findall(r'"(?:\./)?(\w+\.(?:js|css))"', module.read_text())}

    assert {path.name for path in STATIC.iterdir()} == used | {"remoteEntry.js"}


def test_a_change_of_what_students_see_does_not_restart_the_hub() -> None:
    restarts = script("jupyterhub.sh").partition("if outdated jupyterhub.service")[2].partition("then")[0]

    assert "spawner" in restarts, "this is where the hub's own files are named"
    assert not re.search(r"coursehub/lab|coursehub/\*|labextensions|/etc/jupyter/", restarts)
