"""Every setting, read once and checked as a whole before the first resource is declared; a file for each group of them.

Pulumi.yaml describes the same keys for the reader; a test holds the two together. Nothing else reads ``pulumi.Config``.
"""

from __future__ import annotations

import difflib
import json
import os
from dataclasses import dataclass
from typing import Any, get_origin

import pulumi
from pulumi.runtime import config as engine_config
from pydantic import SecretStr, ValidationError

import patterns
import sign_in_probe
from course_repository import RepositoryProblem
from settings.access import Access
from settings.class_time import ClassTime
from settings.content import OWN_KEY, Content
from settings.packages import Packages
from settings.pages import Pages
from settings.people import People
from settings.server import Server
from settings.sign_in import SignIn


class SettingsProblem(pulumi.RunError):
    """All that is wrong with the settings, a line each; the engine prints it without a traceback."""


class Settings(People, Server, Access, Packages, Content, ClassTime, Pages, SignIn):
    """The settings as the program uses them; the groups are checked from the last to the first."""

    @property
    def redirect_uri(self) -> str:
        """Where the sign-in service sends people back to."""
        return f"https://{self.domain}/hub/oauth_callback"

    @property
    def support_email(self) -> str:
        """Whom a student writes to."""
        return self.contact or self.letsencrypt_email


SECRETS = tuple(
    name.replace("_", "-") for name, field in Settings.model_fields.items() if field.annotation is SecretStr
)
EXAMPLES = {
    name.replace("_", "-"): str(field.examples[0]) for name, field in Settings.model_fields.items() if field.examples
}


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
    """The stack's settings; raise ``SettingsProblem`` with everything that is wrong with them.

    The last questions are for others: whether the sign-in service knows this course, and what is in the repository.
    """
    given = {**engine_config.get_config_env(), **engine_config.CONFIG.get()}
    own = f"{pulumi.get_project()}:"  # whatever name `pulumi new` was given
    texts = {key.removeprefix(own): value for key, value in given.items() if key.startswith(own)}
    in_the_clear = [
        f"{key}: is stored in the clear; set it with: {EXAMPLES[key]}"
        for key in SECRETS
        if texts.get(key) and not _is_secret(key)
    ]
    settings = parse(texts, in_the_clear)
    service = settings.service(settings.redirect_uri)
    problems = sign_in_probe.problems(service) if service and settings.sign_in_probe else []
    try:
        _ = settings.course_commit
    except RepositoryProblem as problem:
        problems.append(str(problem))
    _refuse(problems)
    if pulumi.runtime.is_dry_run():
        for sentence in settings.advice(tuple(person.email for person in settings.people)):
            pulumi.log.info(sentence)
    return settings


def parse(texts: dict[str, str], problems: list[str] | None = None) -> Settings:
    """Settings from the keys' texts, as the engine hands them over (lists as JSON)."""
    problems = list(problems or [])
    try:
        settings = Settings.model_validate({key: _value(key, text) for key, text in texts.items()})
    except ValidationError as error:
        problems += [_sentence(dict(problem), texts) for problem in error.errors()]
    _refuse(problems)
    if settings.deploy_key and settings.deploy_key.public == settings.ssh_key.public:
        _refuse([f"course-deploy-key-file: is ssh-key-file, and would lie on the droplet that it opens; {OWN_KEY}"])
    return settings


def _refuse(problems: list[str]) -> None:
    if problems:
        raise SettingsProblem("these settings need a change:\n" + "\n".join(f"  {problem}" for problem in problems))


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
    told = "example" in reason or "take it away" in reason
    hidden = key in SECRETS or patterns.WITH_PASSWORD.match(value)
    shown = "" if hidden else f"{value if len(location) == 1 else problem['input']!r} "
    return f"{key}: {shown}{reason}{'' if told else example}"
