"""The program run against a recorder in the engine's place."""

from __future__ import annotations

import asyncio
import atexit
import os
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

os.environ["PULUMI_ERROR_OUTPUT_STRING"] = "true"  # an Output in a string is an error, not a sentence about one

import grpc
import pulumi
from pulumi.runtime.mocks import MockMonitor

ROOT = Path(__file__).parent.parent
TOKEN = "dop_v1_made_up"
SECRET_MARK = "4dabf18193072939515e22adb298388d"  # how the engine marks a secret on the wire

# One for all runs: the SDK leaves further loops open in the threads of its executor, which end with it.
LOOP = asyncio.new_event_loop()
atexit.register(LOOP.close)

SIZES = [
    {"slug": "s-4vcpu-8gb", "vcpus": 4, "memory": 8192, "regions": ["nyc3", "ams3"], "available": True},
    {"slug": "s-2vcpu-4gb", "vcpus": 2, "memory": 4096, "regions": ["nyc3"], "available": True},
]


class Refused(grpc.RpcError):
    """A plugin's error as it comes through the engine."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.UNKNOWN

    def details(self) -> str:
        return self.reason


class Cloud(pulumi.runtime.Mocks):
    """Answers as DigitalOcean and the droplet would; in a first preview, where nothing is there yet, they cannot."""

    def __init__(
        self, sizes: list[dict[str, Any]] | Refused, ssh_keys: Sequence[dict[str, Any]], *, preview: bool
    ) -> None:
        self.sizes = sizes
        self.ssh_keys = list(ssh_keys)
        self.preview = preview

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        if self.preview:
            return "", args.inputs
        computed: dict[str, dict[str, Any]] = {
            "digitalocean:index/droplet:Droplet": {"ipv4Address": "192.0.2.10", "dropletUrn": "do:droplet:7"},
            "digitalocean:index/reservedIp:ReservedIp": {"ipAddress": "192.0.2.200"},
            "digitalocean:index/volume:Volume": {"volumeUrn": "do:volume:1"},
            "digitalocean:index/domain:Domain": {"domainUrn": "do:domain:course.example"},
            "digitalocean:index/sshKey:SshKey": {"fingerprint": "aa:bb"},
            "command:remote:Command": {"stdout": "ssh-ed25519 AAAADROPLET"},
        }
        return "7", {**args.inputs, **computed.get(args.typ, {})}

    def call(self, args: pulumi.runtime.MockCallArgs) -> tuple[dict[Any, Any], list[tuple[str, str]] | None]:
        if args.token == "digitalocean:index/getSshKeys:getSshKeys":
            return {"id": "keys", "sshKeys": self.ssh_keys}, []
        assert args.token == "digitalocean:index/getSizes:getSizes", f"unexpected look-up {args.token}"
        if isinstance(self.sizes, Refused):
            raise self.sizes
        return {"id": "sizes", "sizes": self.sizes}, []


class Recorder(MockMonitor):
    """Keeps every registration as the engine would see it, options included."""

    def __init__(self, mocks: pulumi.runtime.Mocks) -> None:
        super().__init__(mocks)
        self.requests: dict[str, Any] = {}

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the engine's name
        self.requests[request.name] = request
        return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # the SDK leaves it so


class Deployment:
    """A finished run of the program: what it declared and what it exported."""

    def __init__(self, recorder: Recorder) -> None:
        self.resources = recorder.requests

    def inputs(self, name: str) -> dict[str, Any]:
        """The inputs of a resource; secrets stay marked."""
        from google.protobuf.json_format import MessageToDict  # late: pulls in protobuf for the tests that look

        return MessageToDict(self.resources[name].object)

    def of_type(self, part: str) -> list[str]:
        """Names of the resources whose type holds ``part``."""
        return [name for name, request in self.resources.items() if part in request.type]


def deploy(
    texts: dict[str, str],
    *,
    preview: bool = False,
    sizes: list[dict[str, Any]] | Refused = SIZES,
    ssh_keys: Sequence[dict[str, Any]] = (),
    token: str = TOKEN,
    project: str = "course-server",
) -> Deployment:
    """Run ``__main__.py`` to its end, every registration landed; raise what it raises."""
    asyncio.set_event_loop(LOOP)  # before the mocks look for one: other tests' loops come and go
    recorder = Recorder(Cloud(sizes, ssh_keys, preview=preview))
    pulumi.runtime.set_mocks(recorder.mocks, project=project, stack="test", preview=preview, monitor=recorder)
    config = {f"{project}:{key}": value for key, value in texts.items()}
    if token:
        config["digitalocean:token"] = token
    pulumi.runtime.set_all_config(config, secret_keys=[f"{project}:client-secret"])

    def program() -> None:
        runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")

    pulumi.runtime.test(program)()  # type: ignore[no-untyped-call]  # returns when every registration has landed
    return Deployment(recorder)
