"""The digitalocean stand-in with the rehearsal's cloud beneath it, and nothing to wait for."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloud_under_test import TOKEN, Cloud, running_cloud
from plugin_under_test import Engine

from rehearsal.plugins.digitalocean import api
from rehearsal.plugins.digitalocean.provider import RESOURCES, DigitalOcean

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

HUB = {"name": "hub", "image": "debian-13-x64", "region": "nyc3", "size": "s-1vcpu-1gb"}
WORK = {"name": "hub-work", "region": "nyc3", "size": 10}
SSH = {"protocol": "tcp", "portRange": "22", "sourceAddresses": ["0.0.0.0/0", "::/0"]}
PING = {"protocol": "icmp", "sourceAddresses": ["0.0.0.0/0"]}


@dataclass
class World:
    """A cloud, the plugin that speaks to it, and every request it made, as ``GET /v2/account``."""

    cloud: Cloud
    plugin: DigitalOcean
    calls: list[str] = field(default_factory=list)

    def engine(self, kind: str) -> Engine:
        """Give the engine's end of the plugin for a kind of resource, e.g. ``Droplet``."""
        token = next(token for token in RESOURCES if token.endswith(f":{kind}"))
        return Engine(self.plugin, token)


@contextmanager
def open_world(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Run a cloud with its state in `folder`, and a plugin that is configured for it."""
    with running_cloud(folder) as cloud:
        world = World(cloud, DigitalOcean())
        send = api.Api._request

        def request(self: api.Api, method: str, path: str, body: Any = None) -> Any:
            action = f" {body['type']}" if path.endswith("/actions") and body else ""
            world.calls.append(f"{method} {path}{action}")
            return send(self, method, path, body)

        monkeypatch.setattr(api.Api, "_request", request)
        monkeypatch.setattr(api, "FIRST_LOOK", 0.01)
        monkeypatch.setattr(api, "NEXT_LOOK", 0.01)
        world.plugin.configure({"token": TOKEN, "apiEndpoint": cloud.url, "httpRetryWaitMin": "0.01"})
        yield world
