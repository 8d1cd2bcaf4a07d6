"""Opening the rehearsal: from an empty machine to the end of ``pulumi up``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal import environment, image, machine, network, prerequisites, processes, toolchain
from rehearsal.commands import run
from rehearsal.places import API_PORT, API_TOKEN, GATEWAY, NETWORK, REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rehearsal.places import Places

PROJECT, STACK = "course-server", "dev"
_PATIENCE = 60  # seconds for the cloud to open; it boots the droplets of an earlier run before it does
_DEFAULT_IMAGE = "debian-13-x64"


class NotReady(RuntimeError):
    """The cloud did not open."""


def up(places: Places, plugins: str, slug: str | None, say: Callable[[str], None]) -> int:
    """Prepare what is missing, open the cloud, run ``pulumi up``; return its exit status."""
    times: dict[str, float] = {}
    prerequisites.ensure(say)
    machine.claim(places.home, say)
    with _timed(times, "toolchain"):
        tools = toolchain.prepare(places.home, plugins, say)
    with _timed(times, "image"):
        image.prepare(slug or _DEFAULT_IMAGE, places.images, say)
    with _timed(times, "cloud"):
        network.raise_gateway()
        if filters := network.obstacles():
            say(f"this machine drops packets by {', '.join(filters)}; droplets need {NETWORK} to pass there")
        open_cloud(places)
        values = environment.variables(tools, places.bundle)
        environment.write(places.env, values)
        say(f"DigitalOcean, stood in for by this machine, is open at http://{GATEWAY}:{API_PORT}")
    with _timed(times, "pulumi up"):
        status = _pulumi_up(places, environment.merged(values), slug)
    say("took " + ", ".join(f"{part} {seconds:.0f} s" for part, seconds in times.items()))
    if status:
        say(f"pulumi up did not finish; the droplets' consoles and journals are in {places.droplets}")
    else:
        places.times.write_text(json.dumps(times))
        print(_outcome(places, environment.merged(values)))
    return status


def open_cloud(places: Places) -> None:
    """Start the daemon unless it runs, and wait until the cloud answers."""
    for folder in (places.run, places.logs, places.home / "state"):
        folder.mkdir(parents=True, exist_ok=True)
    if not places.ssh_key.exists():
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rehearsal", "-f", places.ssh_key)
    log, daemon = places.logs / "daemon.log", None
    if not processes.alive(places.run / "daemon.pid", "rehearsal.daemon"):
        with log.open("ab") as stream:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "rehearsal.daemon"],
                cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
            )  # fmt: skip
    deadline = time.monotonic() + _PATIENCE
    while not _answers():
        if time.monotonic() > deadline or (daemon and daemon.poll() is not None):
            raise NotReady(f"the cloud did not open; the end of {log}:\n" + log.read_text()[-2000:])
        time.sleep(0.2)


def _answers() -> bool:
    request = urllib.request.Request(
        f"http://{GATEWAY}:{API_PORT}/v2/account", headers={"Authorization": f"Bearer {API_TOKEN}"}
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy cannot see this network
    try:
        with direct.open(request, timeout=5) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def _pulumi_up(places: Places, variables: Mapping[str, str], slug: str | None) -> int:
    def pulumi(*words: str) -> int:
        return subprocess.run(["pulumi", *words], cwd=REPOSITORY, env=variables, check=False).returncode

    if status := pulumi("stack", "select", "--create", STACK):
        return status
    settings = REPOSITORY / f"Pulumi.{STACK}.yaml"
    if slug:  # in a copy: the stack's own file belongs to the repository
        settings = Path(shutil.copy(settings, places.home))
        pulumi("config", "set", "image", slug, "--stack", STACK, "--config-file", str(settings))
    return pulumi("up", "--yes", "--stack", STACK, "--config-file", str(settings))


def _outcome(places: Places, variables: Mapping[str, str]) -> str:
    """Return where the course is, what the student check found when it last ran, and what to try next."""
    exported = run("pulumi", "--cwd", REPOSITORY, "stack", "export", "--stack", STACK, variables=variables)
    resources = json.loads(exported)["deployment"].get("resources", [])
    outputs = {entry["urn"].rpartition("::")[2]: entry.get("outputs", {}) for entry in resources}
    course = outputs[f"{PROJECT}-{STACK}"]
    check = outputs["student-check"].get("stdout", "").strip().rpartition("\n")[2]
    key, variables_file = (os.path.relpath(path, REPOSITORY) for path in (places.ssh_key, places.env))
    return f"""
  {course["url"]} is served by {course["address"]}; {check}

  as a student    make browse
  as the teacher  ssh -i {key} teacher@{course["address"]}
  in the term     . {variables_file}, change rehearsal/roster.csv, pulumi preview --diff, pulumi up
  after the term  pulumi destroy, then python -m rehearsal down
"""


@contextmanager
def _timed(times: dict[str, float], part: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    times[part] = time.monotonic() - started
