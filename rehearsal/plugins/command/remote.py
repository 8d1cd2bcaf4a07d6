"""``remote.Command``: a command on another machine, over SSH."""

import asyncio
import threading
from contextlib import suppress
from typing import Any

import asyncssh

from rehearsal.plugins.command.output import Output, Show, Stream, previous_output
from rehearsal.plugins.provider import PluginError

# Seconds between two attempts to connect: the first, its growth, and the longest (Pulumi's util/retry).
FIRST_PAUSE, GROWTH, LONGEST_PAUSE = 0.1, 1.5, 5.0
_CHUNK = 65536

# Host keys, certificate authorities, revoked keys; None: whoever answers.
_Trusted = tuple[list[asyncssh.SSHKey], list[asyncssh.SSHKey], list[asyncssh.SSHKey]] | None


async def run(
    command: str, inputs: dict[str, Any], previous: dict[str, Any], output: Output, cancelled: threading.Event
) -> None:
    """Connect, run `command` with ``stdin``, and disconnect; each attempt that failed is shown.

    Once `cancelled`, no further attempt is made; a command that runs already is not stopped.

    A server takes only the variables that its AcceptEnv names. The official plugin fails on a refused one of
    ``environment``; here it is silently absent, because the SSH library does not ask for the server's answer.

    Raises:
        PluginError: no connection within ``dialErrorLimit`` attempts, or another exit status than 0.

    """
    variables = (inputs.get("environment") or {}) | previous_output(inputs, previous)
    async with await connect(inputs["connection"], output.show, cancelled) as connection:
        try:
            process = await connection.create_process(command, env=variables, encoding="utf-8", errors="replace")
            await asyncio.gather(
                _feed(process.stdin, inputs.get("stdin") or ""),
                _listen(process.stdout, "stdout", output),
                _listen(process.stderr, "stderr", output),
            )
            await process.wait_closed()
        except (asyncssh.Error, OSError) as error:
            raise output.failure(str(error), command) from error
    output.end()
    if process.exit_status != 0:
        raise output.failure(_ending(process), command)


async def connect(settings: dict[str, Any], status: Show, cancelled: threading.Event) -> asyncssh.SSHClientConnection:
    """Open a connection as `settings` (the ``connection`` input) say, trying again after whatever goes wrong.

    Without ``hostKey`` the server is not verified at all: the official plugin's way, and a warning to its users.

    Raises:
        PluginError: a key cannot be read (at once), or more than ``dialErrorLimit`` attempts failed.

    """
    options = _options(settings)
    limit = settings["dialErrorLimit"]
    pause, attempt = FIRST_PAUSE, 0
    while True:
        attempt += 1
        try:
            return await asyncssh.connect(settings["host"], int(settings["port"]), options=options)
        except (asyncssh.Error, OSError) as error:
            if -1 < limit < attempt or cancelled.is_set():
                raise PluginError(f"after {attempt - 1} failed attempts: {_reason(error, settings)}") from error
        status(f"Dial {attempt}/{'inf' if limit == -1 else limit} failed: retrying")
        await asyncio.sleep(pause)
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def _options(settings: dict[str, Any]) -> asyncssh.SSHClientConnectionOptions:
    try:
        private_key = settings.get("privateKey")
        keys = [asyncssh.import_private_key(private_key, settings.get("privateKeyPassword"))] if private_key else []
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise PluginError(f"ssh: cannot use connection.privateKey: {error}") from error
    try:
        host_key = settings.get("hostKey")
        trusted: _Trusted = ([asyncssh.import_public_key(host_key)], [], []) if host_key else None
    except asyncssh.KeyImportError as error:
        raise PluginError(f"failed to parse host key: {error}; e.g. 'ssh-ed25519 AAAAC3...'") from error
    return asyncssh.SSHClientConnectionOptions(
        config=[],  # what is in the user's ~/.ssh is not part of the program
        username=settings["user"],
        client_keys=keys,
        password=settings.get("password"),
        agent_path=None,
        known_hosts=trusted,
        connect_timeout=settings["perDialTimeout"] or None,
    )


def _reason(error: Exception, settings: dict[str, Any]) -> str:
    address = f"{settings['host']}:{int(settings['port'])}"
    return f"ssh {settings['user']}@{address}: {str(error) or type(error).__name__}"


def _ending(process: asyncssh.SSHClientProcess[str]) -> str:
    if process.exit_signal:
        return f"Process exited with status {process.exit_status} from signal {process.exit_signal[0]}"
    if process.exit_status is None:
        return "wait: remote command exited without exit status or exit signal"
    return f"Process exited with status {process.exit_status}"


async def _feed(pipe: asyncssh.SSHWriter[str], text: str) -> None:
    # A command need not read all it is given; its exit status tells whether that is well.
    with suppress(BrokenPipeError, ConnectionResetError, asyncssh.Error):
        pipe.write(text)
        await pipe.drain()
        pipe.write_eof()


async def _listen(pipe: asyncssh.SSHReader[str], stream: Stream, output: Output) -> None:
    while text := await pipe.read(_CHUNK):
        output.take(stream, text)
