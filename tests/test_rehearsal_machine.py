"""How a rehearsal treats the machine it runs on: its clients' settings, its programs, its other rehearsals."""

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal import clients, droplets, environment, machine, prerequisites, processes
from rehearsal.prerequisites import Unprepared


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's home with nothing in it, and an environment without settings of package managers."""
    for name in (
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "npm_config_registry",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_droplets_use_the_mirrors_this_machine_uses(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.college.example/simple")
    monkeypatch.setenv("https_proxy", "http://proxy.college.example:3128")
    (home / ".npmrc").write_text("registry=https://npm.college.example/\n")
    files = clients.files()
    assert "index-url = https://pypi.college.example/simple" in files["etc/pip.conf"]
    assert 'url = "https://pypi.college.example/simple"' in files["etc/uv/uv.toml"]
    assert "registry=https://npm.college.example/" in files["root/.npmrc"]
    assert files["etc/environment"] == "https_proxy=http://proxy.college.example:3128\n"


@pytest.mark.usefixtures("home")
def test_what_lies_on_this_machine_alone_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:3141/simple")
    monkeypatch.setenv("https_proxy", "http://localhost:3128")
    files = clients.files()
    assert "127.0.0.1" not in files["etc/pip.conf"], "a droplet's loopback is not this machine's"
    assert files["etc/environment"] == ""


def test_a_missing_program_is_asked_for_by_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    present = set(prerequisites.PROGRAMS) - {"pebble", "mkfs.xfs"}
    monkeypatch.setattr("shutil.which", lambda program, **_: program if program in present else None)
    assert prerequisites.missing() == ["pebble", "xfsprogs"]


def test_without_root_it_says_how_to_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(Unprepared, match="as root, for example sudo"):
        prerequisites.ensure(print)


def test_packages_are_named_before_they_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda program, **_: program if program == "apt-get" else None)
    monkeypatch.setattr(prerequisites, "run", lambda *words: events.append(" ".join(words)))
    prerequisites.ensure(events.append)
    assert events[0].startswith("installing with apt-get: "), "nothing is put on someone's machine unsaid"
    assert "podman" in events[0]
    assert events[-1].startswith("apt-get install")


def test_a_process_id_of_something_else_is_no_sign_of_life(tmp_path: Path) -> None:
    file = tmp_path / "daemon.pid"
    assert processes.alive(file, "rehearsal.daemon") == 0, "no file"
    file.write_text("1\n")
    assert processes.alive(file, "rehearsal.daemon") == 0, "the id was given to another program since"
    file.write_text("")
    assert processes.alive(file, "rehearsal.daemon") == 0, "a file just being written"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A machine on which another checkout's rehearsal was last; what is swept is noted."""
    other, swept = tmp_path / "other/.rehearsal", []
    (other / "run").mkdir(parents=True)
    mark = tmp_path / "mark.json"
    mark.write_text(json.dumps({"home": str(other), "forwarding": "0\n"}))

    def sweep(home: Path) -> None:
        swept.append(home)
        mark.unlink()

    monkeypatch.setattr(machine, "MARK", mark)
    monkeypatch.setattr(machine, "sweep", sweep)
    monkeypatch.setattr(droplets, "containers", list)
    return {"other": other, "swept": swept, "mark": mark, "home": tmp_path / "ours/.rehearsal"}


def test_a_rehearsal_that_is_alive_elsewhere_is_left_alone(
    stage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "alive", lambda *_: 4711)
    with pytest.raises(
        machine.Occupied, match=r"other is alive \(process 4711\); end it there: python -m rehearsal down"
    ):
        machine.claim(stage["home"], print)
    assert stage["swept"] == []


def test_what_a_dead_rehearsal_left_is_removed_and_it_is_told_so(stage: dict[str, Any]) -> None:
    machine.claim(stage["home"], print)
    assert stage["swept"] == [stage["other"]]
    assert (stage["other"] / machine.SWEPT).exists(), "its next start has to know that its machines are gone"
    assert json.loads(stage["mark"].read_text())["home"] == str(stage["home"])


def test_a_rehearsal_whose_machines_were_removed_starts_afresh(stage: dict[str, Any]) -> None:
    home = stage["home"]
    home.mkdir(parents=True)
    (home / machine.SWEPT).touch()
    (home / "cloud.json").write_text("{}")
    machine.claim(home, print)
    assert not (home / "cloud.json").exists(), "books of droplets that are no more would be lies"


def test_a_second_start_claims_nothing_anew(stage: dict[str, Any]) -> None:
    machine.claim(stage["other"], print)
    assert stage["swept"] == []
    assert json.loads(stage["mark"].read_text())["forwarding"] == "0\n", "the setting found before the first start"


def test_the_variables_survive_the_way_through_a_file(tmp_path: Path) -> None:
    values = {"PATH": "/a folder:/usr/bin", "PULUMI_CONFIG_PASSPHRASE": "it's one"}
    environment.write(tmp_path / "env", values)
    assert environment.read(tmp_path / "env") == values


def test_without_a_rehearsal_there_are_no_variables(tmp_path: Path) -> None:
    with pytest.raises(environment.NotUp, match="python -m rehearsal up"):
        environment.read(tmp_path / "env")


def test_the_ssh_agent_stays_out_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/stale")
    assert "SSH_AUTH_SOCK" not in environment.merged({}), "its keys would be offered before the course's own"
