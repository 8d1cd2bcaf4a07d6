"""The stand-in for Anaconda's installer takes the real one's command line."""

import hashlib
import re
import subprocess
from pathlib import Path

import pytest

from rehearsal.anaconda import conda
from rehearsal.anaconda.lock import CONDA, INSTALLER


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["bash", str(INSTALLER), *arguments], capture_output=True, text=True, check=False)


def test_it_refuses_to_install_over_something_unless_told_to(tmp_path: Path) -> None:
    refused = install("-b", "-p", str(tmp_path))
    assert refused.returncode == 1
    assert f"File or directory already exists: '{tmp_path}'" in refused.stderr
    assert "use the -u option" in refused.stderr


def test_it_installs_nothing_before_the_licence_is_accepted(tmp_path: Path) -> None:
    refused = install("-p", str(tmp_path / "anaconda3"))
    assert refused.returncode == 1
    assert "-b -p" in refused.stderr, "the refusal shows what to type"
    assert not (tmp_path / "anaconda3").exists()


def test_it_refuses_a_prefix_with_a_space(tmp_path: Path) -> None:
    assert "spaces" in install("-b", "-p", f"{tmp_path}/ana conda").stderr


def test_its_help_names_the_options_of_the_real_one() -> None:
    helped = install("-h")
    assert helped.returncode == 0
    for option in ("-b", "-f", "-h", "-p PREFIX", "-s", "-u"):
        assert f"\n{option} " in helped.stdout


def test_everything_it_downloads_is_pinned_by_a_hash() -> None:
    text = INSTALLER.read_text(encoding="utf-8")
    pins = [line for line in text.splitlines() if re.match(r"[\w.-]+==", line)]
    assert len(pins) > 20, "the packages and all they need are listed"
    assert all("--hash=sha256:" in pin for pin in pins)
    assert text.count("--require-hashes") == 2, "both pip and uv refuse what has no hash"


def test_condas_stand_in_is_the_one_that_is_checked_here() -> None:
    text = INSTALLER.read_text(encoding="utf-8")

    assert CONDA.read_text(encoding="utf-8") in text, "python -m rehearsal.anaconda.lock --only-conda puts it in"


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=2.1", "numpy==2.1.*"),
        ("numpy=2.1.*", "numpy==2.1.*"),
        ("numpy=2.1.3=py312_0", "numpy==2.1.3.*"),
        ("numpy==2.1.3=py312_0", "numpy==2.1.3"),
        ("conda-forge::numpy >=2,<3", "numpy<3,>=2"),
        ("numpy 2.1.*", "numpy==2.1.*"),
        ("python>=3.10", "python>=3.10"),
    ],
)
def test_condas_stand_in_knows_what_a_spec_asks_for(spec: str, requirement: str) -> None:
    assert str(conda.requirement(spec)) == requirement


def test_condas_stand_in_refuses_in_condas_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["create", "--yes", "--prefix", str(tmp_path / "env"), "--channel=conda-forge", "python=3.9", "numpy"]

    assert conda.main(arguments) == 1

    said = capsys.readouterr().err
    assert "PackagesNotFoundError: The following packages are not available from current channels:" in said
    assert "- python==3.9.*" in said
    assert not (tmp_path / "env").exists()


def test_the_rehearsals_settings_pin_this_very_file() -> None:
    settings = (Path(__file__).parent.parent / "Pulumi.dev.yaml").read_text(encoding="utf-8")
    assert INSTALLER.name in settings
    assert hashlib.sha256(INSTALLER.read_bytes()).hexdigest() in settings, "the installer changed; so must its sha256"
