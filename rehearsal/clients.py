"""How droplets reach package registries: as this machine does.

Mirrors, proxies and trust are taken from this machine's own configuration, so a rehearsal works wherever its ordinary
clients work. An address on this machine's loopback, or a folder on its disk, means nothing on a droplet: left out.
"""

from __future__ import annotations

import configparser
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from rehearsal.commands import attempt

BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
DEBIAN = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
_APT_OPTIONS = re.compile(r"^(Acquire::(?:https?::Proxy|Check-Valid-Until|Check-Date|https::CAInfo)) \"(.*)\";$")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def files() -> dict[str, str]:
    """Return the configuration files of pip, uv, npm and the environment, by their path on a droplet."""
    index = _pip("index-url")
    pip = {"cert": BUNDLE, "index-url": index, "extra-index-url": _pip("extra-index-url")}
    uv = ["system-certs = true", 'link-mode = "copy"']  # the cache is mounted: links cannot reach out of it
    if index:
        uv += ["[[index]]", f'url = "{index}"', "default = true"]
    npm = {"cafile": BUNDLE, "registry": _npm_registry()}
    environment = {name: os.environ[name] for name in _PROXIES if _travels(os.environ.get(name, ""))}
    return {
        "etc/pip.conf": "[global]\n" + _lines(pip, " = "),
        "etc/uv/uv.toml": "\n".join([*uv, ""]),
        "root/.npmrc": _lines(npm, "="),
        "etc/environment": _lines(environment, "="),
    }


def apt_sources(suite: str) -> str:
    """Return the lines of sources.list for a Debian suite, from the mirrors this machine uses if it is a Debian."""
    configured = [
        uri for uri in _apt_uris() if urlsplit(uri).path.rstrip("/").endswith(("/debian", "/debian-security"))
    ]
    debian = next((uri for uri in configured if not uri.rstrip("/").endswith("-security")), DEBIAN)
    security = next((uri for uri in configured if uri.rstrip("/").endswith("-security")), SECURITY)
    return f"deb {debian} {suite} main\ndeb {debian} {suite}-updates main\ndeb {security} {suite}-security main\n"


def apt_options() -> tuple[str, ...]:
    """Return this machine's settings of apt about proxies and the age of lists, as lines for apt.conf."""
    matches = map(_APT_OPTIONS.match, attempt("apt-config", "dump").stdout.splitlines())
    return tuple(f'{match[1]} "{match[2]}";' for match in matches if match and _travels(match[2]))


def _apt_uris() -> list[str]:
    folder = Path("/etc/apt")
    lists = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    text = "\n".join(file.read_text() for file in lists if file.is_file())
    one_line = re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)", text, re.MULTILINE)
    stanzas = re.findall(r"^URIs:\s*(\S+)", text, re.MULTILINE)
    return [*one_line, *stanzas]


def _pip(option: str) -> str:
    """Return what pip uses on this machine: the environment first, then its files from the user's to everybody's."""
    value = os.environ.get(f"PIP_{option.upper().replace('-', '_')}", "")
    for file in (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf", Path("/etc/pip.conf")):
        settings = configparser.RawConfigParser()
        settings.read(file)
        value = value or settings.get("global", option, fallback="")
    return value if _travels(value) else ""


def _npm_registry() -> str:
    value = os.environ.get("npm_config_registry", "")  # noqa: SIM112 - npm's own spelling
    npmrc = Path.home() / ".npmrc"
    found = re.search(r"^registry\s*=\s*(\S+)", npmrc.read_text(), re.MULTILINE) if npmrc.is_file() else None
    value = value or (found[1] if found else "")
    return value if _travels(value) else ""


def _travels(value: str) -> bool:
    return bool(value) and not re.search(r"//(localhost|127\.|\[::1\])|^file:|^/", value)


def _lines(settings: dict[str, str], sign: str) -> str:
    return "".join(f"{name}{sign}{value}\n" for name, value in settings.items() if value)
