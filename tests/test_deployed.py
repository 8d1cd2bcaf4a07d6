"""What the stack knows of the droplet, read from the engine's export."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pulumi
import pytest

import deployed
from manifest import File, Manifest, file_text

if TYPE_CHECKING:
    from collections.abc import Iterator

MANIFEST = Manifest(step="roster", files=[File(path="/etc/a", text="one\n\n| two\n")], script="true\n").text()
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:abc"}


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in (("organization", "college"), ("project", "class"), ("stack", "dev")):
        monkeypatch.setattr(pulumi, f"get_{name}", lambda value=value: value)
    deployed._manifests.cache_clear()
    yield
    deployed._manifests.cache_clear()


def exported(monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception) -> list[tuple[str, ...]]:
    calls: list[tuple[str, ...]] = []

    def run(command: tuple[str, ...], **_: Any) -> subprocess.CompletedProcess[bytes]:
        calls.append(command)
        if isinstance(answer, Exception):
            raise answer
        return subprocess.CompletedProcess(command, 0, stdout=answer)

    monkeypatch.setattr(subprocess, "run", run)
    return calls


def stack(**stdins: Any) -> bytes:
    resources = [{"urn": f"urn:x::{name}", "inputs": {"stdin": stdin}} for name, stdin in stdins.items()]
    return json.dumps({"deployment": {"resources": [{"urn": "urn:x::stack"}, *resources]}}).encode()


def test_a_file_is_read_back_from_the_manifest_that_brought_it(monkeypatch: pytest.MonkeyPatch) -> None:
    exported(monkeypatch, stack(roster=MANIFEST))

    assert deployed.last_file("roster", "/etc/a") == "one\n\n| two\n", "to the letter"
    assert deployed.last_file("roster", "/etc/b") is None, "no other file"
    assert deployed.last_file("anaconda", "/etc/a") is None, "of no other step"


def test_the_engine_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = exported(monkeypatch, stack(roster=MANIFEST))

    deployed.last_file("roster", "/etc/a")
    deployed.last_file("roster", "/etc/b")

    assert len(calls) == 1, "a preview does not wait twice"
    assert "college/class/dev" in calls[0], "and for this stack, whatever stack or organization is selected"


def test_a_secret_manifest_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    exported(monkeypatch, stack(roster=SECRET))

    assert deployed.last_file("roster", "/etc/a") is None, "nobody decrypts it for a sentence"


@pytest.mark.parametrize(
    "answer",
    [
        FileNotFoundError("pulumi"),
        subprocess.CalledProcessError(255, "pulumi"),
        subprocess.TimeoutExpired("pulumi", 30),
        b"error: no stack",
        b"[]",
    ],
)
def test_whatever_goes_wrong_holds_nobody_up(monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception) -> None:
    exported(monkeypatch, answer)

    assert deployed.last_file("roster", "/etc/a") is None
    assert not deployed.known(), "which is not the same as a stack without a droplet"


@pytest.mark.parametrize("answer", [b'{"deployment": null}', b'{"deployment": {}}', stack()])
def test_a_new_stack_has_nothing_yet(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    exported(monkeypatch, answer)

    assert deployed.known()
    assert deployed.last_file("roster", "/etc/a") is None


def test_a_manifest_gives_back_any_of_its_files() -> None:
    files = [File(path="/a", text="1\n"), File(path="/b", text=""), File(path="/c", text="3\n4\n")]
    text = Manifest(step="x", files=files, script="true\n").text()

    assert file_text(text, "/a") == "1\n"
    assert file_text(text, "/c") == "3\n4\n"
