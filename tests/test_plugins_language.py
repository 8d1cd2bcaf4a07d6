"""The stand-in for the Python language host: whose Python runs, what it needs, and what is told when it fails."""

from __future__ import annotations

import sys
import venv
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import empty_pb2, struct_pb2
from plugin_under_test import CONTEXT, Aborted
from pulumi.runtime.proto import language_pb2

from rehearsal.plugins.language import LanguageError, LanguageHost, activated, project_python

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = str(Path(sys.prefix))


def program(root: Path, options: Mapping[str, Any]) -> language_pb2.ProgramInfo:
    struct = struct_pb2.Struct()
    struct.update(dict(options))
    return language_pb2.ProgramInfo(
        root_directory=str(root), program_directory=str(root), entry_point=".", options=struct
    )


def run(root: Path, **more: Any) -> language_pb2.RunResponse:
    request = language_pb2.RunRequest(
        info=program(root, {"virtualenv": OURS}), pwd=str(root), project="p", stack="dev", parallel=4, **more
    )
    return LanguageHost("").Run(request, CONTEXT)


def test_the_projects_own_environment_runs_the_program(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv")
    python = tmp_path / ".venv" / "bin" / "python"
    assert project_python(tmp_path, {"toolchain": "pip", "virtualenv": ".venv"}) == python
    assert project_python(tmp_path, {"toolchain": "uv"}) == python, "uv's is .venv unless it is said"
    assert project_python(tmp_path, {}) == Path("python3"), "without an environment, whatever is on PATH"
    variables = activated(python)
    assert variables["VIRTUAL_ENV"] == str(tmp_path / ".venv")
    assert variables["PATH"].startswith(f"{python.parent}:")


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"virtualenv": ".venv"}, "is not a virtual environment; make it with"),
        ({"toolchain": "poetry"}, "does not have; it knows toolchain 'pip' and 'uv'"),
        ({"virtualenv": ".venv", "typechecker": "mypy"}, "no typechecker"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_way_out(tmp_path: Path, options: dict[str, Any], word: str) -> None:
    with pytest.raises(LanguageError, match=word):
        project_python(tmp_path, options)
    request = language_pb2.AboutRequest(info=program(tmp_path, options))
    with pytest.raises(Aborted, match=word):
        LanguageHost("").About(request, CONTEXT)


def test_required_plugins_are_those_the_installed_packages_name(tmp_path: Path) -> None:
    request = language_pb2.GetRequiredPackagesRequest(info=program(tmp_path, {"virtualenv": OURS}))
    found = {
        package.name: (package.kind, package.version)
        for package in LanguageHost("").GetRequiredPackages(request, CONTEXT).packages
    }
    assert found == {
        "digitalocean": ("resource", f"v{version('pulumi-digitalocean')}"),
        "command": ("resource", f"v{version('pulumi-command')}"),
    }


def test_about_and_dependencies_speak_of_the_projects_python(tmp_path: Path) -> None:
    host, info = LanguageHost(""), program(tmp_path, {"virtualenv": OURS})
    about = host.About(language_pb2.AboutRequest(info=info), CONTEXT)
    assert about.executable == f"{OURS}/bin/python"
    assert about.version.startswith("3.")
    listed = host.GetProgramDependencies(language_pb2.GetProgramDependenciesRequest(info=info), CONTEXT)
    assert "pulumi" in {dependency.name for dependency in listed.dependencies}


def test_a_program_that_cannot_start_is_an_error_not_silence(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    answer = run(tmp_path, monitor_address="127.0.0.1:1")
    assert answer.error.startswith("Program exited with non-zero exit code") or answer.bail
    assert capfd.readouterr().err, "what Python says about it is shown"


def test_cancel_ends_a_running_program(tmp_path: Path) -> None:
    host = LanguageHost("")
    host.Cancel(empty_pb2.Empty(), CONTEXT)
    request = language_pb2.RunRequest(info=program(tmp_path, {"virtualenv": OURS}), pwd=str(tmp_path), parallel=1)
    assert host.Run(request, CONTEXT).error == "Program exited with non-zero exit code: -15"
