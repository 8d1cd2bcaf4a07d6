"""The git repository the course's notebooks come from, asked from the teacher's machine before anything is changed.

It is asked as the droplet will ask it: with the deploy key and the host keys it will have, and nothing else of the
teacher's (no credentials, no agent, no ~/.ssh/config, no ~/.gitconfig), so that what works here works there.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from coursehub.shared import NAME as SHARED

SECONDS = 120  # for one question; the larger one brings the names of all files, not their content
SSH_PORT = 22
PROTOCOLS = "https:ssh"
SYSTEMS_HOST_KEYS = Path("/etc/ssh/ssh_known_hosts")
FOLDER, SUBMODULE, LINK = "040000", "160000", "120000"  # modes of a tree's entries
MOST_NAMES = 10  # in one sentence
SHORT = 7  # hexadecimal digits of a commit, as people read them


class RepositoryProblem(ValueError):
    """Why the course cannot come from this repository: the setting, what is wrong, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Where to ask; ``branch`` and ``subfolder`` may be empty, ``public_key`` is the other half of ``key_file``."""

    address: str
    branch: str = ""
    subfolder: str = ""
    key_file: Path | None = None
    public_key: str = ""

    @property
    def user(self) -> str:
        """Who signs in over SSH."""
        return self.address.removeprefix("ssh://").partition("@")[0]

    @property
    def host(self) -> str:
        """The host's name, without a port."""
        return self._host_and_port[0]

    @property
    def port(self) -> int:
        """The port SSH is spoken at."""
        return int(self._host_and_port[1] or SSH_PORT)

    @property
    def over_ssh(self) -> bool:
        """Whether the address is one of SSH's."""
        return "@" in self.address

    @property
    def known_as(self) -> str:
        """The host's name in a known_hosts file."""
        return self.host if self.port == SSH_PORT else f"[{self.host}]:{self.port}"

    @property
    def _host_and_port(self) -> tuple[str, str]:
        scheme, _, rest = self.address.rpartition("://")
        authority = rest.partition("/")[0].rpartition("@")[2]
        host, _, port = authority.partition(":")
        return host, port if scheme else ""  # without a scheme, a path follows the colon


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What students get: ``sha`` in full, ``known_hosts`` as lines, ``notes`` on what of it they do not get."""

    sha: str
    branch: str
    known_hosts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def resolve(repository: Repository) -> Commit:
    """Ask what the branch points to, and whether it can be handed out; raise ``RepositoryProblem``."""
    hosts = known_hosts(repository) if repository.over_ssh else ()
    with tempfile.TemporaryDirectory(prefix="course-") as folder:
        git = _Git(repository, Path(folder), hosts)
        branch, sha = branch_in(git.ask("ls-remote", "--symref", "--", repository.address), repository)
        git.ask("init", "--quiet", "--bare", "tree")
        fetch = ("fetch", "--quiet", "--depth=1", "--no-tags", "--filter=blob:none")
        git.ask("-C", "tree", *fetch, repository.address, sha)
        notes = _look_into(git, repository, sha)
    return Commit(sha=sha, branch=branch, known_hosts=hosts, notes=notes)


def branch_in(listing: str, repository: Repository) -> tuple[str, str]:
    """The branch and its commit in the answer of ``git ls-remote --symref``; raise ``RepositoryProblem``."""
    default, heads = "", {}
    for line in listing.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            default = value.removeprefix("ref: refs/heads/")
        elif name.startswith("refs/heads/"):
            heads[name.removeprefix("refs/heads/")] = value
    wanted = repository.branch or default
    if wanted in heads:
        return wanted, heads[wanted]
    if not heads:
        raise RepositoryProblem(f"course-repository: {repository.address} has no branch yet; push the course to it")
    there = ", ".join(list(heads)[:MOST_NAMES])
    if repository.branch:
        raise RepositoryProblem(f"course-branch: {repository.branch!r} is not a branch of it; there are: {there}")
    raise RepositoryProblem(
        f"course-repository: {repository.address} names no default branch; pulumi config set course-branch to "
        f"one of: {there}"
    )


def known_hosts(repository: Repository) -> tuple[str, ...]:
    """The keys by which this machine knows the repository's host, as lines for another known_hosts file.

    The droplet must not trust whoever answers first, and nobody has compared a fingerprint there. The teacher has.
    """
    name = repository.known_as
    found: list[str] = []
    for file in (Path.home() / ".ssh" / "known_hosts", SYSTEMS_HOST_KEYS):
        if file.exists():
            listed = _run(["ssh-keygen", "-F", name, "-f", str(file)]).stdout
            lines = [line.split()[1:3] for line in listed.splitlines() if line and line[0] not in "#@"]
            found += [" ".join([name, *type_and_key]) for type_and_key in lines]
    if not found:
        port = "" if repository.port == SSH_PORT else f"-p {repository.port} "
        raise RepositoryProblem(
            f"course-repository: this machine has no SSH host key of {name}, so the droplet could not tell who "
            f"answers; connect once, and compare the fingerprint with the one the host publishes: "
            f"ssh {port}-T {repository.user}@{repository.host}"
        )
    return tuple(dict.fromkeys(found))


def words(before: dict[str, str] | None, now: dict[str, str]) -> list[str]:
    """A sentence on where the course comes from ``now``, if that is new; ``before`` is None if nothing is there yet.

    Both are what the droplet is told (templates/etc/course/content-source.j2).
    """
    if before is None or before == now:
        return []
    was, becomes = _short(before), _short(now)
    if not before["repository"] or not now["repository"] or before["repository"] != now["repository"]:
        return [f"course: comes from {_in_words(now)}; until now from {_in_words(before)}"]
    if before["subfolder"] != now["subfolder"]:
        after, until_now = (source["subfolder"] or "all of it" for source in (now, before))
        return [f"course: students get {after} ({becomes}); until now {until_now} ({was})"]
    if before["branch"] != now["branch"]:
        return [f"course: goes from {before['branch']} ({was}) to {now['branch']} ({becomes})"]
    return [f"course: {now['branch']} goes from {was} to {becomes}"]


def told(text: str) -> dict[str, str]:
    """What /etc/course/content-source says, of which the shell takes variables."""
    assignments = (word.partition("=") for word in shlex.split(text, comments=True))
    source = {name: value for name, _, value in assignments}
    return {name: source.get(name, "") for name in ("repository", "branch", "subfolder", "commit")}


def _in_words(source: dict[str, str]) -> str:
    if not source["repository"]:
        return "the folder"
    return f"{source['branch']} of {source['repository']} ({_short(source)})"


def _short(source: dict[str, str]) -> str:
    return source["commit"][:SHORT]


def _look_into(git: _Git, repository: Repository, sha: str) -> tuple[str, ...]:
    """Notes on what is in the commit; raise ``RepositoryProblem`` for what cannot be handed out."""
    listed = git.ask("-C", "tree", "ls-tree", "-r", "-t", "-z", sha).split("\0")
    entries = {name: meta.split()[0] for meta, _, name in (line.partition("\t") for line in listed) if name}
    if repository.subfolder and entries.get(repository.subfolder) != FOLDER:
        there = [name for name, mode in entries.items() if mode == FOLDER and "/" not in name]
        raise RepositoryProblem(
            f"course-subfolder: there is no folder {repository.subfolder!r} in {sha[:SHORT]}; "
            f"folders there are: {', '.join(there[:MOST_NAMES]) or 'none'}"
        )
    below = f"{repository.subfolder}/" if repository.subfolder else ""
    visible = [
        (mode, name.removeprefix(below))
        for name, mode in entries.items()
        if name.startswith(below)
        and mode != FOLDER
        and not any(part.startswith(".") for part in name.removeprefix(below).split("/"))
    ]
    if any(name.partition("/")[0] == SHARED for _, name in visible):
        raise RepositoryProblem(
            f"course-repository: it has something called {SHARED}, which is what every home calls the shared data; "
            "rename it there"
        )
    if not visible:
        where = f"{repository.subfolder} of {repository.address}" if below else repository.address
        raise RepositoryProblem(f"course-repository: {where} has no file for students in {sha[:SHORT]}")
    left_out = {SUBMODULE: "submodules are not fetched", LINK: "symbolic links are left out"}
    named = {mode: [name for found, name in visible if found == mode] for mode in left_out}
    return tuple(f"course: {left_out[mode]}: {', '.join(names)}" for mode, names in named.items() if names)


class _Git:
    """git in a folder of its own, as the droplet will run it."""

    def __init__(self, repository: Repository, folder: Path, hosts: tuple[str, ...]) -> None:
        self._repository = repository
        self._folder = folder
        (folder / "known_hosts").write_text("".join(f"{line}\n" for line in hosts))
        ssh = {
            "BatchMode": "yes",
            "ConnectTimeout": "20",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": str(folder / "known_hosts"),
            "GlobalKnownHostsFile": "/dev/null",
        }
        options = [word for name, value in ssh.items() for word in ("-o", f"{name}={value}")]
        key = ("-i", str(repository.key_file.absolute())) if repository.key_file else ()
        theirs = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_ASK", "SSH_ASK"))}
        self._environment = {
            **theirs,
            "HOME": str(folder),  # ~/.gitconfig and ~/.netrc are the teacher's own
            "XDG_CONFIG_HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ALLOW_PROTOCOL": PROTOCOLS,
            "GIT_SSH_COMMAND": shlex.join(["ssh", "-F", "none", *options, *key]),
            "LC_ALL": "C",
        }

    def ask(self, *words: str) -> str:
        """What git prints; raise ``RepositoryProblem`` in words if it fails."""
        try:
            done = _run(["git", *words], self._folder, self._environment)
        except subprocess.TimeoutExpired as error:
            raise RepositoryProblem(why(f"no answer within {SECONDS} s", self._repository)) from error
        if done.returncode:
            raise RepositoryProblem(why(done.stderr, self._repository))
        return done.stdout


def _run(
    command: list[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            encoding="utf-8", errors="surrogateescape", timeout=SECONDS,
        )  # fmt: skip
    except FileNotFoundError as error:
        package = "git" if command[0] == "git" else "OpenSSH's client"
        raise RepositoryProblem(
            f"course-repository: {command[0]} is not installed on this machine, and asks the repository what is new; "
            f"install {package} (Debian: apt install {'git' if command[0] == 'git' else 'openssh-client'})"
        ) from error


# git's complaints and what each means, the most telling first; the setting to look at comes first.
_TROUBLES = (
    (
        "UNPROTECTED PRIVATE KEY|bad permissions",
        "course-deploy-key-file: others can read it, so ssh will not use it; chmod 600 {key_file}",
    ),
    (
        "HOST IDENTIFICATION HAS CHANGED|Host key verification failed",
        (
            "course-repository: {host} shows another SSH host key than this machine knows it by. Compare with the "
            "fingerprints it publishes, and only if it announces a change: ssh-keygen -R '{known_as}', then connect "
            "once more"
        ),
    ),
    (
        "Permission denied",
        (
            "course-deploy-key-file: {host} does not accept this key; add its public half to the repository as a "
            "deploy key{page}: {public_key}"
        ),
    ),
    (
        (
            "Could not resolve host|Connection refused|timed out|no answer within|Network is unreachable"
            "|No route to host|Failed to connect|Couldn't connect|Connection closed|Connection reset"
            "|from proxy after CONNECT|CONNECT tunnel failed"
        ),
        "course-repository: {host} cannot be reached from here; nothing was changed, try again later ({last})",
    ),
    ("certificate", "course-repository: {host} has a certificate that is not trusted ({last})"),
    (
        "could not read Username|Authentication failed|returned error: 40[13]",
        (
            "course-repository: {address} is private, or not there; for a private one use its SSH address and a "
            "deploy key (docs/content.md)"
        ),
    ),
    (
        "not found|does not exist|does not appear to be a git repository|returned error: 404",
        (
            "course-repository: there is no repository at {address}, or the key it is asked with is another's; "
            "git says: {last}"
        ),
    ),
    ("", "course-repository: {address} cannot be read; git says: {last}"),
)


def why(said: str, repository: Repository) -> str:
    """What git's complaint means, and what to do about it."""
    github = re.search(r"github\.com[:/](.+?)(\.git)?/?$", repository.address)
    words = next(words for pattern, words in _TROUBLES if re.search(pattern, said, re.IGNORECASE))
    return words.format(
        address=repository.address,
        host=repository.host,
        known_as=repository.known_as,
        key_file=repository.key_file,
        public_key=repository.public_key,
        page=f" at https://github.com/{github[1]}/settings/keys" if github else "",
        last=next((line for line in reversed(said.splitlines()) if line.strip()), "no reason given"),
    )
