"""``local.Command``: a command on this machine."""

import asyncio
import codecs
import os
import signal
import threading
from contextlib import suppress
from typing import Any

from rehearsal.plugins.command.output import Output, Stream, previous_output

_CHUNK = 65536
_HEARS_OF_CANCELLING_WITHIN = 0.2  # seconds


async def run(
    command: str, inputs: dict[str, Any], previous: dict[str, Any], output: Output, cancelled: threading.Event
) -> None:
    """Run `command` with the plugin's own environment, the inputs' on top, and the `previous` run's output in it.

    Once `cancelled`, the command and whatever it has started are killed.

    Raises:
        PluginError: it could not start, or ended with another exit status than 0.

    """
    stdin = inputs.get("stdin") or ""
    try:
        process = await asyncio.create_subprocess_exec(
            *(inputs.get("interpreter") or ["/bin/sh", "-c"]),
            command,
            cwd=inputs.get("dir"),
            env=os.environ | (inputs.get("environment") or {}) | previous_output(inputs, previous),
            stdin=asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise output.failure(str(error), command) from error
    killing = asyncio.create_task(_kill_when(cancelled, process.pid))
    await asyncio.gather(
        _feed(process.stdin, stdin),
        _listen(process.stdout, "stdout", output),
        _listen(process.stderr, "stderr", output),
    )
    status = await process.wait()
    killing.cancel()
    output.end()
    if status:
        ended = f"exit status {status}" if status > 0 else f"signal: {signal.strsignal(-status)}"
        raise output.failure(ended, command)


async def _kill_when(cancelled: threading.Event, session: int) -> None:
    while not cancelled.is_set():  # noqa: ASYNC110 - it is set in another thread, by the engine's call
        await asyncio.sleep(_HEARS_OF_CANCELLING_WITHIN)
    with suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)


async def _feed(pipe: asyncio.StreamWriter | None, text: str) -> None:
    if pipe is not None:
        # A command need not read all it is given; its exit status tells whether that is well.
        with suppress(BrokenPipeError, ConnectionResetError):
            pipe.write(text.encode())
            await pipe.drain()
            pipe.close()
            await pipe.wait_closed()


async def _listen(pipe: asyncio.StreamReader | None, stream: Stream, output: Output) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    while pipe is not None and (chunk := await pipe.read(_CHUNK)):
        output.take(stream, decoder.decode(chunk))
