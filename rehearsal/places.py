"""Where a rehearsal keeps its things, and the names it goes by on this machine."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent

NETWORK = ipaddress.IPv4Network(
    "198.51.100.0/24"
)  # TEST-NET-2 (RFC 5737): documentation only, so nobody's real network
GATEWAY = str(NETWORK[1])
API_TOKEN = "rehearsal"  # noqa: S105 - opens a cloud that exists only on this machine

API_PORT = 8080
FILES_PORT = 8088
METADATA_PORT = 8169
PROXY_PORT = 3128
SIGN_IN = "login.college.example"
SIGN_IN_PORT = 9443
# The names Google and GitHub answer sign-ins under; in a rehearsal it answers them itself, on the port of HTTPS.
PLAYED = (
    "accounts.google.com",
    "oauth2.googleapis.com",
    "openidconnect.googleapis.com",
    "www.googleapis.com",
    "github.com",
    "api.github.com",
)
PLAYED_PORT = 443
ACME = "acme.rehearsal.example"
ACME_PORT = 14000
GIT = "git.college.example"
GIT_PORT = 9444  # https
GIT_SSH_PORT = 2222  # at the gateway's own address: the teacher's machine has no name server of the rehearsal's


@dataclass(frozen=True)
class Places:
    """``home`` belongs to one rehearsal and goes with ``down``; ``cache`` makes the next one fast, even of a clone."""

    home: Path
    cache: Path

    @property
    def cloud(self) -> Path:
        """The API's state."""
        return self.home / "cloud.json"

    @property
    def bundle(self) -> Path:
        """Whom clients on this machine trust: the system's authorities, the rehearsal's and the ACME server's."""
        return self.home / "ca-bundle.pem"

    @property
    def authority(self) -> Path:
        """The rehearsal's certificate authority and what it signed."""
        return self.home / "ca"

    @property
    def pebble(self) -> Path:
        """The ACME server's configuration and the roots it has had."""
        return self.home / "pebble"

    @property
    def git(self) -> Path:
        """The git server's repositories, and the keys that open them."""
        return self.home / "git"

    @property
    def volumes(self) -> Path:
        """One sparse file per block-storage volume."""
        return self.home / "volumes"

    @property
    def droplets(self) -> Path:
        """One folder per droplet, named by its id."""
        return self.home / "droplets"

    @property
    def run(self) -> Path:
        """Process ids."""
        return self.home / "run"

    @property
    def logs(self) -> Path:
        """What the daemon and its child say."""
        return self.home / "logs"

    @property
    def env(self) -> Path:
        """The variables to source before running pulumi by hand."""
        return self.home / "env"

    @property
    def times(self) -> Path:
        """The seconds each part of the last successful ``up`` took."""
        return self.home / "times.json"

    @property
    def ssh_key(self) -> Path:
        """The instructor's key, as the dev stack names it."""
        return self.home / "id_ed25519"

    @property
    def images(self) -> Path:
        """Base images, by recipe."""
        return self.cache / "images"

    @property
    def packages(self) -> Path:
        """What the droplets' package managers downloaded."""
        return self.cache / "packages"


def ours() -> Places:
    """Return the places of this checkout's rehearsal."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Places(home=(REPOSITORY / ".rehearsal").resolve(), cache=cache / "course-server")
