"""The rehearsal's cloud as a test sees it: requests to its API, and commands on its droplets."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rehearsal.places import API_PORT, API_TOKEN, GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def ask(method: str, path: str, body: dict[str, Any] | None = None, *, below: str = "/v2") -> dict[str, Any]:
    """Return the API's answer; a refusal is an error with its text."""
    request = urllib.request.Request(
        f"http://{GATEWAY}:{API_PORT}{below}{path}",
        method=method,
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Authorization": f"Bearer {API_TOKEN}", "Content-Type": "application/json"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
        text = answer.read()
    answered: dict[str, Any] = json.loads(text) if text else {}
    return answered


def act(path: str, body: dict[str, Any], seconds: float = 120) -> None:
    """Start an action and wait for its end; one that does not complete is an error."""
    action = ask("POST", f"{path}/actions", body)["action"]
    until(lambda: ask("GET", f"/actions/{action['id']}")["action"]["status"] != "in-progress", seconds, str(body))
    status = ask("GET", f"/actions/{action['id']}")["action"]["status"]
    if status != "completed":
        raise AssertionError(f"{body} ended {status}; the daemon's log says why")


def until(true: Callable[[], object], seconds: float, what: str) -> None:
    """Wait until a condition holds; too long is an error that says what was waited for."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain: {what}")
        time.sleep(0.5)


@dataclass(frozen=True)
class Droplet:
    """A droplet one can sign in to."""

    id: int
    address: str
    key: Path
    user: str = "teacher"

    def shell(self, script: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a script there as root; returns its output, also when it fails."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=5", "LogLevel=ERROR"]
        words = [word for option in options for word in ("-o", option)]
        there = f"{self.user}@{self.address}"
        return subprocess.run(
            ["ssh", "-F", "none", *words, "-i", self.key, there, "sudo", "bash", "-eu"],
            input=script, capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip

    def says(self, script: str, seconds: float = 120) -> str:
        """Return what a script prints there; failing is an error with its output."""
        result = self.shell(script, seconds)
        if result.returncode:
            raise AssertionError(f"{script!r} ended {result.returncode}: {result.stdout}{result.stderr}")
        return result.stdout.strip()

    def answers(self) -> bool:
        """Tell whether one can sign in."""
        return self.shell("true", 10).returncode == 0
