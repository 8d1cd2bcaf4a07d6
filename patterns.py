"""What names look like: each function returns the good value or raises ``ValueError`` with the reason."""

from __future__ import annotations

import re

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
EMAIL = re.compile(r"[^@\s<>()\[\]:;,\"\\]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)
URL = re.compile(r"https?://[^\s/]+(/\S*)?")
# the name becomes a folder's in /opt
INSTALLER = re.compile(r"https?://\S+/[A-Za-z0-9][A-Za-z0-9._-]*-Linux-x86_64\.sh")
HOST = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
USER = re.compile(r"[a-z][a-z0-9-]{0,30}")
# name, extras, version: PEP 508 without markers and addresses, which a shell or a teacher could trip over
REQUIREMENT = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]+\])?(\s*(==|>=|<=|~=|!=|<|>)\s*[0-9][A-Za-z0-9.*+!]*,?)*"
)
ORGANISATION = re.compile(r"[a-z0-9][a-z0-9-]{0,38}(:[a-z0-9][a-z0-9._-]*)?", re.IGNORECASE)
SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 3.3
CLAIM = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]*=\S.*")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
READABLE = 4.5  # contrast of text with what is behind it: WCAG 2.2, 1.4.3, level AA
SRGB_LINEAR = 0.04045  # up to here a colour's part is proportional to its light
GIT_HTTPS = re.compile(r"https://[A-Za-z0-9.-]+(:\d+)?(/[\w.~+-]+)+/?", re.ASCII)
GIT_SSH = re.compile(r"ssh://[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*(:\d+)?(/[\w.~+-]+)+/?", re.ASCII)
GIT_SCP = re.compile(r"[A-Za-z0-9_][\w.-]*@[A-Za-z0-9][A-Za-z0-9.-]*:[\w.~+][\w./~+-]*", re.ASCII)
WITH_PASSWORD = re.compile(r"https://[^/]*@|ssh://[^/]*:[^/]*@")
BRANCH = re.compile(r"\w[\w./+@#=-]*")
RESERVED_USERS = ("root", "admin", "jupyterhub", "nobody", "www-data", "daemon", "debian", "ubuntu")


def domain(value: str) -> str:
    """A fully qualified host name, without scheme, port or path."""
    if "://" in value or "/" in value or ":" in value:
        raise ValueError("is an address of a page; give the bare name")
    if not DOMAIN.fullmatch(value):
        raise ValueError("is not a domain name (small letters, digits, hyphens, dots)")
    return value


def parent(value: str) -> str:
    """The domain one label up: ``hub.college.edu`` -> ``college.edu``."""
    return value.partition(".")[2]


def email(value: str) -> str:
    """An e-mail address."""
    if not EMAIL.fullmatch(value):
        raise ValueError("is not an e-mail address")
    return value


def github_organisation(value: str) -> str:
    """A GitHub organisation, or one team of it: ``college`` or ``college:engr101``, as in their web addresses."""
    if not ORGANISATION.fullmatch(value):
        raise ValueError("is not an organisation or organisation:team, as in their addresses at GitHub")
    return value


def scope(value: str) -> str:
    """One scope of OAuth's."""
    if not SCOPE.fullmatch(value):
        raise ValueError("is not a scope (one word each)")
    return value


def claim(value: str) -> str:
    """A claim of OpenID Connect's and the value it must have."""
    if not CLAIM.fullmatch(value):
        raise ValueError("is not a claim and its value (claim=value)")
    return value


def https_url(value: str) -> str:
    """A web address whose traffic nobody reads: secrets travel over it."""
    if not URL.fullmatch(value):
        raise ValueError("is not a web address")
    if not value.startswith("https://"):
        raise ValueError("must begin with https://, secrets travel over it")
    return value


def installer_url(value: str) -> str:
    """The web address of an installer for the droplet's kind of machine."""
    if not INSTALLER.fullmatch(value):
        raise ValueError("is not the address of an installer whose name ends in -Linux-x86_64.sh")
    return value


def host_name(value: str) -> str:
    """A single DNS label."""
    if not HOST.fullmatch(value):
        raise ValueError("is not a host name (small letters, digits, hyphens)")
    return value


def user_name(value: str) -> str:
    """A Unix account that is nobody else's."""
    if not USER.fullmatch(value) or value.startswith("jh-") or value in RESERVED_USERS:
        raise ValueError("cannot be the instructor's account (a short name of small letters, not a system's or jh-...)")
    return value


def requirement(value: str) -> str:
    """A Python package as pip takes it: a name, extras, versions."""
    if not REQUIREMENT.fullmatch(value):
        raise ValueError("is not a package as pip knows them")
    return value


def package_name(requirement: str) -> str:
    """The package a requirement asks for, as PyPI spells names (PEP 503): ``Pint==0.25`` -> ``pint``."""
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", name.group()).lower() if name else ""


def is_text(content: bytes) -> bool:
    """Whether a file can stand in a manifest as it is, which is UTF-8 text; what is none travels in base64."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def repository(value: str) -> str:
    """The address of a git repository: https, or SSH in either of the ways git takes it."""
    if WITH_PASSWORD.match(value):
        raise ValueError(
            "holds a user name or password, which everybody would see; use an SSH address and a deploy key"
        )
    if not (GIT_HTTPS.fullmatch(value) or GIT_SSH.fullmatch(value) or GIT_SCP.fullmatch(value)):
        raise ValueError("is not the https:// or SSH address of a git repository")
    return value


def branch(value: str) -> str:
    """The name of a branch (a subset of git-check-ref-format)."""
    if not BRANCH.fullmatch(value) or ".." in value or value.endswith((".lock", "/", ".")):
        raise ValueError("is not the name of a branch")
    return value


def subfolder(value: str) -> str:
    """A folder below another one, without hidden ones on the way: ``notebooks`` or ``2026/labs``."""
    value = value.removesuffix("/")
    if not value.isprintable() or any(part in ("", ".", "..") or part.startswith(".") for part in value.split("/")):
        raise ValueError("is not a folder inside the repository")
    return value


def sha256(value: str) -> str:
    """Sixty-four hexadecimal digits."""
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        raise ValueError("is not a SHA-256 sum (64 hexadecimal digits)")
    return value


def line(value: str) -> str:
    """One line of plain text, without spaces around it."""
    if not value.isprintable():
        raise ValueError("must be one line of plain text")
    return value.strip()


def colour(value: str) -> str:
    """A colour white text can be read on, and which can be read on white."""
    if not COLOUR.fullmatch(value):
        raise ValueError("is not a colour (# and six hexadecimal digits)")
    if (ratio := contrast_with_white(value)) < READABLE:
        raise ValueError(f"is too light: white text on it has a contrast of {ratio:.1f}, {READABLE} can be read")
    return value.lower()


def contrast_with_white(value: str) -> float:
    """The contrast ratio, 1 to 21, of ``#rrggbb`` with white, as WCAG 2.2 defines it (numbers of sRGB's own)."""
    parts = [int(value[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= SRGB_LINEAR else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
