from google.protobuf import struct_pb2

from rehearsal.plugins.differences import differences
from rehearsal.plugins.values import UNKNOWN, Secret, decode, encode, has_unknown, reveal


def test_what_is_encoded_comes_back_as_it_was() -> None:
    properties = {
        "text": "a",
        "number": 3,
        "price": 0.5,
        "flag": True,
        "nothing": None,
        "unknown": UNKNOWN,
        "secret": Secret({"key": ["PRIVATE", UNKNOWN]}),
        "list": [1, [2], {"a": "b"}],
    }
    assert decode(encode(properties)) == properties


def test_a_whole_number_is_an_int_though_the_wire_knows_only_floats() -> None:
    struct = struct_pb2.Struct()
    struct.update({"port": 22.0})
    port = decode(struct)["port"]
    assert (port, type(port)) == (22, int), "an API that is asked for size 22.0 refuses"


def test_every_kind_of_unknown_is_recognized() -> None:
    number = "3eeb2bf0-c639-47a8-9e75-3b44932eb421"
    struct = struct_pb2.Struct()
    struct.update({"port": number})
    assert decode(struct)["port"] is UNKNOWN, "the engine marks an unknown number in its own way"


def test_secrets_are_revealed_at_any_depth_and_do_not_hide_an_unknown() -> None:
    assert reveal({"a": [Secret({"b": Secret("c")})]}) == {"a": [{"b": "c"}]}
    assert has_unknown(Secret({"host": [UNKNOWN]})), "a connection whose host is unknown is unknown"


def test_differences_are_named_by_their_path() -> None:
    old = {"same": 1, "gone": 2, "list": [1, 2], "deep": {"a.b": 1}, "flag": 1}
    new = {"same": 1, "come": 3, "list": [1, 3, 4], "deep": {"a.b": 2}, "flag": True}
    assert differences(old, new) == {
        "come": "add",
        'deep["a.b"]': "update",
        "flag": "update",
        "gone": "delete",
        "list[1]": "update",
        "list[2]": "add",
    }
