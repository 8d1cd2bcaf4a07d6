"""What a student is told of memory, room and the deaths of kernels: read from files as the kernel writes them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from coursehub.lab import disk
from coursehub.lab.deaths import JUST_NOW, KERNEL_ACTIONS, Deaths, Watch
from coursehub.lab.memory import Group, GroupV1, Kills, Usage, own_group

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1 << 20
UNIT = "jupyterhub-users.slice/jupyterhub-user@jh-ada.service"


def written(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def version_2(folder: Path, **files: str) -> Group:
    texts = {
        "memory.current": f"{400 * MIB}\n",
        "memory.max": f"{1024 * MIB}\n",
        "memory.peak": f"{700 * MIB}\n",
        "memory.stat": f"anon {200 * MIB}\nfile {150 * MIB}\ninactive_file {88 * MIB}\nactive_file {62 * MIB}\n",
        "memory.events": "low 0\nhigh 0\nmax 12\noom 2\noom_kill 1\noom_group_kill 0\n",
    }
    return Group(written(folder, {**texts, **{name.replace("_", "."): text for name, text in files.items()}}))


def version_1(folder: Path) -> GroupV1:
    texts = {
        "memory.usage_in_bytes": f"{400 * MIB}\n",
        "memory.limit_in_bytes": f"{1024 * MIB}\n",
        "memory.max_usage_in_bytes": f"{700 * MIB}\n",
        "memory.failcnt": "7\n",
        "memory.stat": f"inactive_file 4096\ntotal_inactive_file {88 * MIB}\n",
        "memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
    }
    return GroupV1(written(folder, texts))


@pytest.mark.parametrize("version", [version_2, version_1])
def test_memory_in_use_is_without_file_cache_that_can_be_dropped(
    version: Callable[[Path], Group], tmp_path: Path
) -> None:
    group = version(tmp_path)

    assert group.usage() == Usage(312 * MIB, 1024 * MIB), "the cache would go before anybody is killed"
    assert group.peak() == 700 * MIB


def test_kills_are_counted_apart_from_the_groups_own_limit(tmp_path: Path) -> None:
    assert version_2(tmp_path / "2").kills() == Kills(killed=1, limited=2)
    assert version_1(tmp_path / "1").kills() == Kills(killed=1, limited=7)


def test_a_group_may_have_no_limit(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    first = version_1(tmp_path / "1")
    (tmp_path / "1/memory.limit_in_bytes").write_text("9223372036854771712\n")

    assert first.limit() is None
    assert version_2(tmp_path / "2", memory_max="max\n").limit() is None


def test_an_older_kernel_does_not_say_what_the_most_was(tmp_path: Path) -> None:
    group = version_2(tmp_path)
    (tmp_path / "memory.peak").unlink()

    assert group.peak() == 0


@pytest.mark.parametrize(
    ("text", "where", "kind", "files"),
    [
        (f"0::/{UNIT}\n", UNIT, Group, version_2),
        (f"12:cpu,cpuacct:/\n9:memory:/{UNIT}\n0::/{UNIT}\n", f"memory/{UNIT}", GroupV1, version_1),
    ],
    ids=["version 2", "both, and memory is version 1's"],
)
def test_the_servers_own_group_is_found(
    text: str, where: str, kind: type[Group], files: Callable[[Path], Group], tmp_path: Path
) -> None:
    (tmp_path / "own").write_text(text)
    files(tmp_path / "mounted" / where)

    group = own_group(tmp_path / "own", tmp_path / "mounted")

    assert type(group) is kind
    assert group.usage().limit == 1024 * MIB


@pytest.mark.parametrize("text", ["", "0::/\n", "4:memory:/nowhere\n"])
def test_without_a_group_to_read_there_is_none(text: str, tmp_path: Path) -> None:
    (tmp_path / "own").write_text(text)

    assert own_group(tmp_path / "own", tmp_path) is None
    assert own_group(tmp_path / "missing", tmp_path) is None


class CountingGroup(Group):
    """A group whose counters a test moves."""

    def __init__(self) -> None:
        self.counted = Kills(3, 5)  # of earlier days

    def kills(self) -> Kills:
        return self.counted

    def peak(self) -> int:
        return 1025 * MIB

    def limit(self) -> int | None:
        return 1024 * MIB


@dataclass
class Process:
    returncode: int | None = -9


@dataclass
class Provisioner:
    process: Process | None = field(default_factory=Process)


@dataclass
class Kernel:
    provisioner: Provisioner = field(default_factory=Provisioner)


class Kernels:
    """Jupyter's kernel manager, as far as it is asked."""

    def __init__(self) -> None:
        self.callbacks: dict[tuple[str, str], Callable[[], object]] = {}
        self.kernel = Kernel()

    def add_restart_callback(self, kernel: str, callback: Callable[[], object], event: str) -> None:
        self.callbacks[kernel, event] = callback

    def get_kernel(self, _kernel: str) -> Kernel:
        return self.kernel


class Scene:
    """A student's kernels, a clock, and who is killed."""

    def __init__(self) -> None:
        self.group = CountingGroup()
        self.time = 1000.0
        self.kernels = Kernels()
        self.watch = Watch(self.group, now=lambda: self.time)
        self.deaths = Deaths(self.kernels, self.watch)

    def kill(self, killed: int = 1, limited: int = 1) -> None:
        before = self.group.counted
        self.group.counted = Kills(before.killed + killed, before.limited + limited)


def test_a_kernel_killed_at_the_students_own_limit_died_of_memory() -> None:
    scene = Scene()
    scene.kill()

    death = scene.deaths.note("lab1")

    assert (death.cause, death.used, death.limit) == ("memory", 1024 * MIB, 1024 * MIB), "no more than all is in use"
    assert scene.deaths.told()[0]["kernel"] == "lab1"


def test_a_kernel_killed_below_the_students_limit_died_of_the_whole_classes_memory() -> None:
    scene = Scene()
    scene.kill(limited=0)

    death = scene.deaths.note("lab1")

    assert (death.cause, death.limit) == ("class", None), "the student has used less than is theirs"


def test_a_kernel_that_ends_itself_did_not_die_of_memory() -> None:
    assert Scene().deaths.note("lab1").cause == "other", "whoever was killed before this server started"


def test_a_crash_is_no_killing() -> None:
    scene = Scene()
    scene.kernels.kernel.provisioner.process = Process(-11)
    scene.kill()

    assert scene.deaths.note("lab1").cause == "other", "a segmentation fault while a terminal's program was killed"


def test_each_killing_explains_one_death() -> None:
    scene = Scene()
    scene.kill(killed=2)

    deaths = [scene.deaths.note(kernel) for kernel in ("lab1", "lab2", "lab3")]

    assert [death.cause for death in deaths] == ["memory", "memory", "other"]
    assert deaths[0].id < deaths[1].id < deaths[2].id, "a page says by it up to where it has told"


def test_a_killing_of_long_ago_explains_nothing() -> None:
    scene = Scene()
    scene.kill()
    scene.watch.look()
    scene.time += JUST_NOW + 1

    assert scene.deaths.note("lab1").cause == "other", "a program in a terminal was killed, a kernel died much later"


def test_where_jupyter_knows_no_exit_status_the_counters_decide() -> None:
    scene = Scene()
    scene.kernels.kernel.provisioner.process = None
    scene.kill()

    assert scene.deaths.note("lab1").cause == "memory"


def test_without_a_group_every_death_is_of_something_else() -> None:
    assert Deaths(Kernels(), Watch(None)).note("lab1").cause == "other"


async def started(deaths: Deaths, **data: Any) -> None:
    await deaths._acted(None, KERNEL_ACTIONS, data)


def test_every_kernel_that_starts_is_attended_to() -> None:
    import asyncio

    scene = Scene()
    asyncio.run(started(scene.deaths, action="start", status="success", kernel_id="lab1"))
    asyncio.run(started(scene.deaths, action="interrupt", status="success", kernel_id="lab2"))
    asyncio.run(started(scene.deaths, action="start", status="error", kernel_name="python3"))

    assert set(scene.kernels.callbacks) == {("lab1", "restart"), ("lab1", "dead")}
    scene.kernels.callbacks["lab1", "restart"]()
    assert [death["kernel"] for death in scene.deaths.told()] == ["lab1"]


def test_the_largest_files_come_first_hidden_ones_too(tmp_path: Path) -> None:
    (tmp_path / ".cache").mkdir()
    for name, mebibytes in (("small.csv", 1), (".cache/model", 3), ("größe.bin", 2)):
        (tmp_path / name).write_bytes(b"x" * mebibytes * MIB)
    (tmp_path / "tiny.txt").write_text("not worth a word")

    found = disk.largest(tmp_path, count=2)

    assert [path for path, _ in found.files] == [".cache/model", "größe.bin"]
    assert found.complete
    assert found.files[0][1] >= 3 * MIB, "what it takes on the disk"


def test_links_lead_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "other.bin").write_bytes(b"x" * MIB)
    home = tmp_path / "home"
    home.mkdir()
    (home / "folder").symlink_to(outside)
    (home / "file.bin").symlink_to(outside / "other.bin")
    (home / "loop").symlink_to(home)

    assert disk.largest(home).files == []


def test_a_search_ends_in_time(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}").mkdir()

    assert not disk.largest(tmp_path, seconds=-1).complete, "what it has seen by then is told, and that it is not all"


def test_a_name_that_is_not_utf8_can_be_told(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/\xff.bin", "wb") as stream:  # noqa: PTH123  # no Path: bytes
        stream.write(b"x" * MIB)

    assert [path for path, _ in disk.largest(tmp_path).files] == ["\N{REPLACEMENT CHARACTER}.bin"]


def test_a_file_system_without_room_for_another_file_is_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    values = os.statvfs(tmp_path)
    full = os.statvfs_result((*values[:5], 1000, 0, 0, *values[8:10]))
    monkeypatch.setattr(os, "statvfs", lambda _path: full)

    assert disk.room(tmp_path).free == 0


def test_the_room_is_what_the_student_may_still_write(tmp_path: Path) -> None:
    room = disk.room(tmp_path)
    values = os.statvfs(tmp_path)

    assert room.total == values.f_blocks * values.f_frsize
    assert 0 <= room.free <= room.total
