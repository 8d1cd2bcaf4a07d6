"""The spawner asks systemd for one student's server, hands over its settings, and waits for the student's own port."""

from __future__ import annotations

import asyncio
import os
import pwd
import socket
import stat
import struct
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from jupyterhub.spawner import LocalProcessSpawner, Spawner, SpawnException

from coursehub import spawner
from coursehub.spawner import Line, UnitSpawner, hand_over, listener, readable_by

if TYPE_CHECKING:
    from pathlib import Path

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:4E21 00000000:0000 0A 00000000:00000000 00:00000000 00000000 20001        0 120626 1 0 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 20001        0 120627 1 0 100 0 0 10 0
   2: 0100007F:1F91 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 20002        0 120628 1 0 100 0 0 10 0
"""


class Systemd:
    """Answers ``systemctl`` and keeps what was asked; ``refused`` are units it will not start."""

    def __init__(self, *refused: str) -> None:
        self.asked: list[str] = []
        self.refused = refused
        self.state = "active"

    async def systemctl(self, *arguments: str) -> tuple[int, str]:
        self.asked.append(" ".join(arguments))
        if arguments[0] == "show":
            return 0, f"ActiveState={self.state}\nExecMainStatus=7"
        return (4, "Access denied") if arguments[0] == "start" and arguments[1] in self.refused else (0, "")


@pytest.fixture
def systemd(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Systemd:
    """A machine on which jh-ada is whoever runs the tests."""
    systemd = Systemd()
    monkeypatch.setattr(spawner, "systemctl", systemd.systemctl)
    monkeypatch.setattr(spawner, "HANDED_OVER", tmp_path)
    monkeypatch.setattr(spawner, "LOOK_AGAIN", 0)
    monkeypatch.setattr(spawner, "SOCKETS", tmp_path / "tcp")
    monkeypatch.setattr(spawner, "random_port", lambda: 0x1F90)
    monkeypatch.setattr(pwd, "getpwnam", lambda _: SimpleNamespace(pw_uid=20001))
    monkeypatch.setattr(os, "setxattr", lambda *_: None)
    monkeypatch.setattr(UnitSpawner, "get_env", lambda _: {"JUPYTERHUB_API_TOKEN": "made-up"})
    (tmp_path / "tcp").write_text(TABLE)
    spawner.the_line.cache_clear()
    return systemd


def of(name: str) -> UnitSpawner:
    return UnitSpawner(user=SimpleNamespace(name=name, url=f"/user/{name}/"), orm_spawner=None)


def test_a_start_makes_the_account_then_starts_the_unit(systemd: Systemd, tmp_path: Path) -> None:
    address = asyncio.run(of("jh-ada").start())

    assert address == ("127.0.0.1", 20001), "a port of their own, which no kernel or connection takes by chance"
    assert systemd.asked == [
        "start jupyterhub-account@jh-ada.service",
        "stop jupyterhub-user@jh-ada.service",  # one the hub has forgotten would hold the port
        "start jupyterhub-user@jh-ada.service",
    ]
    assert (tmp_path / "jh-ada").read_text() == '{"JUPYTERHUB_API_TOKEN": "made-up"}'


def test_nothing_is_asked_for_a_name_that_is_not_a_students(systemd: Systemd) -> None:
    with pytest.raises(SpawnException, match="no student's account"):
        asyncio.run(of("root").start())
    assert systemd.asked == []


def test_a_unit_that_does_not_start_is_a_failure_the_student_can_read(systemd: Systemd) -> None:
    systemd.refused = ("jupyterhub-account@jh-ada.service",)

    with pytest.raises(SpawnException, match="Your account could not be made"):
        asyncio.run(of("jh-ada").start())
    assert len(systemd.asked) == 1, "without an account there is nothing to start"


def test_a_server_that_dies_while_starting_fails_at_once(systemd: Systemd, tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TABLE.splitlines()[0])
    systemd.state = "failed"

    with pytest.raises(SpawnException, match="stopped while it was starting"):
        asyncio.run(of("jh-ada").start())


def test_who_sits_on_a_students_own_port_does_not_lock_them_out(systemd: Systemd, tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TABLE.replace("20001", "20666", 1))

    assert asyncio.run(of("jh-ada").start()) == ("127.0.0.1", 0x1F90)
    assert "start jupyterhub-user@jh-ada.service" in systemd.asked


def test_another_students_process_on_the_port_is_not_taken_for_the_server(systemd: Systemd, tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TABLE.replace("20001", "20666"))

    with pytest.raises(SpawnException, match="port was taken"):
        asyncio.run(of("jh-ada").start())
    assert systemd.asked[-1] == "stop jupyterhub-user@jh-ada.service"


@pytest.mark.parametrize(("state", "status"), [("active", None), ("activating", None), ("inactive", 7), ("failed", 7)])
def test_a_poll_tells_whether_the_server_runs(systemd: Systemd, state: str, status: int | None) -> None:
    systemd.state = state

    assert asyncio.run(of("jh-ada").poll()) == status


def test_a_stop_takes_back_what_was_handed_over(systemd: Systemd, tmp_path: Path) -> None:
    (tmp_path / "jh-ada").write_text("{}")

    asyncio.run(of("jh-ada").stop())

    assert systemd.asked == ["stop jupyterhub-user@jh-ada.service"]
    assert not (tmp_path / "jh-ada").exists(), "it holds a token"


def test_a_link_in_the_way_is_replaced_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "setxattr", lambda *_: None)
    (tmp_path / "elsewhere").write_text("mine")
    for name in ("jh-ada", ".jh-ada"):
        (tmp_path / name).symlink_to(tmp_path / "elsewhere")

    hand_over(tmp_path / "jh-ada", {}, 20001)

    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert stat.S_IMODE((tmp_path / "jh-ada").lstat().st_mode) == 0o600


def test_the_acl_lets_one_student_read() -> None:
    version, *entries = struct.unpack("<I" + "HHI" * 5, readable_by(20001))

    assert version == 2
    assert list(zip(entries[::3], entries[1::3], strict=True)) == [(1, 6), (2, 4), (4, 0), (16, 4), (32, 0)], (
        "owner read and write, one user read, group nothing, mask read, others nothing"
    )
    assert entries[5] == 20001


def test_who_listens_is_read_from_the_kernels_table() -> None:
    assert listener(TABLE, 0x1F90) == 20001
    assert listener(TABLE, 0x1F91) is None, "a connection is not a listener"
    assert listener(TABLE, 80) is None


def test_the_kernels_table_has_the_form_we_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert listener(spawner.SOCKETS.read_text(), server.getsockname()[1]) == os.getuid()


def test_a_few_start_at_once_and_the_others_know_their_place() -> None:
    async def class_arrives() -> None:
        line = Line(2)
        leave = asyncio.Event()

        async def start(name: str) -> None:
            async with line.turn(name):
                await leave.wait()

        arrivals = [asyncio.create_task(start(name)) for name in ("ada", "bob", "eve", "kim")]
        await asyncio.sleep(0)
        assert [line.place(name) for name in ("ada", "bob", "eve", "kim")] == [0, 0, 1, 2]
        arrivals[2].cancel()  # a student who gives up
        await asyncio.sleep(0)
        assert line.place("kim") == 1
        leave.set()
        await asyncio.gather(*arrivals, return_exceptions=True)
        assert line.place("kim") == 0

    asyncio.run(class_arrives())


def test_the_spawner_replaces_only_what_it_means_to() -> None:
    plain = type("Plain", (LocalProcessSpawner,), {})  # holds what traitlets puts in any class
    ours = set(vars(UnitSpawner)) - set(vars(plain))
    theirs = {name for base in Spawner.__mro__ for name in vars(base)}

    assert ours & theirs == {"get_env", "start", "poll", "stop", "progress"}, (
        "JupyterHub gives meaning to private names too: one taken by chance broke every start through the pages"
    )
