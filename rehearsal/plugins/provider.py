"""The engine's side of a resource provider, as plain Python: properties in, properties out, refusals as exceptions."""
# ruff: noqa: D102 - the engine's protocol documents its methods

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple

import grpc
from google.protobuf import any_pb2, empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal.plugins.serving import EngineLog
from rehearsal.plugins.values import decode, encode, reveal

Properties = dict[str, Any]


class PluginError(Exception):
    """An operation was refused or failed; the message is for the person who ran ``pulumi``."""


class InitializationFailedError(PluginError):
    """A resource exists, but is not as it should be: the engine keeps it, and brings it right at the next ``up``."""

    def __init__(self, identifier: str, state: Properties, reason: str) -> None:
        super().__init__(reason)
        self.identifier = identifier
        self.state = state


class CheckFailedError(PluginError):
    """Inputs a resource cannot have: (property, reason) for each."""

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(reason for _, reason in failures))
        self.failures = failures


class Subject(NamedTuple):
    """What an operation is about: the resource's URN, its type token, and its name in the program."""

    urn: str
    type: str
    name: str

    @classmethod
    def of(cls, urn: str) -> "Subject":
        """Read ``urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME``."""
        *_, types, name = urn.split("::")
        return cls(urn, types.rpartition("$")[2], name)


@dataclass(frozen=True)
class Change:
    """How one property differs, and whether only a new resource can have its new value."""

    kind: Literal["add", "delete", "update"]
    replace: bool = False


@dataclass(frozen=True)
class Plan:
    """What it takes to make a resource as wanted: changes by property path, and in which order a new one is made."""

    changes: Mapping[str, Change]
    delete_before_replace: bool = False


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    """Translates the protocol; a provider overrides the lower-case methods."""

    accept_secrets: ClassVar[bool]
    version: ClassVar[str]
    log: EngineLog

    def check_config(self, inputs: Properties) -> Properties:
        """Give the provider's own inputs completed with defaults."""
        return inputs

    def configure(self, config: Properties) -> None:
        """Take the provider's own settings, before any other operation."""

    def check(self, subject: Subject, old: Properties, new: Properties) -> Properties:
        """Give `new` completed with defaults, or raise CheckFailedError; `old` is empty for a new resource."""
        raise NotImplementedError

    def diff(
        self, subject: Subject, old_inputs: Properties, state: Properties, new: Properties, ignored: Sequence[str]
    ) -> Plan:
        """Give what makes `state` what `new` asks for; the properties `ignored` names stay as they are."""
        raise NotImplementedError

    def create(self, subject: Subject, inputs: Properties, *, preview: bool) -> tuple[str, Properties]:
        """Make the resource; give its id and state (in a preview: what of it is known)."""
        raise NotImplementedError

    def read(
        self, subject: Subject, identifier: str, state: Properties, inputs: Properties
    ) -> tuple[str, Properties, Properties] | None:
        """Give (id, state, inputs) as they really are, or None when the resource is gone."""
        raise NotImplementedError

    def update(
        self, subject: Subject, identifier: str, state: Properties, new: Properties, *, preview: bool
    ) -> Properties:
        """Bring the resource from `state` to `new`; give its new state."""
        raise NotImplementedError

    def delete(self, subject: Subject, identifier: str, state: Properties, timeout: float) -> None:
        """Remove the resource; within `timeout` seconds when that is not 0."""
        raise NotImplementedError

    def invoke(self, function: str, arguments: Properties) -> Properties:
        """Give the answer of a function, e.g. ``digitalocean:index/getSizes:getSizes``."""
        raise NotImplementedError

    def cancel(self) -> None:
        """Stop waiting: the person at the keyboard wants no more."""

    # ---- the protocol ----

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        self.log = EngineLog(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=self.accept_secrets)

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        with _answering(context):
            return provider_pb2.CheckResponse(inputs=encode(self.check_config(decode(request.news))))

    def DiffConfig(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        # Another token or address is still the same provider: nothing it made has to be replaced.
        changed = decode(request.old_inputs) != decode(request.news)
        kind = provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=kind)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        with _answering(context):
            self.configure(reveal(decode(request.args)))
        return provider_pb2.ConfigureResponse(acceptSecrets=self.accept_secrets, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext) -> provider_pb2.CheckResponse:
        with _answering(context):
            try:
                inputs = self.check(Subject.of(request.urn), decode(request.olds), decode(request.news))
            except CheckFailedError as error:
                failures = [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in error.failures]
                return provider_pb2.CheckResponse(inputs=request.news, failures=failures)
            return provider_pb2.CheckResponse(inputs=encode(inputs))

    def Diff(self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext) -> provider_pb2.DiffResponse:
        with _answering(context):
            plan = self.diff(
                Subject.of(request.urn),
                decode(request.old_inputs),
                decode(request.olds),
                decode(request.news),
                request.ignoreChanges,
            )
        response, changes = provider_pb2.DiffResponse, plan.changes
        return response(
            deleteBeforeReplace=plan.delete_before_replace,
            changes=response.DIFF_SOME if changes else response.DIFF_NONE,
            diffs=sorted({_top(path) for path in changes}),
            replaces=sorted({_top(path) for path, change in changes.items() if change.replace}),
            detailedDiff={path: provider_pb2.PropertyDiff(kind=_kind(change)) for path, change in changes.items()},
            hasDetailedDiff=True,
        )

    def Create(self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext) -> provider_pb2.CreateResponse:
        with _answering(context):
            identifier, state = self.create(
                Subject.of(request.urn), decode(request.properties), preview=request.preview
            )
        return provider_pb2.CreateResponse(id=identifier, properties=encode(state))

    def Read(self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext) -> provider_pb2.ReadResponse:
        with _answering(context):
            found = self.read(Subject.of(request.urn), request.id, decode(request.properties), decode(request.inputs))
        if found is None:
            return provider_pb2.ReadResponse()
        identifier, state, inputs = found
        return provider_pb2.ReadResponse(id=identifier, properties=encode(state), inputs=encode(inputs))

    def Update(self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext) -> provider_pb2.UpdateResponse:
        with _answering(context):
            state = self.update(
                Subject.of(request.urn),
                request.id,
                decode(request.olds),
                decode(request.news),
                preview=request.preview,
            )
        return provider_pb2.UpdateResponse(properties=encode(state))

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        with _answering(context):
            self.delete(Subject.of(request.urn), request.id, decode(request.properties), request.timeout)
        return empty_pb2.Empty()

    def Invoke(self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext) -> provider_pb2.InvokeResponse:
        with _answering(context):
            answer = self.invoke(request.tok, decode(request.args))
        response = provider_pb2.InvokeResponse()
        getattr(response, "return").CopyFrom(encode(answer))  # the protocol uses a word Python keeps for itself
        return response

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.cancel()
        return empty_pb2.Empty()


def _top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


def _kind(change: Change) -> "provider_pb2.PropertyDiff.Kind.ValueType":
    name = f"{change.kind}{'_replace' if change.replace else ''}".upper()
    return provider_pb2.PropertyDiff.Kind.Value(name)


@dataclass(frozen=True)
class _Status(grpc.Status):
    code: grpc.StatusCode
    details: str
    trailing_metadata: tuple[tuple[str, bytes], ...]


@contextmanager
def _answering(context: grpc.ServicerContext) -> Iterator[None]:
    """Tell the engine about a refusal in words, and about a half-made resource so that it is not lost."""
    try:
        yield
    except InitializationFailedError as error:
        detail = any_pb2.Any()
        detail.Pack(
            provider_pb2.ErrorResourceInitFailed(
                id=error.identifier, properties=encode(error.state), reasons=[str(error)]
            )
        )
        code = grpc.StatusCode.UNKNOWN
        status = status_pb2.Status(code=code.value[0], message=str(error), details=[detail])
        metadata = (("grpc-status-details-bin", status.SerializeToString()),)
        context.abort_with_status(_Status(code, str(error), metadata))
    except PluginError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))
