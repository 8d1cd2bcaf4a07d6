"""What is installed for the hub, read by whoever will read it: JupyterHub, systemd, polkit."""

from __future__ import annotations

import dataclasses
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

import sign_in_probe
from components.jupyterhub import AUTHENTICATORS
from coursehub.names import STUDENT
from coursehub.sign_in.github import GitHubSignIn
from coursehub.sign_in.google import GoogleSignIn
from coursehub.sign_in.openid import OpenIDSignIn
from coursehub.sign_in.password import PasswordSignIn
from coursehub.spawner import UnitSpawner
from rendering import TEMPLATES, JupyterHubConfig, UserUnit

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNITS = TEMPLATES / "etc/systemd/system"
RULE = (TEMPLATES / "etc/polkit-1/rules.d/50-jupyterhub.rules").read_text()
CLASSES = (JupyterHub, ConfigurableHTTPProxy, Authenticator, Spawner, UnitSpawner)
DOORS = {"google": GoogleSignIn, "github": GitHubSignIn, "oidc": OpenIDSignIn}
HUB = JupyterHubConfig(
    domain="hub.course.example",
    seats=24,
    vcpus=2,
    sign_in="oidc",
    authenticator=AUTHENTICATORS["oidc"],
    sign_in_words="O'Brien's college",
    client_id="course-hub",
    google_domains=("college.example", "college.edu"),
    github_organisations=("college:engr101",),
    oidc_authorize_url="https://login.college.example/authorize",
    oidc_token_url="https://login.college.example/token",
    oidc_userinfo_url="https://login.college.example/userinfo",
    oidc_scopes=("openid", "email"),
    required_claims={"idp": "https://idp.college.example"},
    require_verified_email=True,
    support_email="peter@college.example",
    college="O'Brien's college",
    announcement='The "last" lab is on Friday',
    logo=False,
)


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Config]:
    """The hub's configuration for a way to sign in, as JupyterHub loads it."""
    for secret in ("oauth-client-secret", "proxy-token", "check-token"):
        (tmp_path / secret).write_text(f"made-up-{secret}\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    def loaded(way: str) -> Config:
        config = dataclasses.replace(HUB, sign_in=way, authenticator=AUTHENTICATORS[way])
        (tmp_path / "jupyterhub_config.py").write_text(config.render())
        return PyFileConfigLoader("jupyterhub_config.py", path=str(tmp_path)).load_config()

    return loaded


@pytest.fixture
def hub(load: Callable[[str], Config]) -> Any:
    """The hub's configuration for the college's own service."""
    return load("oidc")


def unit(name: str) -> list[tuple[str, str]]:
    """Every setting of a unit, in order."""
    text = (
        UserUnit(memory_mib=1024, cpu_percent=200, threads=2).render()
        if name == "jupyterhub-user@.service"
        else (UNITS / name).read_text()
    )
    lines = text.replace("\\\n", "").splitlines()
    pairs = [line.partition("=") for line in lines if line and line[0] not in "#["]
    return [(key, value) for key, _, value in pairs]


@pytest.mark.parametrize("way", DOORS)
def test_jupyterhub_knows_every_setting(load: Callable[[str], Config], way: str) -> None:
    classes = (*CLASSES, *(cls for cls in DOORS[way].__mro__ if hasattr(cls, "class_traits")))
    known = {cls.__name__: set(cls.class_traits(config=True)) for cls in classes}

    for section, settings in load(way).items():
        assert set(settings) <= known[section], f"{section} has no such setting; JupyterHub would ignore it"


@pytest.mark.parametrize("way", DOORS)
def test_jupyterhub_accepts_every_value(load: Callable[[str], Config], way: str) -> None:
    app = JupyterHub(config=load(way))
    door = app.authenticator_class(parent=app)

    assert issubclass(app.spawner_class, UnitSpawner)
    assert type(door) is DOORS[way]
    assert door.client_secret == "made-up-oauth-client-secret"
    assert door.login_service == "O'Brien's college"
    assert door.oauth_callback_url == "https://hub.course.example/hub/oauth_callback"
    assert door.enable_pkce, "the sign-in's code is worth nothing to who intercepts it"


def test_passwords_need_no_service_and_no_secret_of_one(load: Callable[[str], Config]) -> None:
    app = JupyterHub(config=load("password"))

    assert app.authenticator_class is PasswordSignIn
    assert "OAuthenticator" not in app.config
    assert app.template_vars["passwords"], "the page Home leads to the change of one"
    assert not load("oidc").JupyterHub.template_vars["passwords"]


def test_each_way_has_its_own_narrower_door(load: Callable[[str], Config]) -> None:
    doors = {way: DOORS[way](parent=JupyterHub(config=load(way))) for way in DOORS}

    assert doors["google"].hosted_domain == ["college.example", "college.edu"]
    assert doors["github"].allowed_organizations == {"college:engr101"}
    assert doors["github"].scope == ["read:org"], "a private membership is not told without it"
    assert doors["oidc"].require_verified_email


def test_the_probe_asks_where_the_hubs_library_asks() -> None:
    for way, cls in (("google", GoogleSignIn), ("github", GitHubSignIn)):
        door = cls(roster_path="/nowhere")
        assert sign_in_probe.ADDRESSES[way] == (door.authorize_url, door.token_url)


def test_a_restart_of_the_hub_leaves_servers_and_proxy_alone(hub: Config) -> None:
    assert hub.JupyterHub.cleanup_servers is False
    assert hub.JupyterHub.cleanup_proxy is False
    assert hub.ConfigurableHTTPProxy.should_start is False


@pytest.mark.parametrize("way", AUTHENTICATORS)
def test_nobody_is_admitted_but_by_the_roster(load: Callable[[str], Config], way: str) -> None:
    for section in load(way).values():
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
