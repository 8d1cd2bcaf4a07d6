"""The hub's account, in wrong hands, gets no further than starting and stopping students' servers."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from account import until
from intruder import Outcome, attempt, seated, the_droplet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from account import Droplet

pytestmark = pytest.mark.rehearsal

HUB = "jupyterhub"
AT_WORK = "emmy.noether@college.example"
AWAY = "jh-margaret"  # no server is running for her, so one can be started
UNIT = f"jupyterhub-user@{AWAY}.service"
HANDED_OVER = "/run/jupyterhub/spawn"
STOLEN = "/tmp/stolen"  # noqa: S108  on the droplet, and it must never be there
STEAL = f"sh -c 'cat /etc/shadow > {STOLEN}'"
SYSTEMCTL = "systemctl --no-ask-password"
RUN = "systemd-run --no-ask-password --wait"
DENIED = "Access denied"
# No transient unit under the name of a template's instance; before systemd 257, none for the hub at all.
TAKEN = f"has a fragment file or {DENIED}"

# {student} is one whose server is running.
REFUSED = {
    "stopping ssh": (f"{SYSTEMCTL} stop ssh.service", DENIED),
    "starting another unit": (f"{SYSTEMCTL} start ssh.service", DENIED),
    "restarting itself": (f"{SYSTEMCTL} restart jupyterhub.service", DENIED),
    "a server of root's": (f"{SYSTEMCTL} start jupyterhub-user@root.service", DENIED),
    "a server of the teacher's": (f"{SYSTEMCTL} start jupyterhub-user@teacher.service", DENIED),
    "a server by a crooked name": (rf"{SYSTEMCTL} start 'jupyterhub-user@jh-ada\x2f..service'", DENIED),
    "an account for root": (f"{SYSTEMCTL} start jupyterhub-account@root.service", DENIED),
    "restarting a student's server": (f"{SYSTEMCTL} restart jupyterhub-user@{{student}}", DENIED),
    "signals to a student's server": (f"{SYSTEMCTL} kill jupyterhub-user@{{student}}", DENIED),
    "lifting a student's limits": (
        f"{SYSTEMCTL} set-property --runtime jupyterhub-user@{{student}} MemoryMax=infinity",
        DENIED,
    ),
    "stopping all else": (f"{SYSTEMCTL} start --job-mode=isolate jupyterhub-user@{{student}}", "may not be isolated"),
    "a unit linked from elsewhere": (f"{SYSTEMCTL} link /tmp/planted.service", DENIED),
    "enabling a unit": (f"{SYSTEMCTL} enable ssh.service", DENIED),
    "having systemd read its files again": (f"{SYSTEMCTL} daemon-reload", DENIED),
    "an environment for every unit": (f"{SYSTEMCTL} set-environment LD_PRELOAD=/tmp/planted.so", DENIED),
    "a transient unit": (f"{RUN} {STEAL}", DENIED),
    "a transient unit that sounds like the hub's": (f"{RUN} --unit=jupyterhub-zzz.service {STEAL}", DENIED),
    "a transient unit under a student's name": (f"{RUN} --unit=jupyterhub-user@jh-zzz.service {STEAL}", TAKEN),
    "a transient unit under an account's name": (f"{RUN} --unit=jupyterhub-account@jh-zzz.service {STEAL}", TAKEN),
    "a file of root's as a credential": (f"{RUN} --property LoadCredential=it:/etc/shadow true", DENIED),
    "the machine's name": ("hostnamectl --no-ask-password hostname owned", DENIED),
    "sudo": ("sudo -n id", "a password is required"),
    "its own secrets as they lie on the disk": ("cat /etc/jupyterhub/secrets/*", "Permission denied"),
    "a student's home": ("ls /home/{student}", "Permission denied"),
    "the course's packages": ("touch /opt/course/envs/current/planted", "Permission denied"),
    "its own program": ("touch /opt/jupyterhub/current/planted", "Permission denied"),
    "the launcher": ("touch /opt/course/lib/coursehub/launcher.py", "Permission denied"),
}

# What is put where a student's server looks for the hub's word -> why the launcher starts nothing.
PLANTED = {
    "a link to a file of root's": ("ln -s /etc/shadow {spot}", "Too many levels of symbolic links"),
    "a link to another's settings": (f"ln -s {HANDED_OVER}/jh-probe-1 {{spot}}", "Too many levels of symbolic links"),
    "a pipe": ("mkfifo -m 666 {spot}", "is not a file the hub wrote"),
    "another student's settings": ("""echo '{{"JUPYTERHUB_USER": "jh-ada"}}' > {spot}""", "are not for jh-margaret"),
    "no settings": ("""echo '["x"]' > {spot}""", "are not an object"),
    "half a file": ("echo '{{' > {spot}", "are not JSON"),
}

SMUGGLED = {
    "LD_PRELOAD": "/srv/planted.so",
    "PATH": "/srv",
    "HOME": "/srv",
    "PYTHONSTARTUP": "/srv/planted.py",
    "BASH_ENV": "/srv/planted.sh",
    "JUPYTERHUB_SINGLEUSER_APP": "planted.App",
}


@pytest.fixture(scope="module")
def droplet() -> Droplet:
    return the_droplet()


@pytest.fixture(scope="module")
def student() -> Iterator[str]:
    """The account of a student at work."""
    with seated(AT_WORK) as seat:
        yield seat.name


@pytest.fixture
def spot(droplet: Droplet) -> Iterator[str]:
    """Where the hub leaves its word for a student's server; empty before and after."""
    made = attempt(droplet, HUB, f"{SYSTEMCTL} start jupyterhub-account@{AWAY}")
    assert made == Outcome(0, ""), "this much the hub may: have an account made"
    yield f"{HANDED_OVER}/{AWAY}"
    droplet.says(f"systemctl stop {UNIT}; rm -f {HANDED_OVER}/{AWAY}")


def said_at_start(droplet: Droplet, account: str, plant: str) -> str:
    """Return what the unit of a student's server says when it is started with something planted, up to its end."""
    plant_and_start = shlex.quote(f"umask 022; {plant}; {SYSTEMCTL} start {UNIT}")
    return droplet.says(f"""
        here=$(journalctl --lines 0 --show-cursor | sed -n 's/^-- cursor: //p')
        runuser -u {account} -- bash -c {plant_and_start} </dev/null
        timeout 20 bash -c 'while systemctl is-active --quiet {UNIT}; do sleep 0.1; done'
        journalctl --sync
        journalctl --quiet --output cat --after-cursor "$here" --unit {UNIT}
    """)


@pytest.mark.parametrize("what", REFUSED)
def test_the_hubs_account_is_refused(what: str, droplet: Droplet, student: str) -> None:
    command, reason = REFUSED[what]
    attempt(droplet, HUB, command.format(student=student)).assert_refused(*reason.split(" or "))
    if STEAL in command:
        assert droplet.shell(f"ls {STOLEN}").returncode != 0, "refused, and yet something was taken"


@pytest.mark.parametrize("what", PLANTED)
def test_a_students_server_does_not_start_from(what: str, droplet: Droplet, spot: str) -> None:
    plant, reason = PLANTED[what]
    said = said_at_start(droplet, HUB, plant.format(spot=spot))
    assert "No server: " in said, "starting is the hub's right; what starts is not its choice"
    assert reason in said
    assert "root:" not in said, "a line of the file it was pointed at"


def test_a_students_server_does_not_start_from_what_is_not_the_hubs(droplet: Droplet, spot: str) -> None:
    text = shlex.quote(json.dumps({"JUPYTERHUB_USER": AWAY}))
    assert "is not a file the hub wrote" in said_at_start(droplet, "root", f"echo {text} > {spot}")


def test_the_hub_chooses_neither_program_nor_environment_of_a_students_server(droplet: Droplet, spot: str) -> None:
    text = shlex.quote(json.dumps({"JUPYTERHUB_USER": AWAY, **SMUGGLED}))
    leave = f"umask 022; echo {text} > {spot}; {SYSTEMCTL} start {UNIT}"
    assert attempt(droplet, HUB, leave) == Outcome(0, "")
    process = f"/proc/{droplet.says(f'systemctl show --property MainPID --value {UNIT}')}"
    until(
        lambda: "singleuser" in droplet.says(f"tr '\\0' ' ' < {process}/cmdline"), 10, "the launcher has done its work"
    )
    program, owner, *lines = droplet.says(
        f"xargs -0 < {process}/cmdline; stat --format %U {process}; tr '\\0' '\\n' < {process}/environ"
    ).splitlines()
    environment = dict(line.split("=", 1) for line in lines)
    assert program == "/opt/jupyterhub/current/bin/python -I -m jupyterhub.singleuser"
    assert owner == AWAY
    assert environment["JUPYTERHUB_USER"] == AWAY, "the hub's word arrived"
    assert not SMUGGLED.items() & environment.items(), "and nothing it has no business to say"


def test_systemd_itself_reads_and_runs_nothing_else_for_a_students_server(droplet: Droplet) -> None:
    lines = droplet.says(f"systemctl cat {UNIT}").splitlines()
    read_or_run = re.compile(r"Exec|EnvironmentFile|\w+Credential|StandardInput|OpenFile")
    found = [line for line in lines if read_or_run.match(line)]
    assert found == ["ExecStart=/usr/bin/python3 -E -s -m coursehub.launcher"], (
        "systemd is root: it would read for the hub whatever a link points at"
    )


@pytest.mark.parametrize("service", ["jupyterhub", "jupyterhub-proxy"])
def test_the_running_service_holds_no_privilege_and_cannot_get_any(service: str, droplet: Droplet) -> None:
    pid = droplet.says(f"systemctl show --property MainPID --value {service}")
    status = dict(line.split(":\t", 1) for line in droplet.says(f"cat /proc/{pid}/status").splitlines())
    assert "0" not in status["Uid"].split(), "it runs as root"
    assert status["NoNewPrivs"] == "1", "sudo could help it"
    assert {int(status[kind], 16) for kind in ("CapEff", "CapPrm", "CapInh", "CapBnd", "CapAmb")} == {0}


def test_sudo_refuses_whoever_may_not_gain_privileges(droplet: Droplet) -> None:
    confined = f"systemd-run --quiet --collect --wait --pipe -p User={HUB} -p NoNewPrivileges=yes sudo -n id 2>&1"
    result = droplet.shell(confined)
    Outcome(result.returncode, result.stdout).assert_refused("no new privileges")


@pytest.mark.parametrize(
    ("account", "why"), [("root", "uid 0 is"), (HUB, "is not a student's"), ("teacher", "uid 1500")]
)
def test_the_launcher_starts_nothing_for(account: str, why: str, droplet: Droplet) -> None:
    launcher = "cd /opt/course/lib && RUNTIME_DIRECTORY=/tmp python3 -E -s -m coursehub.launcher"
    attempt(droplet, account, launcher).assert_refused(why)


@pytest.mark.parametrize("name", ["root", "mallory", "jh-a b", "jh-" + 40 * "a"])
def test_no_account_is_made_for(name: str, droplet: Droplet) -> None:
    state = "sha256sum /etc/passwd /srv/course/accounts"
    before = droplet.says(state)
    result = droplet.shell(f"cd /opt/course/lib; python3 -E -s -m coursehub.accounts {shlex.quote(name)} 2>&1")
    Outcome(result.returncode, result.stdout).assert_refused(f"{name!r} is not a student's name")
    assert droplet.says(state) == before
