"""How a plugin lives: a gRPC server on a loopback port, told on standard output, until the engine is done with it."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

# The engine moves whole manifests, and expects plugins to take messages of 400 MiB as its own server does.
_MESSAGE_LIMIT = 400 * 1024 * 1024
CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
]
# The engine runs four operations per core at once; each waits in a thread of its own.
_THREADS = 256


def serve(register: Callable[[grpc.Server], None], on_stop: Callable[[], None]) -> None:
    """Serve what `register` adds until SIGINT, SIGTERM, or until the engine that started this process is gone.

    Then `on_stop` ends what is under way.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    engine = os.getppid()
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=CHANNEL_OPTIONS)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while not stop.wait(timeout=1) and os.getppid() == engine:
        pass
    on_stop()
    server.stop(grace=None)
    sys.stdout.flush()
    os._exit(0)  # threads that still wait for a server far away must not keep a finished engine company


class EngineLog:
    """The engine's display: what is logged here appears beside the resource it is about."""

    def __init__(self, address: str) -> None:
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=CHANNEL_OPTIONS))

    def status(self, urn: str, message: str) -> None:
        """Show `message` in the resource's status column; it is replaced by the next one and not kept."""
        self._send(urn, message, engine_pb2.INFO, ephemeral=True)

    def warning(self, urn: str, message: str) -> None:
        """Keep `message` under the resource, as a warning."""
        self._send(urn, message, engine_pb2.WARNING, ephemeral=False)

    def error(self, urn: str, message: str) -> None:
        """Keep `message` under the resource, as an error (which alone fails nothing)."""
        self._send(urn, message, engine_pb2.ERROR, ephemeral=False)

    def _send(self, urn: str, message: str, severity: "engine_pb2.LogSeverity.ValueType", *, ephemeral: bool) -> None:
        self._engine.Log(engine_pb2.LogRequest(severity=severity, message=message, urn=urn, ephemeral=ephemeral))
