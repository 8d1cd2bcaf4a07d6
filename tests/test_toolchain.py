"""Where the CLI and the plugins come from, in which order, and what is said when they cannot be had."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING

import pytest

from rehearsal import engine, toolchain
from rehearsal.places import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a shell and nothing else: no Pulumi, no Go, no way out."""
    programs = tmp_path / "usr-bin"
    programs.mkdir()
    for name in ("sh", "cp", "cat", "tar", "gzip"):
        (programs / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path / "someone"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(toolchain.CHOICE_VARIABLE, raising=False)
    monkeypatch.setattr(engine, "DOWNLOADS", NOWHERE)
    return tmp_path


def put(file: Path, script: str) -> Path:
    """Write a program."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def put_pulumi(folder: Path, version: str) -> Path:
    return put(folder / "pulumi", f"echo {version}")


def put_go(machine: Path) -> None:
    """Put a Go whose builds are a Pulumi; it notes what it was asked for."""
    pulumi = put_pulumi(machine / "go", engine.VERSION)
    put(
        machine / "usr-bin" / "go",
        f'echo "$PWD $*" > {machine}/asked\nwhile [ "$1" != -o ]; do shift; done\ncp {pulumi} "$2"',
    )


def prepare(machine: Path, choice: str, say: Callable[[str], None]) -> toolchain.Toolchain:
    return toolchain.prepare(machine / ".rehearsal", choice, say)


def test_a_recent_pulumi_on_path_is_used(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    tools = prepare(machine, "stand-in", said.append)
    assert (tools.version, tools.origins["pulumi"]) == ("v3.230.1", f"found on PATH, {machine}/usr-bin/pulumi")
    assert "v3.230.1 (found on PATH" in said[-1], "what is used is told"


def test_an_old_pulumi_is_passed_over_and_one_is_built_once(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.219.0")
    put_go(machine)
    tools = prepare(machine, "stand-in", said.append)
    assert tools.origins["pulumi"] == "built from its published Go modules"
    assert "cannot be had from" in said[0], "first the official download was tried"
    asked = (machine / "asked").read_text()
    assert asked.startswith(f"{REPOSITORY}/rehearsal/cli build -trimpath"), "from the pinned modules"
    assert f"version.Version={engine.VERSION}" in asked, (
        "without its version the CLI takes itself for a development build"
    )
    said.clear()
    (machine / "usr-bin" / "go").unlink()
    assert prepare(machine, "stand-in", said.append).version == engine.VERSION
    assert len(said) == 1, "the second time it is just there"


def test_the_modules_pinned_are_of_the_version_that_is_named() -> None:
    pinned = (REPOSITORY / "rehearsal" / "cli" / "go.mod").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 {engine.VERSION}\n" in pinned
    assert f"github.com/pulumi/pulumi/sdk/v3 {engine.VERSION}" in pinned


def test_a_failed_build_leaves_nothing_behind(machine: Path, said: list[str]) -> None:
    put(machine / "usr-bin" / "go", "echo checksum mismatch >&2; exit 1")
    with pytest.raises(engine.EngineMissing, match="checksum mismatch"):
        prepare(machine, "stand-in", said.append)
    assert not list((machine / "cache" / "course-server" / "pulumi").iterdir()), "half a CLI is none"


def test_without_any_way_to_a_pulumi_all_ways_are_named(machine: Path, said: list[str]) -> None:
    with pytest.raises(engine.EngineMissing, match=r"v3.220 or newer on PATH.*out of reach.*no go"):
        prepare(machine, "auto", said.append)


def test_the_official_archive_brings_its_language_host(
    machine: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(machine / "official" / "pulumi", engine.VERSION)
    put(machine / "official" / "pulumi" / toolchain.LANGUAGE_HOST, "true")
    archive = machine / f"pulumi-{engine.VERSION}-linux-x64.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(machine / "official" / "pulumi", "pulumi")
    monkeypatch.setattr(engine, "DOWNLOADS", machine.as_uri())
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    found = engine.find(machine / "cache", os.environ["PATH"], said.append, official=True)
    assert found.pulumi.with_name(toolchain.LANGUAGE_HOST).exists()
    assert found.origin == f"downloaded from {archive.as_uri()}"


def test_stand_ins_lie_where_the_engine_looks(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    tools = prepare(machine, "stand-in", said.append)
    home = machine / ".rehearsal"
    assert tools.pulumi == home / "bin" / "pulumi"
    assert not tools.pulumi.is_symlink(), "the engine looks beside the file that it really is"
    launchers = [home / "bin" / toolchain.LANGUAGE_HOST]
    for provider in toolchain.PROVIDERS:
        folder = f"resource-{provider}-v{toolchain.required_version(provider)}"
        launchers.append(home / "home" / "plugins" / folder / f"pulumi-resource-{provider}")
    for launcher in launchers:
        assert os.access(launcher, os.X_OK)
        assert sys.executable in launcher.read_text(), "with the Python that runs the rehearsal"
    assert tools.environment()["PULUMI_IGNORE_AMBIENT_PLUGINS"] == "true", "an official one on PATH would go first"


def test_a_launched_stand_in_tells_its_port_and_ends_when_told(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    launcher = prepare(machine, "stand-in", said.append).pulumi.with_name(toolchain.LANGUAGE_HOST)
    with subprocess.Popen([launcher, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout is not None
        assert int(plugin.stdout.readline()) > 1024, "the engine reads the port from the first line"
        plugin.send_signal(2)
        assert plugin.wait(10) == 0


def put_official(machine: Path) -> None:
    for name in (toolchain.LANGUAGE_HOST, *(f"pulumi-resource-{provider}" for provider in toolchain.PROVIDERS)):
        put(machine / "usr-bin" / name, "true")


def test_with_official_plugins_no_stand_in_is_left_in_the_way(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    prepare(machine, "stand-in", said.append)
    put_official(machine)
    tools = prepare(machine, "official", said.append)
    assert tools.plugins == tools.environment()[toolchain.CHOICE_VARIABLE] == "official"
    assert not (machine / ".rehearsal" / "bin").exists()
    assert not list((machine / ".rehearsal" / "home" / "plugins").iterdir())
    assert "PULUMI_IGNORE_AMBIENT_PLUGINS" not in tools.environment()
    assert all("stand-in" not in origin for origin in tools.origins.values())


def test_the_users_own_plugins_serve_too(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    put(machine / "usr-bin" / toolchain.LANGUAGE_HOST, "true")
    for provider in toolchain.PROVIDERS:
        folder = f"resource-{provider}-v{toolchain.required_version(provider)}"
        put(machine / "someone" / ".pulumi" / "plugins" / folder / f"pulumi-resource-{provider}", "true")
    tools = prepare(machine, "auto", said.append)
    assert tools.plugins == "official", "auto takes the official ones where all are there"
    assert len(list((machine / ".rehearsal" / "home" / "plugins").iterdir())) == 2


def test_official_plugins_that_cannot_be_had_are_named(machine: Path, said: list[str]) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    with pytest.raises(
        toolchain.ToolchainError, match=r"pulumi-language-python, pulumi-resource-digitalocean.*use --plugins"
    ):
        prepare(machine, "official", said.append)
    assert prepare(machine, "auto", said.append).plugins == "stand-in"


def test_the_environment_decides_what_the_command_line_leaves_open(
    machine: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    monkeypatch.setenv(toolchain.CHOICE_VARIABLE, "official")
    with pytest.raises(toolchain.ToolchainError):
        prepare(machine, "auto", said.append)
    assert prepare(machine, "stand-in", said.append).plugins == "stand-in", "the command line is stronger"
    monkeypatch.setenv(toolchain.CHOICE_VARIABLE, "standin")
    with pytest.raises(
        toolchain.ToolchainError, match="COURSE_PLUGINS is 'standin', but has to be one of auto, official"
    ):
        prepare(machine, "auto", said.append)


def test_a_rehearsals_shell_does_not_find_itself(
    machine: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_pulumi(machine / "usr-bin", "v3.230.1")
    inside = prepare(machine, "stand-in", said.append).environment()
    monkeypatch.setenv("PATH", inside["PATH"])
    again = prepare(machine, "stand-in", said.append)
    assert again.origins["pulumi"] == f"found on PATH, {machine}/usr-bin/pulumi"
    assert again.environment()["PATH"].count(".rehearsal/bin") == 1
    assert inside["PULUMI_BACKEND_URL"] == f"file://{machine}/.rehearsal/state"
