"""The templates: one Jinja environment, one dataclass a template, whose fields are the template's variables."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

import jinja2

from manifest import File

ROOT = Path(__file__).parent
TEMPLATES = ROOT / "templates"
LIBRARY = "/opt/course/lib/coursehub"  # the package coursehub, on the droplet

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    undefined=jinja2.StrictUndefined,
    autoescape=False,  # noqa: S701 - configuration files, not pages
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
ENVIRONMENT.filters["sh"] = shlex.quote
ENVIRONMENT.filters["py"] = repr


@dataclass(frozen=True, kw_only=True)
class Template:
    """A file below ``templates/``; its path there is its path on the droplet."""

    source: ClassVar[str]

    @property
    def path(self) -> str:
        """Where it lies on the droplet."""
        return "/" + self.source.removesuffix(".j2")

    def render(self) -> str:
        """The whole text."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return ENVIRONMENT.get_template(self.source).render(values)

    def file(self, mode: str = "0644") -> File:
        """The rendered file, for a manifest."""
        return File(path=self.path, text=self.render(), mode=mode)


def text_of(file: Path) -> str:
    """A file to the letter: reading it as text would turn every line end into one newline."""
    return file.read_bytes().decode()


def copied(path: str) -> list[File]:
    """The file or folder ``templates/PATH`` as it is, without what is to be rendered; programs can be executed."""
    base = TEMPLATES / path
    found = [base] if base.is_file() else sorted(file for file in base.rglob("*") if file.is_file())
    return [
        File(
            path=f"/{file.relative_to(TEMPLATES)}",
            text=text_of(file),
            mode="0755" if file.parent.name in ("bin", "libexec") else "0644",
        )
        for file in found
        if file.suffix != ".j2"
    ]


def placed(folder: Path, target: str, pattern: str = "*") -> list[File]:
    """The text files below ``folder`` as files below ``target`` on the droplet."""
    return [
        File(path=f"{target}/{file.relative_to(folder)}", text=text_of(file))
        for file in sorted(folder.rglob(pattern))
        if file.is_file() and "__pycache__" not in file.parts
    ]


def library(*patterns: str) -> list[File]:
    """The files of the package coursehub that have names like these, where the droplet has them."""
    return [file for pattern in patterns for file in placed(ROOT / "coursehub", LIBRARY, pattern)]


def script(name: str) -> str:
    """A step's script that has no variables."""
    return (TEMPLATES / "steps" / name).read_text()


@dataclass(frozen=True, kw_only=True)
class CloudConfig(Template):
    """cloud-init's user-data: the sudo user and the host key of first contact, nothing else."""

    source = "cloud-config.yaml.j2"
    admin_user: str
    public_key: str
    host_key_private: str
    host_key_public: str


@dataclass(frozen=True, kw_only=True)
class JupyterHubConfig(Template):
    """The hub's configuration, without a secret in it."""

    source = "etc/jupyterhub/jupyterhub_config.py.j2"
    domain: str
    seats: int
    vcpus: int
    sign_in: str
    authenticator: str
    sign_in_words: str
    client_id: str
    google_domains: tuple[str, ...]
    github_organisations: tuple[str, ...]
    oidc_authorize_url: str
    oidc_token_url: str
    oidc_userinfo_url: str
    oidc_scopes: tuple[str, ...]
    required_claims: dict[str, str]
    require_verified_email: bool
    support_email: str
    college: str
    announcement: str
    logo: bool


@dataclass(frozen=True, kw_only=True)
class Stylesheet(Template):
    """What the pages look like, on top of the hub's own style; ``colour`` is ``#rrggbb``."""

    source = "opt/course/pages/public/course.css.j2"
    colour: str


@dataclass(frozen=True, kw_only=True)
class DownPage(Template):
    """What nginx shows while nothing answers behind it."""

    source = "opt/course/pages/public/down.html.j2"
    college: str
    contact: str
    logo: bool


@dataclass(frozen=True, kw_only=True)
class CullerConfig(Template):
    """When an idle server is stopped, and when not."""

    source = "etc/jupyterhub/culler_config.py.j2"
    idle_minutes: int
    timetable: tuple[str, ...]
    timezone: str


@dataclass(frozen=True, kw_only=True)
class UserUnit(Template):
    """A student's server as a systemd unit; ``memory_mib`` is the hard limit, ``cpu_percent`` counts one CPU as 100."""

    source = "etc/systemd/system/jupyterhub-user@.service.j2"
    memory_mib: int
    cpu_percent: int
    threads: int


@dataclass(frozen=True, kw_only=True)
class UsersSlice(Template):
    """All students together; ``memory_mib`` leaves the rest to the system."""

    source = "etc/systemd/system/jupyterhub-users.slice.j2"
    memory_mib: int


@dataclass(frozen=True, kw_only=True)
class ContentSource(Template):
    """Where the course's notebooks come from; all empty when from the folder, which comes with it."""

    source = "etc/course/content-source.j2"
    repository: str
    branch: str
    subfolder: str
    commit: str


@dataclass(frozen=True, kw_only=True)
class CourseRequirements(Template):
    """The course's packages that pip installs."""

    source = "opt/course/requirements.txt.j2"
    packages: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CondaArguments(Template):
    """What conda makes the course's environment of, where it does."""

    source = "opt/course/conda.txt.j2"
    arguments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VolumeScript(Template):
    """Finds, mounts and grows the volume."""

    source = "usr/local/libexec/course-volume.j2"
    volume: str


@dataclass(frozen=True, kw_only=True)
class NginxHttp(Template):
    """Port 80: the certificate's challenge and the way to https."""

    source = "etc/nginx/course/http.conf.j2"
    domain: str


@dataclass(frozen=True, kw_only=True)
class NginxHttps(Template):
    """Port 443: the hub, behind the certificate."""

    source = "etc/nginx/course/https.conf.j2"
    domain: str


@dataclass(frozen=True, kw_only=True)
class ClassConfig(Template):
    """What the `course` command and the hub's status page go by."""

    source = "etc/course/class.json.j2"
    domain: str
    seats: int
    sign_in: str
    admin_user: str


@dataclass(frozen=True, kw_only=True)
class CheckConfig(Template):
    """What the student check asks of the server."""

    source = "etc/course/check.json.j2"
    url: str
    address: str
    imports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SshdConfig(Template):
    """Who may sign in over SSH, and how."""

    source = "etc/ssh/sshd_config.d/00-course.conf.j2"
    admin_user: str


@dataclass(frozen=True, kw_only=True)
class SudoUserScript(Template):
    """Step: the instructor's account and sshd."""

    source = "steps/sudo_user.sh.j2"
    admin_user: str


@dataclass(frozen=True, kw_only=True)
class StorageScript(Template):
    """Step: the volume, and everything on it."""

    source = "steps/storage.sh.j2"
    admin_user: str
    size_gib: int


@dataclass(frozen=True, kw_only=True)
class AnacondaScript(Template):
    """Step: Anaconda, and the course's packages beside it."""

    source = "steps/anaconda.sh.j2"
    installer_url: str
    installer_sha256: str
    release: str


@dataclass(frozen=True, kw_only=True)
class CertbotScript(Template):
    """Step: nginx and the certificate."""

    source = "steps/certbot.sh.j2"
    domain: str
    address: str
    email: str
    acme_directory: str
