"""The provider ``command``: what it checks, what differs, and when which command runs."""

import asyncio
import json
import secrets
import threading
from collections.abc import Sequence
from functools import partial
from importlib.resources import files
from typing import Any, ClassVar

from pulumi.runtime.proto import provider_pb2_grpc

from rehearsal.plugins.command import local, remote
from rehearsal.plugins.command.output import Output
from rehearsal.plugins.differences import differences
from rehearsal.plugins.provider import Change, CheckFailedError, Plan, Plugin, PluginError, Properties, Subject
from rehearsal.plugins.serving import serve
from rehearsal.plugins.values import UNKNOWN, Secret, has_unknown, reveal

LOCAL, REMOTE = "command:local:Command", "command:remote:Command"
_COMMON = {"create", "update", "delete", "triggers", "stdin", "logging", "environment", "addPreviousOutputInEnv"}
INPUTS = {LOCAL: _COMMON | {"interpreter", "dir"}, REMOTE: _COMMON | {"connection"}}
CONNECTION_DEFAULTS = {"port": 22, "user": "root", "dialErrorLimit": 10, "perDialTimeout": 15}
_CONNECTION = {*CONNECTION_DEFAULTS, "host", "password", "privateKey", "privateKeyPassword", "hostKey"}
_NOT_HERE = {"assetPaths", "archivePaths", "proxy", "agentSocketPath"}
_ENDS_WITHIN = 1.0  # seconds, once it is killed
_LOGGING = ("stdout", "stderr", "stdoutAndStderr", "none")


class CommandProvider(Plugin):
    """``local.Command`` and ``remote.Command``."""

    accept_secrets: ClassVar[bool] = True
    version: ClassVar[str] = json.loads(files("pulumi_command").joinpath("pulumi-plugin.json").read_text())["version"]

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._local: set[threading.Event] = set()  # one for each command on this machine, set when it has ended

    def cancel(self) -> None:
        """Give up on machines that do not answer, and end what runs on this one."""
        self._cancelled.set()

    def stop(self) -> None:
        """Cancel, and see to it that nothing on this machine outlives the plugin."""
        self.cancel()
        for ended in list(self._local):
            ended.wait(_ENDS_WITHIN)

    def check(self, subject: Subject, old: Properties, new: Properties) -> Properties:
        """Refuse what is unknown or missing; complete and hide the connection."""
        if subject.type not in INPUTS:
            raise PluginError(
                f"{subject.type} is not part of the stand-in for the command plugin; it has {', '.join(INPUTS)}"
            )
        failures = _unexpected(new, INPUTS[subject.type], "CommandInputs", "")
        logging = reveal(new.get("logging"))
        if isinstance(logging, str) and logging not in _LOGGING:
            failures.append(("logging", f"logging is {logging!r}, but has to be one of {', '.join(_LOGGING)}"))
        inputs = dict(new)
        if subject.type == REMOTE:
            connection = reveal(new.get("connection"))
            if connection is None:
                failures.append(("connection", "Missing required field 'connection' on 'remote.CommandInputs'"))
            elif isinstance(connection, dict):
                failures += _unexpected(connection, _CONNECTION, "Connection", "connection.")
                if "host" not in connection:
                    failures.append(("connection.host", "Missing required field 'host' on 'remote.Connection'"))
                connection = CONNECTION_DEFAULTS | connection
            inputs["connection"] = Secret(connection)
        if failures:
            raise CheckFailedError(failures)
        return inputs

    def diff(
        self,
        subject: Subject,
        old_inputs: Properties,
        state: Properties,
        new: Properties,
        ignored: Sequence[str],
    ) -> Plan:
        """Any changed input is an update. Only all of ``triggers`` coming or going replaces by itself.

        (A changed trigger replaces because the SDK sets ``replace_on_changes=["triggers[*]"]``.)
        """
        wanted = new | {name: old_inputs[name] for name in ignored if name in old_inputs}
        changes = differences(reveal(_without_marks(old_inputs)), reveal(_without_marks(wanted)))
        return Plan({path: Change(kind, replace=path == "triggers") for path, kind in changes.items()})

    def create(self, subject: Subject, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """Run ``create``, if there is one."""
        identifier = subject.name + secrets.token_hex(4)
        if preview:
            return identifier, inputs | {"stdout": UNKNOWN, "stderr": UNKNOWN}
        return identifier, inputs | self._run(subject, inputs.get("create"), inputs, {"stdout": "", "stderr": ""})

    def update(
        self,
        subject: Subject,
        identifier: str,
        state: Properties,
        new: Properties,
        *,
        preview: bool,
    ) -> Properties:
        """Run ``update`` if it is given, else ``create`` again; nothing, when there is neither."""
        previous = {stream: state.get(stream, "") for stream in ("stdout", "stderr")}
        if preview:
            known = state.keys() & INPUTS[subject.type]
            changed = has_unknown(new) or any(reveal(state[name]) != reveal(new.get(name)) for name in known)
            return new | (dict.fromkeys(previous, UNKNOWN) if changed else previous)
        command = new.get("update") if new.get("update") is not None else new.get("create")
        return new | self._run(subject, command, new, previous)

    def read(
        self,
        subject: Subject,
        identifier: str,
        state: Properties,
        inputs: Properties,
    ) -> tuple[str, Properties, Properties]:
        """Give everything back as it was: a command is not looked at again."""
        return identifier, state, inputs

    def delete(self, subject: Subject, identifier: str, state: Properties, timeout: float) -> None:
        """Run ``delete`` as the state has it, if it does; like the official plugin, without a time limit."""
        self._run(subject, state.get("delete"), state, state)

    def _run(self, subject: Subject, command: Any, inputs: Properties, previous: Properties) -> dict[str, str]:
        """Run `command` and give what it said; give back `previous` when there is none."""
        if command is None:
            return {stream: previous.get(stream, "") for stream in ("stdout", "stderr")}
        settings, before = reveal(inputs), reveal(previous)
        output = Output(settings.get("logging"), partial(self.log.status, subject.urn))
        if subject.type == REMOTE:
            settings["connection"] = CONNECTION_DEFAULTS | settings["connection"]
            asyncio.run(remote.run(reveal(command), settings, before, output, self._cancelled))
        else:
            ended = threading.Event()
            self._local.add(ended)
            try:
                asyncio.run(local.run(reveal(command), settings, before, output, self._cancelled))
            finally:
                ended.set()
                self._local.discard(ended)
        return output.result


def _unexpected(given: Properties, known: set[str], owner: str, prefix: str) -> list[tuple[str, str]]:
    """Give a failure for each property that is not `known`; never its value, which may be a key."""
    return [
        (
            prefix + name,
            f"'{prefix}{name}' is not part of the stand-in for the command plugin"
            if name in _NOT_HERE
            else f"Unrecognized field '{name}' on '{owner}'",
        )
        for name in sorted(_without_marks(given).keys() - known)
    ]


def _without_marks(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if not name.startswith("__")}


def main() -> None:
    """Serve the engine that started this process."""
    provider = CommandProvider()
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server), provider.stop)
