"""What is installed for the hub, read by whoever will read it: JupyterHub, systemd, polkit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.spawner import Spawner
from traitlets.config.loader import Config, PyFileConfigLoader

from coursehub.names import STUDENT
from coursehub.sign_in import RosterAuthenticator
from coursehub.spawner import UnitSpawner
from rendering import TEMPLATES, JupyterHubConfig, UserUnit

if TYPE_CHECKING:
    from pathlib import Path

UNITS = TEMPLATES / "etc/systemd/system"
RULE = (TEMPLATES / "etc/polkit-1/rules.d/50-jupyterhub.rules").read_text()
CLASSES = (JupyterHub, ConfigurableHTTPProxy, Authenticator, RosterAuthenticator, Spawner, UnitSpawner)
HUB = JupyterHubConfig(
    domain="hub.course.example",
    seats=24,
    vcpus=2,
    oidc_authorize_url="https://login.college.example/authorize",
    oidc_token_url="https://login.college.example/token",
    oidc_userinfo_url="https://login.college.example/userinfo",
    oidc_client_id="course-hub",
    sign_in_name="O'Brien's college",
    require_verified_email=True,
    support_email="peter@college.example",
    college="O'Brien's college",
    announcement='The "last" lab is on Friday',
    logo=False,
)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hub's configuration, as JupyterHub loads it."""
    for secret in ("oauth-client-secret", "proxy-token", "check-token"):
        (tmp_path / secret).write_text(f"made-up-{secret}\n")
    (tmp_path / "jupyterhub_config.py").write_text(HUB.render())
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return PyFileConfigLoader("jupyterhub_config.py", path=str(tmp_path)).load_config()


def unit(name: str) -> list[tuple[str, str]]:
    """Every setting of a unit, in order."""
    text = UserUnit(memory_mib=1024).render() if name == "jupyterhub-user@.service" else (UNITS / name).read_text()
    lines = text.replace("\\\n", "").splitlines()
    pairs = [line.partition("=") for line in lines if line and line[0] not in "#["]
    return [(key, value) for key, _, value in pairs]


def test_jupyterhub_knows_every_setting(hub: Config) -> None:
    known = {cls.__name__: set(cls.class_traits(config=True)) for cls in CLASSES}

    for section, settings in hub.items():
        assert set(settings) <= known[section], f"{section} has no such setting; JupyterHub would ignore it"


def test_jupyterhub_accepts_every_value(hub: Config) -> None:
    app = JupyterHub(config=hub)
    door = RosterAuthenticator(parent=app)

    assert issubclass(app.spawner_class, UnitSpawner)
    assert app.authenticator_class is RosterAuthenticator
    assert door.client_secret == "made-up-oauth-client-secret"
    assert door.login_service == "O'Brien's college"
    assert door.enable_pkce, "the sign-in's code is worth nothing to who intercepts it"


def test_a_restart_of_the_hub_leaves_servers_and_proxy_alone(hub: Config) -> None:
    assert hub.JupyterHub.cleanup_servers is False
    assert hub.JupyterHub.cleanup_proxy is False
    assert hub.ConfigurableHTTPProxy.should_start is False


def test_nobody_is_admitted_but_by_the_roster(hub: Config) -> None:
    for section in (hub.Authenticator, hub.RosterAuthenticator):
        assert not {"allow_all", "allowed_users", "admin_users", "allow_existing_users"} & set(section)


def test_the_student_check_may_act_for_the_two_probes_alone(hub: Config) -> None:
    role = next(role for role in hub.JupyterHub.load_roles if role["name"] == "student-check")

    assert role["scopes"] == ["tokens!user=jh-probe-1", "tokens!user=jh-probe-2"]


def test_a_full_class_at_once_is_in_before_the_time_is_up(hub: Config) -> None:
    seconds = 4 * HUB.seats / HUB.vcpus  # a start takes about 4 CPU-seconds under load (measured)

    assert hub.Spawner.start_timeout > 3 * seconds, "a slow day must not fail the last in line"
    assert hub.JupyterHub.concurrent_spawn_limit == 0, "past a limit students read 429 and must try again themselves"
    assert hub.JupyterHub.active_server_limit >= HUB.seats


def test_the_configuration_holds_no_secret() -> None:
    assert "made-up" not in HUB.render()
    assert re.findall(r'credential\("([a-z-]+)"\)', HUB.render()) == [
        "proxy-token",
        "oauth-client-secret",
        "check-token",
    ]


@pytest.mark.parametrize("name", ["jupyterhub.service", "jupyterhub-user@.service", "jupyterhub-proxy.service"])
def test_what_runs_for_people_has_no_rights(name: str) -> None:
    settings = dict(unit(name))

    assert settings["CapabilityBoundingSet"] == ""
    assert settings["ProtectSystem"] == "strict"
    assert settings.get("NoNewPrivileges") == "yes" or settings.get("DynamicUser") == "yes", "which implies it"
    assert "169.254.169.254" in settings["IPAddressDeny"], "user-data of the machine is read there"


@pytest.mark.parametrize("name", ["jupyterhub-user@.service", "jupyterhub-account@.service"])
def test_pid_1_reads_nothing_the_hub_can_write(name: str) -> None:
    reading = {"LoadCredential", "EnvironmentFile", "StandardInput", "LoadCredentialEncrypted", "RootDirectory"}

    assert not reading & {key for key, _ in unit(name)}, "a link planted there would have root read any file"


def test_the_hubs_secrets_come_from_roots_folder() -> None:
    for key, value in [*unit("jupyterhub.service"), *unit("jupyterhub-proxy.service")]:
        if key == "LoadCredential":
            name, _, path = value.partition(":")
            assert path == f"/etc/jupyterhub/secrets/{name}"


def test_a_cell_that_takes_too_much_loses_its_kernel_only() -> None:
    assert dict(unit("jupyterhub-user@.service"))["OOMPolicy"] == "continue"


@pytest.mark.parametrize("name", ["jupyterhub.service", "jupyterhub-user@.service", "jupyterhub-account@.service"])
def test_nothing_starts_without_the_volume(name: str) -> None:
    settings = dict(unit(name))

    assert settings["AssertPathIsMountPoint"] == "/home", "work would be written under the mount point and vanish"
    assert settings["Requires"] == settings["After"].split()[0] == "course-volume.service"


def test_every_name_the_rule_can_match_is_a_template_that_is_installed() -> None:
    matched = re.search(r"\^jupyterhub-\((.*?)\)@(.*?)\\\.service\$", RULE)

    assert matched
    assert matched.group(2) == STUDENT.pattern, "the rule and coursehub.names are one"
    for kind in matched.group(1).split("|"):
        assert list(UNITS.glob(f"jupyterhub-{kind}@.service*")), "a transient unit under a free name would run as root"


QUESTIONS = [
    ("start", "jupyterhub-user@jh-ada.service", "yes"),
    ("stop", "jupyterhub-user@jh-ada.service", "yes"),
    ("start", "jupyterhub-account@jh-ada.service", "yes"),
    ("stop", "jupyterhub-account@jh-ada.service", "no"),
    ("restart", "jupyterhub-user@jh-ada.service", "no"),
    ("kill", "jupyterhub-user@jh-ada.service", "no"),
    ("set-property", "jupyterhub-user@jh-ada.service", "no"),
    ("start", "jupyterhub-user@root.service", "no"),
    ("start", "jupyterhub-user@jh-ada.service.service", "no"),
    ("start", "jupyterhub-user@jh-ada.socket", "no"),
    ("start", "jupyterhub-user@jh-ada\\x2fb.service", "no"),
    ("start", f"jupyterhub-user@jh-{'a' * 29}.service", "no"),
    ("start", "jupyterhub-user@jh-ada.service\n", "no"),
    ("start", "xjupyterhub-user@jh-ada.service", "no"),
    ("start", "jupyterhub-singleuser-zzz.service", "no"),
    ("stop", "ssh.service", "no"),
    (None, None, "no"),
]


@pytest.mark.skipif(not shutil.which("node"), reason="the rule is JavaScript: node evaluates it")
def test_the_rule_answers_as_it_should() -> None:
    asked: list[dict[str, Any]] = [
        {"id": "org.freedesktop.systemd1.manage-units", "verb": verb, "unit": name, "user": "jupyterhub"}
        for verb, name, _ in QUESTIONS
    ]
    asked.append({"id": "org.freedesktop.systemd1.manage-unit-files", "user": "jupyterhub"})
    asked.append({"id": "org.freedesktop.systemd1.manage-units", "user": "teacher"})
    polkit = """
        let rule; const polkit = {addRule: f => { rule = f; }, Result: {YES: "yes", NO: "no", NOT_HANDLED: null}};
        %s
        const asked = %s;
        console.log(JSON.stringify(asked.map(a => rule({id: a.id, lookup: key => a[key] ?? undefined}, a))));
    """
    answer = subprocess.run(["node", "-e", polkit % (RULE, json.dumps(asked))], capture_output=True, check=True)

    assert json.loads(answer.stdout) == [*(expected for *_, expected in QUESTIONS), "no", None]


def test_the_locks_carry_hashes_and_no_address() -> None:
    lock = (TEMPLATES / "opt/jupyterhub/requirements.txt").read_text()
    proxy = json.loads((TEMPLATES / "opt/jupyterhub/proxy/package-lock.json").read_text())

    assert "://" not in lock, "where packages come from is the machine's to say"
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", lock) if "==" in entry.split("\n")[0])
    packages = {name: package for name, package in proxy["packages"].items() if name}
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
