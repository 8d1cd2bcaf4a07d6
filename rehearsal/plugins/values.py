"""Resource properties as Python values, and as the engine sends them (a protobuf Struct with a few marked shapes)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf import struct_pb2

# The wire protocol's constants (sdk/go/common/resource/sig and plugin/rpc.go of Pulumi).
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's marker, not a secret
_UNKNOWN_TEXT: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS: Final = frozenset(
    {  # one marker for each type the value may turn out to have
        _UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)


class Unknown:
    """A value that only the deployment itself will bring; there is one, `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A value the engine encrypts in its state and never shows."""

    value: Any


def decode(struct: struct_pb2.Struct | None) -> dict[str, Any]:
    """Give the properties of `struct`: whole numbers as int, unknown values as `UNKNOWN`, secrets as `Secret`."""
    return {} if struct is None else {key: _decode(value) for key, value in struct.fields.items()}


def _decode(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "bool_value":
            return value.bool_value
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            text = value.string_value
            return UNKNOWN if text in _UNKNOWNS else text
        case "list_value":
            return [_decode(item) for item in value.list_value.values]
        case "struct_value":
            fields = decode(value.struct_value)
            return Secret(fields["value"]) if fields.get(SIGNATURE) == SECRET_SIGNATURE else fields
    return None


def encode(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """Give `properties` as the engine reads them; the reverse of `decode`."""
    return struct_pb2.Struct(fields={key: _encode(value) for key, value in properties.items()})


def _encode(value: Any) -> struct_pb2.Value:  # noqa: PLR0911 - one for each kind of value
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case Unknown():
            return struct_pb2.Value(string_value=_UNKNOWN_TEXT)
        case Secret(inner):
            return _encode({SIGNATURE: SECRET_SIGNATURE, "value": inner})
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case Mapping():
            return struct_pb2.Value(struct_value=encode(value))
    return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[_encode(item) for item in value]))


def reveal(value: Any) -> Any:
    """Give `value` without its secret marks, at any depth: what a program needs, never what is shown or stored."""
    match value:
        case Secret(inner):
            return reveal(inner)
        case dict():
            return {key: reveal(item) for key, item in value.items()}
        case list():
            return [reveal(item) for item in value]
    return value


def has_unknown(value: Any) -> bool:
    """Tell whether `value` is, or holds, something not known yet."""
    match value:
        case Unknown():
            return True
        case Secret(inner):
            return has_unknown(inner)
        case dict():
            return any(has_unknown(item) for item in value.values())
        case list():
            return any(has_unknown(item) for item in value)
    return False
