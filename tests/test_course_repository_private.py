"""A private repository, asked over SSH with a deploy key, as the droplet will ask it; the server is the rehearsal's."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from git_under_test import serving

import course_repository
from course_repository import Commit, Repository, RepositoryProblem, resolve
from rehearsal import git

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Teacher:
    """A teacher's home with two keys, of which the repository knows one."""

    home: Path
    port: int

    @property
    def repository(self) -> Repository:
        """The repository, asked with the right key."""
        key = self.home / "right"
        public = key.with_suffix(".pub").read_text().strip()
        return Repository(address=f"ssh://git@127.0.0.1:{self.port}/lab.git", key_file=key, public_key=public)

    def knows(self, public_key: str) -> None:
        """Has connected to the host before, and found this key."""
        (self.home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public_key}")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(course_repository, "SYSTEMS_HOST_KEYS", tmp_path / "none")
    (tmp_path / ".ssh").mkdir()
    for key in ("right", "wrong"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", tmp_path / key], check=True)
    at = ("git", "-C", str(tmp_path), "-c", "user.name=Ada", "-c", "user.email=ada@college.example")
    subprocess.run([*at, "init", "-q", "-b", "main", "lab"], check=True)
    (tmp_path / "lab" / "lab1.ipynb").write_text("one")
    for command in (("-C", "lab", "add", "."), ("-C", "lab", "commit", "-qm", "a week")):
        subprocess.run([*at, *command], check=True)
    subprocess.run([*at, "clone", "-q", "--bare", "lab", "lab.git"], check=True)
    (tmp_path / "lab.git" / "deploy_keys").write_text((tmp_path / "right.pub").read_text())
    return tmp_path


def asked(home: Path, ask: Callable[[Teacher], Commit]) -> Commit:
    """What ``ask`` gets while the server runs."""

    async def serve() -> Commit:
        async with serving(home) as port:
            return await asyncio.to_thread(ask, Teacher(home, port))

    return asyncio.run(serve())


def host_key(home: Path) -> str:
    return git.host_key(home).with_suffix(".pub").read_text().strip()


def test_the_right_key_and_a_known_host_open_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)

    def ask(teacher: Teacher) -> Commit:
        teacher.knows(f"{host_key(home)} a comment\n")
        return resolve(replace(teacher.repository, key_file=Path("right")))

    commit = asked(home, ask)

    head = subprocess.run(["git", "-C", home / "lab", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert (commit.branch, commit.sha) == ("main", head.stdout.strip())
    (line,) = commit.known_hosts
    assert line.split()[1:] == host_key(home).split()[:2], "the droplet is told who has to answer"


def test_each_thing_that_keeps_it_shut_has_words_of_its_own(home: Path) -> None:
    def wrong_key(teacher: Teacher) -> Commit:
        teacher.knows(host_key(home))
        return resolve(replace(teacher.repository, key_file=home / "wrong"))

    def key_open_to_others(teacher: Teacher) -> Commit:
        teacher.knows(host_key(home))
        (home / "right").chmod(0o644)
        return resolve(teacher.repository)

    def unknown_host(teacher: Teacher) -> Commit:
        return resolve(teacher.repository)

    def another_host(teacher: Teacher) -> Commit:
        teacher.knows((home / "wrong.pub").read_text())
        return resolve(teacher.repository)

    def another_repository(teacher: Teacher) -> Commit:
        teacher.knows(host_key(home))
        return resolve(replace(teacher.repository, address=teacher.repository.address.replace("lab", "lba")))

    def nobody_there(teacher: Teacher) -> Commit:
        teacher.knows(host_key(home))
        closed = replace(teacher, port=1)
        closed.knows(host_key(home))
        return resolve(closed.repository)

    for ask, said in {
        unknown_host: r"this machine has no SSH host key of \[127.0.0.1\]:",
        another_host: "shows another SSH host key than this machine knows it by",
        wrong_key: "does not accept this key; add its public half to the repository as a deploy key: ssh-ed25519",
        another_repository: "there is no repository at",
        nobody_there: "cannot be reached from here; nothing was changed",
        key_open_to_others: "others can read it, so ssh will not use it; chmod 600",
    }.items():
        with pytest.raises(RepositoryProblem, match=said):
            asked(home, ask)
