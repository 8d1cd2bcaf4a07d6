"""JupyterHub without root: its environment, proxy, units, rules and configuration."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from components import anaconda, content
from components.host import Step, StepArgs
from manifest import File, Manifest
from rendering import (
    LIBRARY,
    ClassConfig,
    CullerConfig,
    DownPage,
    JupyterHubConfig,
    Stylesheet,
    UsersSlice,
    UserUnit,
    copied,
    library,
    script,
)

if TYPE_CHECKING:
    from settings import Settings

SYSTEM_MIB = 1024  # kept from the students: hub 115, proxy 60, and nginx, sshd and the system (measured)
LIMIT = 900  # seconds
ELSEWHERE = (*anaconda.SENT, *content.SENT)  # sent by the steps that need them first
AUTHENTICATORS = {  # in coursehub/sign_in/
    "google": "google.GoogleSignIn",
    "github": "github.GitHubSignIn",
    "oidc": "openid.OpenIDSignIn",
    "password": "password.PasswordSignIn",
}


@dataclass(frozen=True, kw_only=True)
class JupyterHubArgs(StepArgs):
    """The step's host and settings, and what the droplet has: vCPUs and MiB of memory."""

    vcpus: int
    memory_mib: int


class HubSecrets(Step):
    """What the hub must not tell: in a step of its own, so that no preview of the hub's has to hide anything."""

    def __init__(self, name: str, args: StepArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        secret = args.settings.client_secret.get_secret_value()
        file = File(path="/etc/jupyterhub/secrets/oauth-client-secret", text=f"{secret}\n", mode="0600")
        restart = "if systemctl -q is-active jupyterhub; then systemctl restart jupyterhub; fi\n"
        manifest = Manifest(step="jupyterhub_secrets", files=[file], script=restart)
        super().__init__(name, args.host, pulumi.Output.secret(manifest), opts)


class JupyterHub(Step):
    """The hub, its proxy, and what starts students' servers."""

    def __init__(self, name: str, args: JupyterHubArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        manifest = Manifest(step="jupyterhub", files=_files(args), script=script("jupyterhub.sh"), limit=LIMIT)
        super().__init__(name, args.host, manifest, opts)


def _files(args: JupyterHubArgs) -> list[File]:
    settings = args.settings
    students_mib = max(args.memory_mib - SYSTEM_MIB, settings.memory_per_student)
    package = library("*.py")
    return [
        _config(settings, args.vcpus).file(),
        CullerConfig(
            idle_minutes=settings.idle_minutes, timetable=settings.timetable, timezone=settings.timezone
        ).file(),
        ClassConfig(
            domain=settings.domain, seats=settings.seats, sign_in=settings.sign_in, admin_user=settings.admin_user
        ).file(),
        UserUnit(
            memory_mib=settings.memory_per_student,
            cpu_percent=settings.cpu_per_student,
            threads=math.ceil(settings.cpu_per_student / 100),
        ).file(),
        UsersSlice(memory_mib=students_mib).file(),
        *copied("etc/jupyter"),
        *copied("etc/jupyterhub"),
        *copied("etc/polkit-1"),
        *(file for file in copied("etc/systemd/system") if "/jupyterhub" in file.path),
        *copied("etc/sysusers.d"),
        *_pages(settings),
        *copied("opt/course/share/jupyter/labextensions"),
        *copied("opt/jupyterhub"),
        *(file for file in package if file.path.removeprefix(f"{LIBRARY}/") not in ELSEWHERE),
    ]


def _pages(settings: Settings) -> list[File]:
    """The hub's pages, and what nginx serves beside them (https.conf.j2)."""
    logo = settings.logo_svg
    down = DownPage(college=settings.college, contact=settings.support_email, logo=bool(logo))
    return [
        *copied("opt/course/pages"),
        Stylesheet(colour=settings.colour).file(),
        down.file(),
        *([File(path="/opt/course/pages/public/logo.svg", text=logo)] if logo else []),
    ]


def _config(settings: Settings, vcpus: int) -> JupyterHubConfig:
    return JupyterHubConfig(
        domain=settings.domain,
        seats=settings.seats,
        vcpus=vcpus,
        sign_in=settings.sign_in,
        authenticator=AUTHENTICATORS[settings.sign_in],
        sign_in_words=settings.sign_in_words,
        client_id=settings.client_id,
        google_domains=settings.google_domains,
        github_organisations=settings.github_organisations,
        oidc_authorize_url=settings.oidc_authorize_url,
        oidc_token_url=settings.oidc_exchange_url,
        oidc_userinfo_url=settings.oidc_userinfo_url,
        oidc_scopes=settings.oidc_scopes,
        required_claims=settings.required_claims,
        require_verified_email=settings.oidc_require_verified_email,
        support_email=settings.support_email,
        college=settings.college,
        announcement=settings.announcement,
        logo=bool(settings.logo_svg),
    )
