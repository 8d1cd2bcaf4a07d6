"""The real engine with the stand-ins, on a small program: no root, but a CLI that may have to be built first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cloud_under_test import TOKEN, Cloud, running_cloud

from rehearsal import toolchain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Pulumi = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.rehearsal

PROJECT = f"""
name: small
runtime: {{name: python, options: {{toolchain: pip, virtualenv: {sys.prefix}}}}}
config:
  tag: {{type: string, default: class}}
  note: {{type: string, default: first}}
"""
PROGRAM = """
import pulumi
import pulumi_command as command
import pulumi_digitalocean as do

config = pulumi.Config()
account = do.Provider("do", token=config.require_secret("token"))
tag = do.Tag("tag", name=config.require("tag"), opts=pulumi.ResourceOptions(provider=account))
note = command.local.Command(
    "note", create="cat", stdin=pulumi.Output.secret(config.require("note")), triggers=[tag.id],
    logging=command.local.Logging.NONE, opts=pulumi.ResourceOptions(additional_secret_outputs=["stdout"]),
)
print("the program speaks")
pulumi.export("resources", tag.total_resource_count)
pulumi.export("note", note.stdout)
if config.require("note") == "broken":
    raise ValueError("broken on purpose")
"""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def pulumi(home: Path, tmp_path_factory: pytest.TempPathFactory, cloud: Cloud) -> Pulumi:
    project = tmp_path_factory.mktemp("project")
    (project / "Pulumi.yaml").write_text(PROJECT)
    (project / "__main__.py").write_text(PROGRAM)
    tools = toolchain.prepare(home, "stand-in", print)
    variables = {**os.environ, **tools.environment(), "DIGITALOCEAN_API_URL": cloud.url}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["pulumi", *words, "--non-interactive"]
        return subprocess.run(
            command, cwd=project, env=variables, capture_output=True, text=True, check=False
        )  # fmt: skip

    assert run("stack", "init", "dev").returncode == 0
    assert run("config", "set", "--secret", "token", TOKEN).returncode == 0
    return run


def test_a_term_in_small(pulumi: Pulumi, cloud: Cloud) -> None:
    preview = pulumi("preview")
    assert preview.returncode == 0, preview.stdout + preview.stderr
    assert "the program speaks" in preview.stdout, "what the program prints is shown"
    assert not cloud.client.tags.list()["tags"], "a preview makes nothing"

    up = pulumi("up", "--yes", "--skip-preview")
    assert up.returncode == 0, up.stdout + up.stderr
    assert [tag["name"] for tag in cloud.client.tags.list()["tags"]] == ["class"]
    assert "first" not in up.stdout, "a secret stays one"
    assert "warning" not in up.stdout + up.stderr, "the engine finds the stand-ins by its ordinary look-up"
    assert pulumi("stack", "output", "note", "--show-secrets").stdout == "first\n"

    again = pulumi("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert again.returncode == 0, again.stdout

    pulumi("config", "set", "note", "second")
    assert "[diff: ~stdin]" in pulumi("preview").stdout, "a changed text is an update, and which text is told"
    pulumi("config", "set", "tag", "other")
    assert "+-2 to replace" in pulumi("preview").stdout, "another name is another tag, and a trigger replaces"
    changed = pulumi("up", "--yes", "--skip-preview")
    assert changed.returncode == 0, changed.stdout
    assert pulumi("stack", "output", "note", "--show-secrets").stdout == "second\n"

    cloud.client.tags.delete("other")
    refreshed = pulumi("refresh", "--yes", "--skip-preview")
    assert "1 deleted" in refreshed.stdout, "someone removed it by hand"
    assert pulumi("up", "--yes", "--skip-preview").returncode == 0, "the next up makes it again"

    destroyed = pulumi("destroy", "--yes", "--skip-preview")
    assert destroyed.returncode == 0, destroyed.stdout
    assert not cloud.client.tags.list()["tags"]


def test_a_program_that_raises_shows_where(pulumi: Pulumi) -> None:
    pulumi("config", "set", "note", "broken")
    run = pulumi("preview")
    assert run.returncode != 0
    assert "ValueError: broken on purpose" in run.stdout
    assert "__main__.py" in run.stdout, "with the line it happened at"


def test_an_api_that_says_no_is_told_in_words(pulumi: Pulumi, cloud: Cloud) -> None:
    pulumi("config", "set", "note", "third")
    cloud.fault(path="/v2/tags", method="POST", status=403, message="You are not authorized to perform this operation")
    run = pulumi("up", "--yes", "--skip-preview")
    assert run.returncode != 0
    assert "403" in run.stdout
    assert "You are not authorized to perform this operation" in run.stdout


def test_nothing_is_left_running(home: Path) -> None:
    running = [process for process in Path("/proc").iterdir() if process.name.isdigit() and _knows(process, home)]
    assert not running, "plugins end with the engine that started them"


def _knows(process: Path, home: Path) -> bool:
    """Tell whether a process was started with this test's Pulumi home."""
    try:
        return str(home) in (process / "environ").read_text()
    except OSError:
        return False
