"""The launcher decides what runs as a student; the hub, in whosever hands, does not."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from coursehub import launcher
from coursehub.launcher import Refused, check_account, environment, hub_settings, read_settings, state_elsewhere
from coursehub.names import GROUP

if TYPE_CHECKING:
    from pathlib import Path

HANDED = {"JUPYTERHUB_USER": "jh-ada", "JUPYTERHUB_API_TOKEN": "made-up", "JPY_API_TOKEN": "made-up"}


def test_a_student_is_let_through() -> None:
    check_account("jh-ada", 20000, [GROUP, "jh-ada"])


@pytest.mark.parametrize(
    ("name", "uid", "groups", "why"),
    [
        ("root", 0, [GROUP], "uid 0 is not a student's"),
        ("jupyterhub", 995, [GROUP], "uid 995"),
        ("jh-ada", 19999, [GROUP], "uid 19999"),
        ("jh-ada", 30000, [GROUP], "uid 30000"),
        ("teacher", 20001, [GROUP], "'teacher' is not a student's name, such as 'jh-ada'"),
        ("jh-ada", 20000, ["jh-ada", "sudo"], f"not in the group {GROUP}"),
    ],
)
def test_everybody_else_is_refused(name: str, uid: int, groups: list[str], why: str) -> None:
    with pytest.raises(Refused, match=why):
        check_account(name, uid, groups)


@pytest.mark.parametrize(
    "key",
    ["LD_PRELOAD", "PATH", "HOME", "PYTHONSTARTUP", "BASH_ENV", "JUPYTERHUB_SINGLEUSER_APP", "XJUPYTERHUB_", "JPY"],
)
def test_the_hub_chooses_nothing_but_its_own_settings(key: str) -> None:
    settings = hub_settings(json.dumps({**HANDED, key: "/home/jh-ada/evil"}), "jh-ada")

    assert settings == HANDED, f"{key} would let the hub choose what runs as the student"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not an object"),
        ("{}", "not for jh-ada"),
        (json.dumps({**HANDED, "JUPYTERHUB_USER": "jh-bob"}), "not for jh-ada"),
        (json.dumps({**HANDED, "JUPYTERHUB_USER": ["jh-ada"]}), "not for jh-ada"),
    ],
)
def test_settings_that_are_not_this_students_are_refused(text: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        hub_settings(text, "jh-ada")


def test_the_environment_is_the_launchers_own_whatever_the_hub_says() -> None:
    handed = {**HANDED, "JUPYTERHUB_DISABLE_USER_CONFIG": "0", "JUPYTERHUB_ROOT_DIR": "/"}

    variables = environment("jh-ada", "/home/jh-ada", handed, "/run/jh/jh-ada", "3")

    assert variables["JUPYTERHUB_DISABLE_USER_CONFIG"] == "1", "a configuration in the home could open the server"
    assert variables["JUPYTERHUB_ROOT_DIR"] == variables["HOME"] == "/home/jh-ada"
    assert variables["JUPYTER_RUNTIME_DIR"] == "/run/jh/jh-ada"
    assert all(not entry.startswith("/home") for entry in variables["PATH"].split(":")), "programs are root's"


def test_the_kernels_sockets_have_room_for_their_names() -> None:
    longest = "/run/jh/" + "jh-" + "a" * 28 + "/kernel-" + "0" * 36 + "-ipc-5"

    assert len(longest) <= 107, "a Unix socket's path ends there"


def test_the_command_is_fixed_and_isolated() -> None:
    assert launcher.COMMAND == ("/opt/jupyterhub/current/bin/python", "-I", "-m", "jupyterhub.singleuser"), (
        "-I keeps the home folder and PYTHON* variables out of the server"
    )


def test_a_file_of_the_hubs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "jh-ada"
    path.write_text("{}")

    assert read_settings(path, os.getuid()) == "{}"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "shadow").write_text("secret")
    (tmp_path / "jh-ada").symlink_to(tmp_path / "shadow")

    with pytest.raises(Refused, match="symbolic links"):
        read_settings(tmp_path / "jh-ada", os.getuid())


def test_a_file_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jh-ada"
    path.write_text("{}")

    with pytest.raises(Refused, match="not a file the hub wrote"):
        read_settings(path, os.getuid() + 1)


def test_a_pipe_does_not_hold_the_launcher_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "jh-ada")

    with pytest.raises(Refused, match="not a file the hub wrote"):
        read_settings(tmp_path / "jh-ada", os.getuid())


def test_a_home_with_room_keeps_what_jupyter_writes(tmp_path: Path) -> None:
    assert state_elsewhere(tmp_path, tmp_path / "run") == {}
    assert (tmp_path / ".local/share/jupyter").is_dir()
    assert (tmp_path / ".ipython").is_dir()


def test_what_cannot_be_made_in_a_full_home_lies_elsewhere(tmp_path: Path) -> None:
    (tmp_path / ".jupyter").mkdir()
    (tmp_path / ".local").touch()  # so that no folder can be made below it, as on a full disk

    moved = state_elsewhere(tmp_path, tmp_path / "run")

    assert moved == {"JUPYTER_DATA_DIR": f"{tmp_path}/run/.local/share/jupyter"}, "a folder that is there is read"
