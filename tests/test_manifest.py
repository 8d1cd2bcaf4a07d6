from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from coursehub import applier
from manifest import Data, File, Manifest

if TYPE_CHECKING:
    from pathlib import Path

OWNER = ""  # tests are nobody in particular; ownership is for the droplet


def manifest(script: str, **texts: str) -> str:
    files = [File(path=f"/etc/{name}", text=text, owner=OWNER) for name, text in texts.items()]
    return Manifest(step="trial", files=files, script=script, limit=5).text()


@pytest.fixture
def machine(tmp_path: Path) -> applier.Machine:
    return applier.Machine(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "plain\n",
        "",
        "\n",
        "no newline at the end",
        "a\n\n\nb\n",
        "| looks like\nrun\nfile /x y 0644\n",
        "form\x0cfeed\u2028\n",
        "a,b\r\n1,2\r\n",
    ],
)
def test_any_text_arrives_as_it_was_with_a_newline_at_its_end(text: str) -> None:
    written = Manifest(step="trial", files=[File(path="/etc/x", text=text)], script="true\n").text()

    (file,) = applier.parse(written).files

    assert file.content.decode() == text.removesuffix("\n") + "\n", "a file arrives to the letter, ended by one newline"


@pytest.mark.parametrize("content", [b"", b"\0", b"\x89PNG\r\n\x1a\n", bytes(range(256)) * 9, b"\n\n", b"no newline"])
def test_what_is_no_text_arrives_byte_for_byte(machine: applier.Machine, tmp_path: Path, content: bytes) -> None:
    files: list[File | Data] = [
        Data(path="/etc/picture one.png", content=content, owner=OWNER),
        File(path="/etc/x", text="x", owner=OWNER),
    ]
    text = Manifest(step="trial", files=files, script=f"echo ran >> {tmp_path}/ran\n").text()

    machine.apply(text)
    machine.apply(text)

    assert (tmp_path / "etc/picture one.png").read_bytes() == content
    assert (tmp_path / "etc/x").read_text() == "x\n", "and the text beside it as ever"
    assert (tmp_path / "ran").read_text() == "ran\n", "the same again is recognized"
    assert all(len(line) < 80 for line in files[0].lines()), "a preview has no endless lines"


@pytest.mark.parametrize("damage", ["| iVBO*w0K", "| iVBOw0K", "| iVBOw0K=A", "iVBOw0K="])
def test_damaged_data_changes_nothing(machine: applier.Machine, tmp_path: Path, damage: str) -> None:
    text = f"step trial\nfile /etc/a {OWNER} 0644\n| 1\ndata /etc/b {OWNER} 0644\n{damage}\nrun\n| true\nend\n"

    with pytest.raises(ValueError, match=r"the content of /etc/b is not base64|is not part of a manifest"):
        machine.apply(text)

    assert not (tmp_path / "etc").exists(), "half a picture is not written, nor anything beside it"


def test_a_line_that_belongs_to_nothing_is_refused_by_number() -> None:
    with pytest.raises(ValueError, match="line 2: 'bogus' is not part"):
        applier.parse("step x\nbogus\nend\n")


@pytest.mark.parametrize("path", ["etc/x", "/etc/../shadow", "/etc//x"])
def test_a_path_that_is_not_plain_and_absolute_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is not a plain absolute path"):
        applier.parse(f"step x\nfile {path} root:root 0644\nrun\nend\n")


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.99])
def test_a_manifest_cut_short_changes_nothing(machine: applier.Machine, tmp_path: Path, share: float) -> None:
    machine.apply(manifest("true\n", a="1", b="1"))
    text = manifest(f"touch {tmp_path}/ran\n", a="2", b="2")

    with pytest.raises(ValueError, match="did not arrive whole"):
        machine.apply(text[: int(len(text) * share)])

    assert (tmp_path / "etc/a").read_text() == "1\n", "a connection that broke must not undo what is there"
    assert not (tmp_path / "ran").exists(), "nor run half a script"


def test_the_same_manifest_again_runs_nothing(machine: applier.Machine, tmp_path: Path) -> None:
    text = manifest(f"echo ran >> {tmp_path}/ran\n", a="1")

    assert machine.apply(text) == 0
    assert machine.apply(text) == 0

    assert (tmp_path / "ran").read_text() == "ran\n", "nothing had changed, so nothing had to run"


def test_a_failed_step_runs_again(machine: applier.Machine, tmp_path: Path) -> None:
    text = manifest(f"echo ran >> {tmp_path}/ran; test -e {tmp_path}/mended\n", a="1")

    assert machine.apply(text) == 1, "a failing script fails the step"
    (tmp_path / "mended").touch()
    assert machine.apply(text) == 0

    assert (tmp_path / "ran").read_text() == "ran\nran\n", "its files were there already, but nothing had come of them"


def test_a_file_changed_by_hand_is_put_back_and_the_script_runs(machine: applier.Machine, tmp_path: Path) -> None:
    text = manifest(f"echo ran >> {tmp_path}/ran\n", a="1")
    machine.apply(text)
    (tmp_path / "etc/a").write_text("by hand\n")

    machine.apply(text)

    assert (tmp_path / "etc/a").read_text() == "1\n", "the manifest says what the file is"
    assert (tmp_path / "ran").read_text() == "ran\nran\n", "a service has to read it again"


def test_a_step_cut_off_while_it_wrote_files_is_taken_up_again(
    machine: applier.Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = manifest(f"echo ran >> {tmp_path}/ran\n", a="1")
    machine.apply(text)
    (tmp_path / "etc/a").write_text("by hand\n")

    def power_cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as context:
        context.setattr(machine, "run", power_cut)
        with pytest.raises(KeyboardInterrupt):
            machine.apply(text)
    machine.apply(text)

    assert (tmp_path / "ran").read_text() == "ran\nran\n", "the file is right again, but no script has seen it"


def test_a_file_a_cut_off_step_brought_is_removed_when_the_next_has_no_use_for_it(
    machine: applier.Machine, tmp_path: Path
) -> None:
    assert machine.apply(manifest("false\n", a="1", b="1")) == 1

    machine.apply(manifest("true\n", b="1"))

    assert [path.name for path in (tmp_path / "etc").iterdir()] == ["b"], "nothing stays that nobody knows of"


def test_a_file_no_longer_wanted_is_removed_and_others_files_are_not(machine: applier.Machine, tmp_path: Path) -> None:
    machine.apply(manifest("true\n", a="1", b="1"))
    (tmp_path / "etc/own").write_text("somebody's\n")

    machine.apply(manifest("true\n", b="1"))

    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == ["b", "own"], "only what the step brought goes"


def test_a_step_that_hangs_is_stopped_with_all_it_started(
    machine: applier.Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Manifest(step="trial", script=f"sleep 987 & echo $! > {tmp_path}/pid; wait\n", limit=1).text()

    assert machine.apply(text) == 1

    assert "took longer than 1 s" in capsys.readouterr().out, "the teacher is told why"
    pid = (tmp_path / "pid").read_text().strip()
    alive = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout
    assert alive.strip() in ("", "Z"), "nothing goes on in the background"


def test_progress_is_short_and_the_log_keeps_the_rest(
    machine: applier.Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "x" * 70_000  # past the 64 KiB a line of remote.Command may have

    machine.apply(manifest(f'say "half way"; say {long[:5000]}; echo {long}\n'))

    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "half way", "what a script says is shown"
    assert max(map(len, shown)) <= applier.LONGEST_LINE, "no line can block the connection"
    assert long in (tmp_path / "var/log/course/trial.log").read_text(), "the whole output is in the log"


def test_a_failure_shows_the_end_of_the_log(machine: applier.Machine, capsys: pytest.CaptureFixture[str]) -> None:
    machine.apply(manifest("echo the reason >&2; exit 7\n"))

    shown = capsys.readouterr().out
    assert "the reason" in shown, "the teacher sees why without signing in"
    assert "exit code 7" in shown, "and how it ended"


def test_a_secret_file_is_never_readable_by_others_even_while_written(machine: applier.Machine, tmp_path: Path) -> None:
    text = Manifest(
        step="trial", files=[File(path="/etc/secret", text="s\n", mode="0600", owner=OWNER)], script="true\n"
    ).text()

    machine.apply(text)

    assert (tmp_path / "etc/secret").stat().st_mode & 0o777 == 0o600, "its mode is the manifest's"
    assert list((tmp_path / "etc").iterdir()) == [tmp_path / "etc/secret"], "no temporary copy stays"


def test_an_installation_that_was_cut_short_is_mended_once(machine: applier.Machine, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, does in {
        "apt-get": f'echo "apt-get $1" >> {tmp_path}/calls; [ "$1" = update ] || [ -e {tmp_path}/mended ]',
        "dpkg": f'echo "dpkg $*" >> {tmp_path}/calls; touch {tmp_path}/mended',
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)

    ended = machine.apply(manifest(f"PATH={programs}:$PATH\npackages nginx\npackages certbot\n"))

    assert ended == 0, "nobody has to sign in and mend it by hand"
    calls = (tmp_path / "calls").read_text().splitlines()
    assert calls == ["apt-get install", "dpkg --configure -a", "apt-get update", "apt-get install", "apt-get install"]
