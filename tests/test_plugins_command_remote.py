"""remote.Command against a real SSH server, on loopback."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any

import asyncssh
import pytest
from plugin_under_test import Aborted, Engine

from rehearsal.plugins.command import remote
from rehearsal.plugins.command.provider import REMOTE, CommandProvider

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSPHRASE = "open sesame"


class Server:
    """An SSH server that lets in one key and one password, and runs what it is told in a shell."""

    def __init__(self, port: int = 0) -> None:
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.port = port
        self.connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def start(self) -> None:
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        async def close() -> None:
            self._server.close()
            await self._server.wait_closed()

        asyncio.run_coroutine_threadsafe(close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> int:
        outer = self

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:  # noqa: ARG002
                outer.connections += 1

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("teacher", PASSPHRASE)

        self._server = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=Door,
            server_host_keys=[self.host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(self.key.export_public_key().decode()),
            process_factory=self._run,
        )
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _run(self, process: asyncssh.SSHServerProcess[str]) -> None:
        if process.command == "vanish":
            process.channel.get_connection().abort()
            return
        shell = await asyncio.create_subprocess_shell(
            str(process.command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

        async def feed() -> None:
            assert shell.stdin is not None
            while text := await process.stdin.read(65536):
                shell.stdin.write(text.encode())
                await shell.stdin.drain()
            shell.stdin.close()

        async def tell(said: asyncio.StreamReader | None, pipe: asyncssh.SSHWriter[str]) -> None:
            while said and (text := await said.read(65536)):
                pipe.write(text.decode())

        await asyncio.gather(feed(), tell(shell.stdout, process.stdout), tell(shell.stderr, process.stderr))
        status = await shell.wait()
        if status < 0:
            process.exit_with_signal("KILL")
        process.exit(status)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    running.start()
    yield running
    running.stop()


@pytest.fixture
def engine() -> Engine:
    return Engine(CommandProvider(), REMOTE)


def connection(server: Server, **changes: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1",
        "port": server.port,
        "user": "teacher",
        "privateKey": server.key.export_private_key().decode(),
        "hostKey": server.host_key.export_public_key().decode(),
        "dialErrorLimit": 2,
        **changes,
    }


def run(engine: Engine, there: dict[str, Any], **inputs: Any) -> dict[str, Any]:
    checked = engine.check({"connection": there, **inputs})
    return engine.create(checked)[1]


def test_a_command_gets_its_manifest_by_stdin_and_both_streams_come_back(server: Server, engine: Engine) -> None:
    manifest = "file /etc/motd\n" * 100_000
    state = run(engine, connection(server), create="wc -c; echo noted >&2", stdin=manifest)
    assert state["stdout"] == str(len(manifest))
    assert state["stderr"] == "noted"
    assert sorted(engine.log.lines) == [str(len(manifest)), "noted"], "each line is shown, of whichever stream"


def test_a_line_longer_than_64_kib_is_no_trap_here(server: Server, engine: Engine) -> None:
    state = run(engine, connection(server), create="head -c 200000 /dev/zero | tr '\\0' x", logging="none")
    assert len(state["stdout"]) == 200_000, "the official plugin hangs on this unless logging is none"


def test_another_exit_status_fails_with_the_command_and_all_it_said(server: Server, engine: Engine) -> None:
    with pytest.raises(Aborted, match='Process exited with status 3: running "echo why; exit 3":\nwhy'):
        run(engine, connection(server), create="echo why; exit 3")


def test_a_machine_that_goes_away_fails_the_command(server: Server, engine: Engine) -> None:
    with pytest.raises(Aborted, match='running "vanish"'):
        run(engine, connection(server), create="vanish")


def test_another_host_key_is_nobody_to_talk_to(server: Server, engine: Engine) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with pytest.raises(Aborted, match=r"after 2 failed attempts: ssh teacher@127\.0\.0\.1:\d+: .*[Hh]ost key"):
        run(engine, connection(server, hostKey=other), create="true")
    assert engine.log.lines == ["Dial 1/2 failed: retrying", "Dial 2/2 failed: retrying"]


def test_without_a_host_key_whoever_answers_is_believed(server: Server, engine: Engine) -> None:
    there = connection(server)
    del there["hostKey"]
    assert run(engine, there, create="echo hi")["stdout"] == "hi"


def test_a_password_opens_too(server: Server, engine: Engine) -> None:
    there = connection(server, password=PASSPHRASE)
    del there["privateKey"]
    assert run(engine, there, create="echo hi")["stdout"] == "hi"


def test_a_locked_key_needs_its_password_and_a_wrong_one_fails_at_once(server: Server, engine: Engine) -> None:
    locked = server.key.export_private_key(passphrase=PASSPHRASE).decode()
    there = connection(server, privateKey=locked, privateKeyPassword=PASSPHRASE)
    assert run(engine, there, create="echo hi")["stdout"] == "hi"
    with pytest.raises(Aborted, match=r"cannot use connection\.privateKey"):
        run(engine, {**there, "privateKeyPassword": "wrong"}, create="true")
    assert not engine.log.lines[1:], "trying again would not make it right"


def test_a_machine_that_is_still_booting_is_waited_for(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LONGEST_PAUSE", 0.1)
    first = Server()
    first.start()
    first.stop()
    booting = Server(first.port)
    threading.Timer(0.5, booting.start).start()
    try:
        assert run(engine, connection(booting, dialErrorLimit=100), create="echo up")["stdout"] == "up"
    finally:
        booting.stop()
    assert engine.log.lines[0] == "Dial 1/100 failed: retrying", "each attempt that fails is shown"


def test_a_machine_that_never_answers_is_given_up(engine: Engine) -> None:
    with pytest.raises(Aborted, match=r"after 3 failed attempts: ssh root@127\.0\.0\.1:1: "):
        run(engine, {"host": "127.0.0.1", "port": 1, "dialErrorLimit": 3}, create="true")
    assert engine.log.lines[-1] == "Dial 3/3 failed: retrying"


def test_cancelling_ends_the_wait_for_a_machine_that_does_not_answer(engine: Engine) -> None:
    threading.Timer(0.3, engine.plugin.cancel).start()
    started = time.monotonic()
    with pytest.raises(Aborted):
        run(engine, {"host": "127.0.0.1", "port": 1, "dialErrorLimit": -1}, create="true")
    assert time.monotonic() - started < 5, "Ctrl-C is heard"


def test_nothing_is_left_connected(server: Server, engine: Engine) -> None:
    for _ in range(3):
        run(engine, connection(server), create="true")
    assert server.connections == 3, "each command has a connection of its own, and closes it"
