"""What the droplet does with an environment of conda's; systemd-run and conda are played."""

from __future__ import annotations

import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from packages import Environment
from rendering import TEMPLATES, AnacondaScript, CondaArguments

if TYPE_CHECKING:
    from pathlib import Path

NOT_FOUND = """
Channels:
 - conda-forge
Platform: linux-64
Solving environment: ...working... failed

PackagesNotFoundError: The following packages are not available from current channels:

  - no-such-package=1

Current channels:

  - https://conda.anaconda.org/conda-forge

To search for alternate channels that may provide the conda package you're
looking for, navigate to

    https://anaconda.org

and use the search bar at the top of the page.
"""


@dataclass
class Droplet:
    """A folder in which ``by_conda`` of the step's script runs."""

    folder: Path

    def make(self, *channels: str, ends: int = 0, says: str = "") -> subprocess.CompletedProcess[str]:
        environment = Environment(conda=("numpy >=2,<3", "python=3.12"), channels=channels)
        (self.folder / "conda.txt").write_text(CondaArguments(arguments=environment.arguments).render())
        script = AnacondaScript(installer_url="u", installer_sha256="s", release="Anaconda3-1").render()
        function = script[script.index("by_conda() {") : script.index("earlier=")]
        played = f"""
            set -euo pipefail
            fail() {{ echo "FAILED: $*"; exit 1; }}
            systemd-run() {{ printf '%s\\n' "$@" > asked; printf '%s' {shlex.quote(says)}; return {ends}; }}
            prefix=/opt/anaconda environment=/opt/course/envs/new conda=conda.txt downloads=downloads
            {function}
            by_conda
        """
        return subprocess.run(
            ["bash", "-c", played], cwd=self.folder, capture_output=True, text=True, check=False, timeout=30
        )

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()


@pytest.fixture
def droplet(tmp_path: Path) -> Droplet:
    return Droplet(tmp_path)


def test_conda_asks_nothing_and_no_other_channel_than_the_files(droplet: Droplet) -> None:
    assert droplet.make("conda-forge").returncode == 0

    asked = droplet.asked()
    command = asked[asked.index("/opt/anaconda/bin/conda") + 1 :]
    assert command[:2] == ["create", "--yes"]
    assert "--override-channels" in command, "else conda adds its own"
    assert command[-6:] == ["--channel=conda-forge", "ipykernel", "nbclient", "pip", "numpy >=2,<3", "python=3.12"], (
        "each is an argument of its own"
    )


def test_conda_gives_way_to_a_class(droplet: Droplet) -> None:
    droplet.make("conda-forge")

    properties = dict(word.removeprefix("--property=").split("=") for word in droplet.asked() if "--property" in word)

    assert 1024 <= int(properties["MemoryMax"].removesuffix("M")) <= 4096
    assert properties["OOMScoreAdjust"] == "1000", "no student's kernel goes before it"
    assert int(properties["CPUWeight"]) < 100, "a class's processor comes first"


def test_anacondas_terms_are_accepted_by_who_names_its_channel_and_nobody_else(droplet: Droplet) -> None:
    accepted = "--setenv=CONDA_PLUGINS_AUTO_ACCEPT_TOS=yes"

    droplet.make("conda-forge")
    assert accepted not in droplet.asked()
    droplet.make("conda-forge", "defaults")
    assert accepted in droplet.asked(), "else conda stops to ask"


def test_what_conda_cannot_have_stands_at_the_end_of_the_log(droplet: Droplet) -> None:
    done = droplet.make("conda-forge", ends=1, says=NOT_FOUND)

    *_, error, package, failed = done.stdout.splitlines()
    assert error.startswith("PackagesNotFoundError: "), "the last lines are what a teacher is shown"
    assert package == "  - no-such-package=1"
    assert failed.startswith("FAILED: conda cannot make the course's environment; the packages from before stay")
    assert done.returncode == 1


@pytest.mark.parametrize(
    "ended",
    [
        "Finished with result: oom-kill",
        "Main processes terminated with: code=killed, status=9/KILL",
        "Main processes terminated with: code=killed/status=KILL",
    ],
    ids=["told by systemd", "seen by its signal", "and in the words of systemd 252"],
)
def test_conda_that_ran_out_of_memory_is_told_as_such(droplet: Droplet, ended: str) -> None:
    done = droplet.make("conda-forge", ends=255, says=f"{ended}\n")

    assert "MiB that were free for it; the packages from before stay in use. Run pulumi up outside class" in done.stdout


def in_environment(environment: Path) -> str:
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").write_text('#!/bin/sh\necho "${DATA-none} ${CONDA_PREFIX-none} $*"\n')
    (environment / "bin" / "python").chmod(0o755)
    program = TEMPLATES / "opt/course/bin/in-environment"
    return subprocess.check_output(
        ["bash", program, environment, "-m", "x y"], text=True, env={"PATH": "/usr/bin:/bin"}
    )


def test_a_kernel_of_condas_has_the_variables_its_packages_set(tmp_path: Path) -> None:
    scripts = tmp_path / "etc/conda/activate.d"
    scripts.mkdir(parents=True)
    (scripts / "libdata.sh").write_text('export DATA="$CONDA_PREFIX/share"\n')
    (tmp_path / "conda-meta").mkdir()

    assert in_environment(tmp_path) == f"{tmp_path}/share {tmp_path} -m x y\n"


def test_a_kernel_on_top_of_anaconda_has_none(tmp_path: Path) -> None:
    assert in_environment(tmp_path) == "none none -m x y\n"
