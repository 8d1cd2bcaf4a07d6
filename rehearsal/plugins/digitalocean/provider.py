"""The provider ``digitalocean``: its settings, and which resource or function answers."""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import ClassVar

from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.plugins.digitalocean import address, dns, droplet, firewall, labels, lookups, project, volume
from rehearsal.plugins.digitalocean.api import Api
from rehearsal.plugins.digitalocean.resource import Resource, same_set
from rehearsal.plugins.provider import InitializationFailedError, Plan, Plugin, PluginError, Properties, Subject
from rehearsal.plugins.serving import serve

RESOURCES: Mapping[str, Resource] = {
    resource.token: resource
    for resource in (
        labels.Tag(),
        labels.SshKey(),
        droplet.Droplet(),
        volume.Volume(),
        address.ReservedIp(),
        address.ReservedIpAssignment(),
        dns.Domain(),
        dns.DnsRecord(),
        firewall.Firewall(),
        project.Project(),
        project.ProjectResources(),
    )
}


class DigitalOcean(Plugin):
    """The resources and functions of DigitalOcean that this project uses."""

    # As the official plugin: the engine takes secrets off, and puts them back on the outputs of the same name.
    accept_secrets: ClassVar[bool] = False
    version: ClassVar[str] = json.loads(files("pulumi_digitalocean").joinpath("pulumi-plugin.json").read_text())[
        "version"
    ]

    def __init__(self) -> None:
        self._api = Api("", "")
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Wait no longer for anything."""
        self._cancelled.set()

    def configure(self, config: Properties) -> None:
        """Take the settings; what the program leaves out comes from the variables of DigitalOcean's tools."""
        environment = os.environ
        token = (
            config.get("token") or environment.get("DIGITALOCEAN_TOKEN") or environment.get("DIGITALOCEAN_ACCESS_TOKEN")
        )
        endpoint = config.get("apiEndpoint") or environment.get("DIGITALOCEAN_API_URL")
        self._api = Api(
            endpoint=endpoint or "https://api.digitalocean.com",
            token=token or "",
            retries=int(config.get("httpRetryMax") or environment.get("DIGITALOCEAN_HTTP_RETRY_MAX") or 4),
            shortest_pause=float(config.get("httpRetryWaitMin") or 1.0),
            longest_pause=float(config.get("httpRetryWaitMax") or 30.0),
            cancelled=self._cancelled,
        )

    def check(self, subject: Subject, old: Properties, new: Properties) -> Properties:
        """Complete and check the inputs by the resource's table."""
        return _resource(subject).check(subject.name, old, new)

    def diff(
        self,
        subject: Subject,
        old_inputs: Properties,
        state: Properties,
        new: Properties,
        ignored: Sequence[str],
    ) -> Plan:
        """Compare by the resource's table."""
        with _saying(f"diffing {subject.urn}"):
            return _resource(subject).diff(state, new, ignored)

    def create(self, subject: Subject, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """Make it; the state is what was asked for, and on top what the API says."""
        resource = _resource(subject)
        with _saying(f"creating {subject.urn}"):
            resource.plan(None, inputs)
            if preview:
                return "", resource.preview(inputs)
            asked = resource.stored(inputs)
            try:
                identifier, outputs = resource.create(self._api, inputs)
            except InitializationFailedError as error:
                state = asked | error.state | {"id": error.identifier}
                raise InitializationFailedError(error.identifier, state, str(error)) from error
        return identifier, _settled(asked, outputs, identifier)

    def read(
        self, subject: Subject, identifier: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Look at it; with neither state nor inputs it is being imported."""
        resource = _resource(subject)
        if not state:
            identifier, state = resource.import_state(identifier)
        with _saying(f"refreshing {subject.urn}"):
            outputs = resource.read(self._api, identifier, state)
        if outputs is None:
            return None
        now = _settled(state, outputs, identifier)
        return identifier, now, resource.inputs_now(inputs, state, now)

    def update(
        self, subject: Subject, identifier: str, state: Properties, new: Properties, *, preview: bool
    ) -> Properties:
        """Change it in place."""
        resource = _resource(subject)
        gone = {key: None for key, rule in resource.inputs.items() if key not in new and not rule.computed}
        wanted = {key: value for key, value in (state | gone | resource.stored(new)).items() if value is not None}
        if preview:
            return wanted
        with _saying(f"updating {subject.urn}"):
            return _settled(wanted, resource.update(self._api, identifier, state, new), identifier)

    def delete(self, subject: Subject, identifier: str, state: Properties, timeout: float) -> None:
        """Remove it."""
        resource = _resource(subject)
        with _saying(f"deleting {subject.urn}"):
            resource.delete(self._api, identifier, state, timeout or resource.delete_timeout)

    def invoke(self, function: str, arguments: Properties) -> Properties:
        """Look something up."""
        lookup = lookups.FUNCTIONS.get(function)
        if lookup is None:
            raise PluginError(_absent(function, lookups.FUNCTIONS))
        with _saying(f"invoking {function}"):
            return lookup(self._api, arguments)


def _resource(subject: Subject) -> Resource:
    if subject.type not in RESOURCES:
        raise PluginError(_absent(subject.type, RESOURCES))
    return RESOURCES[subject.type]


def _absent(token: str, present: Mapping[str, object]) -> str:
    names = ", ".join(sorted(known.rpartition(":")[2] for known in present))
    return f"{token} is not part of the stand-in for the digitalocean plugin; it has {names}"


def _settled(asked: Properties, outputs: Properties, identifier: str) -> Properties:
    """Give the state; a list the API gives back in another order stays in the order it was asked for."""
    state = dict(asked)
    for key, value in outputs.items():
        reordered = isinstance(value, list) and key in asked and same_set(asked[key], value)
        if value is not None and not reordered:
            state[key] = value
    return state | {"id": identifier}


@contextmanager
def _saying(doing: str) -> Iterator[None]:
    """Put in front of what goes wrong what was being done."""
    try:
        yield
    except InitializationFailedError as error:
        raise InitializationFailedError(error.identifier, error.state, f"{doing}: {error}") from error
    except PluginError as error:
        raise PluginError(f"{doing}: {error}") from error


def main() -> None:
    """Serve the engine that started this process."""
    provider = DigitalOcean()
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server), provider.cancel)
