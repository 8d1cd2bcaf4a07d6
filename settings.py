"""Every setting, read once and checked as a whole before the first resource is declared.

Pulumi.yaml describes the same keys for the reader; a test holds the two together. Nothing else reads ``pulumi.Config``.
"""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

import pulumi
from pulumi.runtime import config as engine_config
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    PositiveInt,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

import keys
import patterns
import versions
from roster import Person
from roster import read as read_roster

SECRETS = ("oidc-client-secret", "ssh-key-passphrase")
EXAMPLES = {
    "domain": "hub.engineering.college.edu",
    "dns-zone": "engineering.college.edu",
    "oidc-authorize-url": "https://login.college.edu/oauth2/authorize",
    "oidc-exchange-url": "https://login.college.edu/oauth2/token",
    "oidc-userinfo-url": "https://login.college.edu/oauth2/userinfo",
    "oidc-client-id": "the id your college's sign-in service gave this course",
    "oidc-client-secret": "pulumi config set --secret oidc-client-secret",
    "ssh-key-passphrase": "pulumi config set --secret ssh-key-passphrase",
    "roster": "roster.csv",
    "letsencrypt-email": "you@college.edu",
    "ssh-key-file": "~/.ssh/id_ed25519",
    "admin-addresses": '["192.0.2.0/24"]',
    "admin-ssh-keys": '["ssh-ed25519 AAAAC3Nz... ta@college.edu"]',
    "admin-user": "teacher",
    "droplet-name": "jupyter-hub",
    "packages": '["pint", "pyserial==3.5"]',
    "anaconda-url": "https://repo.anaconda.com/archive/Anaconda3-2025.12-2-Linux-x86_64.sh",
    "anaconda-sha256": versions.ANACONDA_SHA256,
    "acme-directory": "https://acme-v02.api.letsencrypt.org/directory",
    "region": "nyc3",
    "size": "s-4vcpu-8gb",
    "image": "debian-13-x64",
    "dns": "manual, create or existing",
}


class SettingsProblem(pulumi.RunError):
    """All that is wrong with the settings, a line each; the engine prints it without a traceback."""


Domain = Annotated[str, AfterValidator(patterns.domain)]
Email = Annotated[str, AfterValidator(patterns.email)]
InstallerUrl = Annotated[str, AfterValidator(patterns.installer_url)]
HttpsUrl = Annotated[str, AfterValidator(patterns.https_url)]
UserName = Annotated[str, AfterValidator(patterns.user_name)]
HostName = Annotated[str, AfterValidator(patterns.host_name)]
Requirement = Annotated[str, AfterValidator(patterns.requirement)]
Sha256 = Annotated[str, AfterValidator(patterns.sha256)]
Text = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    """The settings as the program uses them; every field is a key of Pulumi.yaml with hyphens for underscores."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"), arbitrary_types_allowed=True
    )

    domain: Domain
    oidc_authorize_url: HttpsUrl
    oidc_exchange_url: HttpsUrl
    oidc_userinfo_url: HttpsUrl
    oidc_client_id: Text
    oidc_client_secret: SecretStr = Field(min_length=1)
    oidc_require_verified_email: bool
    sign_in_name: Text
    roster: Path
    letsencrypt_email: Email
    ssh_key_passphrase: SecretStr
    ssh_key_file: Path

    droplet_name: HostName
    region: Text
    size: Text
    image: Literal["debian-13-x64", "debian-12-x64", "ubuntu-24-04-x64"]
    seats: Annotated[int, Field(ge=1, le=100)]
    memory_per_student: Annotated[int, Field(ge=512)]
    idle_minutes: Annotated[int, Field(ge=10)]
    volume_size: Annotated[int, Field(ge=1, le=16384)]
    packages: tuple[Requirement, ...]
    course_folder: Path

    admin_user: UserName
    admin_addresses: tuple[IPvAnyNetwork, ...] = Field(min_length=1)
    admin_ssh_keys: tuple[str, ...]
    dns: Literal["manual", "create", "existing"]
    dns_zone: str
    dns_ttl: PositiveInt
    anaconda_url: InstallerUrl
    anaconda_sha256: Sha256
    acme_directory: HttpsUrl

    @field_validator("roster", "ssh_key_file", "course_folder")
    @classmethod
    def _expand(cls, path: Path) -> Path:
        if path == Path():
            raise ValueError("is not set")
        return path.expanduser()

    @field_validator("course_folder")
    @classmethod
    def _is_folder(cls, path: Path) -> Path:
        if not path.is_dir():
            raise ValueError("is not a folder; starter notebooks are copied from it")
        for file in sorted(path.rglob("*")):
            if file.is_file() and not patterns.is_text(file.read_bytes()):
                raise ValueError(
                    f"holds {file.name}, which is not text; notebooks, data and programs as text can be sent"
                )
        return path

    @field_validator("roster")
    @classmethod
    def _roster_reads(cls, path: Path) -> Path:
        read_roster(path)
        return path

    @field_validator("admin_ssh_keys")
    @classmethod
    def _keys_read(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(keys.public_line(line) for line in lines)

    @field_validator("ssh_key_file")
    @classmethod
    def _key_opens(cls, path: Path, others: ValidationInfo) -> Path:
        passphrase: SecretStr = others.data.get("ssh_key_passphrase", SecretStr(""))
        keys.read(path, passphrase.get_secret_value())
        return path

    @field_validator("dns_zone")
    @classmethod
    def _zone_holds_domain(cls, zone: str, others: ValidationInfo) -> str:
        domain = others.data.get("domain", zone)  # a bad domain has been told of already
        if zone and not f".{domain}".endswith(f".{zone}"):
            raise ValueError(f"does not hold the domain {domain!r}; for example {patterns.parent(domain)}")
        return zone

    @property
    def zone(self) -> str:
        """The DNS zone that holds the domain's record; a domain of two labels is a zone itself."""
        parent = patterns.parent(self.domain)
        return self.dns_zone or (parent if "." in parent else self.domain)

    @property
    def volume_name(self) -> str:
        """The volume that holds everyone's work."""
        return f"{self.droplet_name}-work"

    @property
    def anaconda_release(self) -> str:
        """The installer's name without its platform, for example ``Anaconda3-2025.12-2``."""
        return self.anaconda_url.rpartition("/")[2].partition("-Linux")[0]

    @property
    def admins(self) -> tuple[str, ...]:
        """Hub accounts of the roster's instructors."""
        return tuple(sorted(person.user for person in self.people if person.role == "instructor"))

    @cached_property
    def people(self) -> tuple[Person, ...]:
        """The roster's people."""
        return read_roster(self.roster)

    @cached_property
    def ssh_key(self) -> keys.SshKey:
        """The instructor's key."""
        return keys.read(self.ssh_key_file, self.ssh_key_passphrase.get_secret_value())


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """How to reach DigitalOcean; ``api_endpoint`` is None but in a rehearsal."""

    token: pulumi.Output[str]
    api_endpoint: str | None


def cloud() -> Cloud:
    """The provider's own keys, ``digitalocean:token`` and ``digitalocean:apiEndpoint``, or its variable."""
    config = pulumi.Config("digitalocean")
    token = config.get("token") or os.environ.get("DIGITALOCEAN_TOKEN")
    if not token:
        raise SettingsProblem(
            "digitalocean:token: is not set; make one with write access at "
            "https://cloud.digitalocean.com/account/api/tokens, then: pulumi config set --secret digitalocean:token"
        )
    return Cloud(token=pulumi.Output.secret(token), api_endpoint=config.get("apiEndpoint"))


def load() -> Settings:
    """The stack's settings; raise ``SettingsProblem`` with everything that is wrong with them."""
    given = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    own = f"{pulumi.get_project()}:"  # whatever name `pulumi new` was given
    texts = {key.removeprefix(own): value for key, value in given.items() if key.startswith(own)}
    in_the_clear = [
        f"{key}: is stored in the clear; set it with: {EXAMPLES[key]}"
        for key in SECRETS
        if texts.get(key) and not _is_secret(key)
    ]
    return parse(texts, in_the_clear)


def parse(texts: dict[str, str], problems: list[str] | None = None) -> Settings:
    """Settings from the keys' texts, as the engine hands them over (lists as JSON)."""
    problems = list(problems or [])
    try:
        settings = Settings.model_validate({key: _value(key, text) for key, text in texts.items()})
    except ValidationError as error:
        problems += [_sentence(dict(problem), texts) for problem in error.errors()]
    if problems:
        raise SettingsProblem("these settings need a change:\n" + "\n".join(f"  {problem}" for problem in problems))
    return settings


def _is_secret(key: str) -> bool:
    full = f"{pulumi.get_project()}:{key}"
    return full in engine_config.get_config_secret_keys_env() or engine_config.is_config_secret(full)


def _value(key: str, text: str) -> Any:
    field = Settings.model_fields.get(key.replace("-", "_"))
    is_list = field is not None and get_origin(field.annotation) is tuple
    try:
        return json.loads(text) if is_list else text
    except json.JSONDecodeError:
        return text


def _sentence(problem: dict[str, Any], texts: dict[str, str]) -> str:
    """One problem as ``key: 'value' what is wrong; for example ...``."""
    location = [str(part) for part in problem["loc"]]
    reason = problem["msg"].removeprefix("Value error, ")
    key = location[0]
    if problem["type"] == "extra_forbidden":
        known = [name.replace("_", "-") for name in Settings.model_fields]
        near = difflib.get_close_matches(key, known, n=1)
        return f"{key}: is not a setting" + (f"; did you mean {near[0]}?" if near else "; Pulumi.yaml lists them all")
    example = f"; for example {EXAMPLES[key]}" if key in EXAMPLES else ""
    value = texts.get(key, "")
    if value == "" or problem["type"] == "missing":
        return f"{key}: is not set{example}"
    shown = "" if key in SECRETS else f"{value if len(location) == 1 else problem['input']!r} "
    return f"{key}: {shown}{reason}{example if example and 'example' not in reason else ''}"
