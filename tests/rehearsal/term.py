"""What a teacher does in a term, from their own machine: preview, up, destroy, and a look at the droplet."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

from account import Droplet, ask, until

from rehearsal import environment, places

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STACK = "dev"
PATIENCE = 900  # seconds for one command of the CLI


class Term:
    """The dev stack, driven by the real CLI."""

    def __init__(self) -> None:
        self.places = places.ours()
        self.settings = places.REPOSITORY / f"Pulumi.{STACK}.yaml"
        self.roster = places.REPOSITORY / "rehearsal" / "roster.csv"
        self.variables = environment.merged(environment.read(self.places.env))

    def pulumi(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the CLI; its output is for the test to read, also when it fails."""
        return subprocess.run(
            ["pulumi", *words, "--stack", STACK, "--non-interactive"],
            cwd=places.REPOSITORY, env={**self.variables, **variables},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip

    def set(self, key: str, value: str, *words: str) -> None:
        """Set a setting of the stack, as the docs say."""
        done = self.pulumi("config", "set", *words, key, value)
        assert done.returncode == 0, done.stdout

    def up(self, *words: str) -> str:
        """``pulumi up``; what it printed. A failure shows all of it."""
        done = self.pulumi("up", "--yes", "--skip-preview", *words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def refused(self, *words: str, **variables: str) -> str:
        """``pulumi preview`` that must fail; what it said."""
        done = self.pulumi("preview", *words, **variables)
        assert done.returncode != 0, f"this had to be refused:\n{done.stdout}"
        return done.stdout

    def changes(self) -> dict[str, str]:
        """What a preview would do, by resource name: update, create, replace, delete."""
        done = subprocess.run(
            ["pulumi", "preview", "--json", "--stack", STACK, "--non-interactive"],
            cwd=places.REPOSITORY, env=self.variables, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        steps = json.loads(done.stdout)["steps"]
        return {step["urn"].rpartition("::")[2]: step["op"] for step in steps if step["op"] != "same"}

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        done = self.pulumi("stack", "output", "--json")
        outputs: dict[str, Any] = json.loads(done.stdout)
        return outputs

    def urn(self, name: str) -> str:
        """The URN of a resource."""
        exported = self.pulumi("stack", "export")
        resources = json.loads(exported.stdout)["deployment"]["resources"]
        found: str = next(item["urn"] for item in resources if item["urn"].endswith(f"::{name}"))
        return found

    def droplet(self) -> Droplet:
        """The droplet, as the teacher reaches it."""
        number = ask("GET", "/droplets")["droplets"][0]["id"]
        return Droplet(number, self.outputs()["address"], self.places.ssh_key)

    def killed_during(self, step: str) -> None:
        """Start ``pulumi up`` and kill it, without a chance to tidy up, while the droplet applies ``step``."""
        droplet = self.droplet()
        log = self.places.logs / "killed.log"
        with log.open("w") as stream:
            running = subprocess.Popen(
                ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK],
                cwd=places.REPOSITORY, env=self.variables, stdout=stream, stderr=stream, start_new_session=True,
            )  # fmt: skip
        try:
            # the applier keeps no digest of a manifest until its script has succeeded
            at_work = f'pgrep -f libexec/course-step && grep -q \'"digest": ""\' /var/lib/course/steps/{step}.json'
            until(lambda: droplet.shell(at_work).returncode == 0, 120, f"{step} is at work; {log} says how it went")
        finally:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        self.pulumi("cancel", "--yes")


def log_ends(droplet: Droplet) -> str:
    """When each step last ran on the droplet."""
    return droplet.says("stat --format '%n %Y' /var/log/course/*.log")


def seconds_of(work: Callable[[], object]) -> float:
    """How long ``work()`` takes."""
    started = time.monotonic()
    work()
    return time.monotonic() - started


def lines_added(path: Path, line: str) -> None:
    """Add a line at a file's end."""
    with path.open("a") as stream:
        stream.write(f"{line}\n")
