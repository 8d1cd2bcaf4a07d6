"""The engine's end of a plugin, for tests: the protocol's calls made in this process, with plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, cast

from pulumi.runtime.proto import provider_pb2, status_pb2

from rehearsal.plugins.values import decode, encode

if TYPE_CHECKING:
    import grpc

    from rehearsal.plugins.provider import Plugin
    from rehearsal.plugins.serving import EngineLog


class Aborted(Exception):
    """The plugin answered with an error; `details` are what it says about a half-made resource."""

    def __init__(self, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.details = details


class Context:
    """What a plugin sees of a call."""

    def abort(self, code: grpc.StatusCode, message: str) -> NoReturn:  # noqa: ARG002
        raise Aborted(message)

    def abort_with_status(self, status: grpc.Status) -> NoReturn:
        metadata: dict[str, Any] = dict(status.trailing_metadata)
        told = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
        half_made = provider_pb2.ErrorResourceInitFailed()
        assert told.details[0].Unpack(half_made), "the engine finds a half-made resource by this message's type"
        raise Aborted(status.details, half_made)


# The plugins are typed for the real one, which only a real call has.
CONTEXT: Any = Context()


class Log:
    """The engine's display."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def status(self, urn: str, message: str) -> None:  # noqa: ARG002
        self.lines.append(message)


class Engine:
    """Calls a plugin as the engine does; `urn` is of a resource of the type `kind`, called ``it``."""

    def __init__(self, plugin: Plugin, kind: str) -> None:
        self.plugin = plugin
        self.kind = kind
        self.log = Log()
        plugin.log = cast("EngineLog", self.log)
        self.urn = f"urn:pulumi:dev::course::course:server:Server${kind}::it"

    def check(self, new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
        """Give the checked inputs; AssertionError if they were refused."""
        inputs, failures = self.checked(new, old)
        assert not failures, f"refused: {failures}"
        return inputs

    def checked(self, new: dict[str, Any], old: dict[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
        """Give the checked inputs, and the reasons for a refusal by property."""
        answer = self.plugin.Check(
            provider_pb2.CheckRequest(urn=self.urn, olds=encode(old or {}), news=encode(new)), CONTEXT
        )
        return decode(answer.inputs), {failure.property: failure.reason for failure in answer.failures}

    def diff(
        self,
        old_inputs: dict[str, Any],
        state: dict[str, Any],
        new: dict[str, Any],
        ignored: tuple[str, ...] = (),
    ) -> provider_pb2.DiffResponse:
        return self.plugin.Diff(
            provider_pb2.DiffRequest(
                urn=self.urn,
                id="1",
                olds=encode(state),
                old_inputs=encode(old_inputs),
                news=encode(new),
                ignoreChanges=ignored,
            ),
            CONTEXT,
        )

    def create(self, inputs: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        answer = self.plugin.Create(
            provider_pb2.CreateRequest(urn=self.urn, properties=encode(inputs), preview=preview), CONTEXT
        )
        return answer.id, decode(answer.properties)

    def read(
        self, identifier: str, state: dict[str, Any] | None = None, inputs: dict[str, Any] | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Give (id, state, inputs); the id is empty when the resource is gone."""
        answer = self.plugin.Read(
            provider_pb2.ReadRequest(
                urn=self.urn, id=identifier, properties=encode(state or {}), inputs=encode(inputs or {})
            ),
            CONTEXT,
        )
        return answer.id, decode(answer.properties), decode(answer.inputs)

    def update(
        self, identifier: str, state: dict[str, Any], new: dict[str, Any], *, preview: bool = False
    ) -> dict[str, Any]:
        request = provider_pb2.UpdateRequest(
            urn=self.urn, id=identifier, olds=encode(state), news=encode(new), preview=preview
        )
        return decode(self.plugin.Update(request, CONTEXT).properties)

    def delete(self, identifier: str, state: dict[str, Any]) -> None:
        self.plugin.Delete(provider_pb2.DeleteRequest(urn=self.urn, id=identifier, properties=encode(state)), CONTEXT)

    def up(self, inputs: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Check and create; give (id, state, checked inputs)."""
        checked = self.check(inputs)
        identifier, state = self.create(checked)
        return identifier, state, checked


def changes(answer: provider_pb2.DiffResponse) -> dict[str, str]:
    """Give a diff as the engine shows it: ``add``, ``delete_replace``, … by property path."""
    return {
        path: provider_pb2.PropertyDiff.Kind.Name(change.kind).lower() for path, change in answer.detailedDiff.items()
    }
