"""The stand-in for the command plugin: when what runs, and what is kept, shown and refused."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from plugin_under_test import Aborted, Engine, changes

from rehearsal.plugins.command.provider import LOCAL, REMOTE, CommandProvider
from rehearsal.plugins.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from pathlib import Path

HOST = {"connection": {"host": "192.0.2.10", "privateKey": "PRIVATE"}}


@pytest.fixture
def local() -> Engine:
    return Engine(CommandProvider(), LOCAL)


@pytest.fixture
def remote() -> Engine:
    return Engine(CommandProvider(), REMOTE)


def test_create_runs_and_keeps_both_streams_without_the_last_newline(local: Engine) -> None:
    identifier, state = local.create({"create": "echo one; echo; echo two >&2", "stdin": "unread"})
    assert identifier.startswith("it"), "the id is the resource's name and eight random digits"
    assert (state["stdout"], state["stderr"]) == ("one\n", "two"), "one newline goes, others stay"
    assert state["create"], "the inputs are part of the state"


def test_without_a_command_nothing_runs(local: Engine) -> None:
    assert local.create({"delete": "exit 1"})[1]["stdout"] == ""
    state = {"stdout": "kept", "stderr": ""}
    assert local.update("1", state, {"triggers": [1]})["stdout"] == "kept", "nothing ran, so nothing new was said"
    local.delete("1", {})


def test_an_update_runs_update_or_else_create_again(local: Engine) -> None:
    inputs = {"create": "echo create", "update": "echo update"}
    assert local.update("1", {}, inputs)["stdout"] == "update"
    assert local.update("1", {}, {"create": "echo create"})["stdout"] == "create"


def test_a_delete_runs_what_the_state_says_with_what_was_said_before(local: Engine, tmp_path: Path) -> None:
    note = tmp_path / "note"
    script = f'echo "$PULUMI_COMMAND_STDOUT" > {note}'
    local.delete("1", {"delete": script, "stdout": "from create", "stderr": ""})
    assert note.read_text() == "from create\n"
    local.delete("1", {"delete": script, "stdout": "from create", "addPreviousOutputInEnv": False})
    assert note.read_text() == "\n", "unless the program says no"


def test_stdin_environment_folder_and_interpreter_reach_the_command(local: Engine, tmp_path: Path) -> None:
    inputs = {
        "create": "import os, sys; print(os.getcwd(), os.environ['WHO'], sys.stdin.read())",
        "interpreter": ["python3", "-c"],
        "dir": str(tmp_path),
        "environment": {"WHO": "Ada"},
        "stdin": "a manifest",
    }
    assert local.create(inputs)[1]["stdout"] == f"{tmp_path} Ada a manifest"


def test_a_failure_tells_the_command_and_all_it_said(local: Engine) -> None:
    with pytest.raises(Aborted) as refusal:
        local.create({"create": 'echo out; echo "err" >&2; exit 3'})
    assert str(refusal.value).startswith('exit status 3: running "echo out; echo \\"err\\" >&2; exit 3":\n')
    assert "out\n" in str(refusal.value), "a teacher has only this to go by"
    assert "err\n" in str(refusal.value)


def test_lines_are_shown_as_they_come_unless_logging_says_no(local: Engine) -> None:
    talk = "echo out; sleep 0.2; echo err >&2; sleep 0.2; printf last"
    local.create({"create": talk})
    assert local.log.lines == ["out", "err", "last"]
    local.log.lines.clear()
    local.create({"create": talk, "logging": "stderr"})
    assert local.log.lines == ["err"]
    local.log.lines.clear()
    assert local.create({"create": talk, "logging": "none"})[1]["stdout"] == "out\nlast", "still kept"
    assert local.log.lines == [], "a secret in the output is not shown"


def test_a_large_stdin_that_is_not_read_is_no_failure(local: Engine) -> None:
    assert local.create({"create": "echo done", "stdin": "x" * 5_000_000})[1]["stdout"] == "done"


def test_cancelling_kills_a_command_and_what_it_started(local: Engine, tmp_path: Path) -> None:
    threading.Timer(0.3, local.plugin.cancel).start()
    started = time.monotonic()
    with pytest.raises(Aborted, match="signal: Killed"):
        local.create({"create": f"(sleep 30; touch {tmp_path}/late) & sleep 30"})
    assert time.monotonic() - started < 5, "Ctrl-C is heard, and nothing stays behind to hold the streams open"


def test_in_a_preview_nothing_runs_and_what_will_be_said_is_unknown(local: Engine, tmp_path: Path) -> None:
    inputs = {"create": f"touch {tmp_path}/ran"}
    assert local.create(inputs, preview=True)[1]["stdout"] is UNKNOWN
    state = {**inputs, "stdout": "said", "stderr": ""}
    assert local.update("1", state, {**inputs, "create": "other"}, preview=True)["stdout"] is UNKNOWN
    assert local.update("1", state, {**inputs, "stdin": UNKNOWN}, preview=True)["stdout"] is UNKNOWN
    assert local.update("1", state, {**inputs, "delete": "new"}, preview=True)["stdout"] == "said", (
        "the official plugin does not count an input that the state has not"
    )
    assert not list(tmp_path.iterdir())


def test_any_changed_input_is_an_update_with_its_own_line(local: Engine) -> None:
    old = {"create": "a", "stdin": "x", "triggers": ["1"]}
    answer = local.diff(old, old, {"create": "b", "stdin": "x", "triggers": ["2"], "delete": "d"})
    assert changes(answer) == {"create": "update", "triggers[0]": "update", "delete": "add"}
    assert list(answer.diffs) == ["create", "delete", "triggers"]
    assert not answer.replaces, "the SDK's replace_on_changes replaces for a trigger, not the plugin"
    assert changes(local.diff(old, old, {"create": "a", "stdin": "x"})) == {"triggers": "delete_replace"}


def test_nothing_changed_is_no_difference_though_secrets_moved(local: Engine) -> None:
    old, new = {"stdin": "x", "__internal": 1}, {"stdin": Secret("x")}
    answer = local.diff(old, old, new)
    assert answer.changes == answer.DIFF_NONE
    assert not changes(local.diff({"stdin": "x"}, {}, {"stdin": "y"}, ignored=("stdin",)))


def test_a_command_never_drifts(local: Engine) -> None:
    state, inputs = {"stdout": "said"}, {"create": "a"}
    assert local.read("id", state, inputs) == ("id", state, inputs)


def test_a_connection_is_completed_and_always_secret(remote: Engine) -> None:
    checked = remote.check({"create": "true", **HOST})["connection"]
    assert checked == Secret(
        {
            "host": "192.0.2.10",
            "privateKey": "PRIVATE",
            "port": 22,
            "user": "root",
            "dialErrorLimit": 10,
            "perDialTimeout": 15,
        }
    )
    assert remote.create({"create": "true", "connection": checked}, preview=True)[1]["connection"] == checked


def test_an_unknown_connection_is_left_unknown(remote: Engine) -> None:
    assert remote.check({"connection": Secret(UNKNOWN)})["connection"] == Secret(UNKNOWN)


@pytest.mark.parametrize(
    ("inputs", "place", "word"),
    [
        ({"connection": {"host": "h"}, "comand": "x"}, "comand", "Unrecognized field 'comand'"),
        ({"create": "x"}, "connection", "Missing required field 'connection'"),
        ({"connection": {"user": "root"}}, "connection.host", "Missing required field 'host'"),
        ({"connection": {"host": "h", "prvateKey": "PRIVATE"}}, "connection.prvateKey", "Unrecognized field"),
        ({"connection": {"host": "h", "proxy": {"host": "p"}}}, "connection.proxy", "not part of the stand-in"),
        ({"connection": {"host": "h"}, "logging": "loud"}, "logging", "stdoutAndStderr"),
    ],
)
def test_wrong_inputs_are_refused_by_name_and_without_a_secret(
    remote: Engine, inputs: dict[str, Any], place: str, word: str
) -> None:
    reasons = remote.checked(inputs)[1]
    assert word in reasons[place]
    assert "PRIVATE" not in str(reasons), "the official plugin's message once showed the key (pulumi-command#773)"


def test_what_is_not_there_is_refused_by_name() -> None:
    engine = Engine(CommandProvider(), "command:remote:CopyToRemote")
    with pytest.raises(Aborted, match="CopyToRemote is not part of the stand-in"):
        engine.check({})
