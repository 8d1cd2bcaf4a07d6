"""An account is made once, keeps its number for ever, and nothing else can be made."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from coursehub import accounts
from coursehub.accounts import MOST, Known, Refused, account_command, choose_uid, make_home, read_ledger, write_ledger

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_student_gets_the_first_uid() -> None:
    assert choose_uid("jh-ada", Known()) == 20000


def test_the_next_student_gets_the_next_uid_that_nobody_ever_had() -> None:
    known = Known(ledger={"jh-ada": 20000}, homes={"jh-bob": 20001}, accounts={"jh-eve": 20002, "root": 0})

    assert choose_uid("jh-new", known) == 20003, "files of somebody who left must not become somebody else's"


@pytest.mark.parametrize(
    "known",
    [
        Known(accounts={"jh-ada": 20007}),
        Known(ledger={"jh-ada": 20007}),
        Known(homes={"jh-ada": 20007}),
        Known(ledger={"jh-ada": 20007}, homes={"jh-ada": 20007}, accounts={"jh-ada": 20007}),
    ],
)
def test_whoever_was_here_keeps_the_uid(known: Known) -> None:
    assert choose_uid("jh-ada", known) == 20007, "a new machine finds the same files with the same owner"


@pytest.mark.parametrize(
    "name", ["root", "teacher", "jh-", "jh--a", "jh-a b", "jh-Ada", "jh-ada\n", "jh-" + "a" * 29, ""]
)
def test_no_account_is_made_for_what_is_not_a_students_name(name: str) -> None:
    with pytest.raises(Refused, match="not a student's name, such as 'jh-ada'"):
        choose_uid(name, Known())


@pytest.mark.parametrize(
    "known",
    [
        Known(accounts={"jh-ada": 1000}),
        Known(homes={"jh-ada": 0}),
        Known(ledger={"jh-ada": 20000}, accounts={"jh-ada": 20001}),
        Known(ledger={"jh-ada": 20000}, accounts={"jh-bob": 20000}),
    ],
)
def test_a_number_that_is_not_ones_own_is_refused(known: Known) -> None:
    with pytest.raises(Refused, match="not one of its own from 20000 up"):
        choose_uid("jh-ada", known)


def test_there_is_a_most() -> None:
    ledger = {f"jh-s{number}": 20000 + number for number in range(MOST)}

    with pytest.raises(Refused, match=f"{MOST} accounts, the most"):
        choose_uid("jh-one-more", Known(ledger=ledger))
    assert choose_uid("jh-s7", Known(ledger=ledger)) == 20007, "who has an account is not turned away"


def test_the_ledger_reads_as_it_was_written(tmp_path: Path) -> None:
    write_ledger(tmp_path / "accounts", {"jh-bob": 20001, "jh-ada": 20000})

    assert (tmp_path / "accounts").read_text() == "jh-ada:20000\njh-bob:20001\n"
    assert read_ledger(tmp_path / "accounts") == {"jh-ada": 20000, "jh-bob": 20001}
    assert [path.name for path in tmp_path.iterdir()] == ["accounts"], "no draft is left"


def test_nobody_can_give_the_accounts_password() -> None:
    command = account_command("jh-ada", 20000)

    assert command[command.index("--password") + 1] == "!*"
    assert command[command.index("--groups") + 1] == "jupyterhub-students"


def test_a_home_is_private_from_the_first_moment(tmp_path: Path) -> None:
    make_home(tmp_path / "jh-ada", os.getuid(), os.getgid())

    assert stat.S_IMODE((tmp_path / "jh-ada").stat().st_mode) == 0o700
    assert [path.name for path in tmp_path.iterdir()] == ["jh-ada"], "no half-made home is left"


class Machine:
    """A machine in a folder: what ``make`` would change there, and the commands it would run."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.users: dict[str, int] = {"root": 0}
        self.commands: list[list[str]] = []
        for name, place in {"LEDGER": "accounts", "HOMES": "home", "LOCK": "lock"}.items():
            monkeypatch.setattr(accounts, name, folder / place)
        (folder / "home").mkdir(exist_ok=True)
        self.folder = folder
        monkeypatch.setattr(subprocess, "run", self.run)
        monkeypatch.setattr(os, "chown", lambda *_: None)
        monkeypatch.setattr(pwd, "getpwall", lambda: [self.entry(name) for name in self.users])
        monkeypatch.setattr(pwd, "getpwnam", self.entry)

    def entry(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(pw_name=name, pw_uid=self.users[name], pw_gid=self.users[name])

    def run(self, command: list[str], *, check: bool) -> None:
        assert check, "a failure must not go unseen"
        self.commands.append(command)
        self.users[command[-1]] = int(command[command.index("--uid") + 1])


def test_making_an_account_twice_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, monkeypatch)
    accounts.make("jh-ada")
    made = (tmp_path / "accounts").stat().st_mtime_ns
    monkeypatch.setattr(accounts, "known_here", lambda: Known({"jh-ada": 20000}, {"jh-ada": 20000}, machine.users))

    accounts.make("jh-ada")

    assert len(machine.commands) == 1
    assert (tmp_path / "accounts").stat().st_mtime_ns == made


def test_an_account_half_made_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(tmp_path, monkeypatch)
    write_ledger(tmp_path / "accounts", {"jh-bob": 20000, "jh-ada": 20001})

    accounts.make("jh-ada")

    assert machine.users["jh-ada"] == 20001, "the number was promised before the account was made"
    assert (tmp_path / "home" / "jh-ada").is_dir()
