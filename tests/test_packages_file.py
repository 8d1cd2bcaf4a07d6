"""A packages file is read in full before anything is touched, and everything wrong with it is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import packages
from packages import Environment, PackagesProblem

if TYPE_CHECKING:
    from pathlib import Path

SUM = "a" * 64
GOOD = """\
name: engr101
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.12        # the course's
  - numpy >=2,<3
  - conda-forge::pandas=2.3=py312_0
  - scipy 1.16.*
  - pip:
      - pint==0.25.3
"""


def read(path: Path, text: str, *listed: str, name: str = "requirements.txt") -> Environment:
    (path / name).write_text(text)
    return packages.read(path / name, listed)


def refusal(path: Path, text: str, *listed: str, name: str = "requirements.txt") -> str:
    with pytest.raises(PackagesProblem) as caught:
        read(path, text, *listed, name=name)
    return str(caught.value)


def test_a_requirements_file_is_read_as_pip_reads_it(tmp_path: Path) -> None:
    text = (
        "# the course's\n\npint == 0.25.3   # units\npyserial[cp2110]>=3.5,<4\nscikit_rf\n"
        'tomli==2.0 ; python_version < "3.11"\nlmfit \\\n  ==1.3.4\n'
    )

    assert read(tmp_path, text).pip == (
        "pint==0.25.3",
        "pyserial[cp2110]<4,>=3.5",
        "scikit_rf",
        'tomli==2.0; python_version < "3.11"',
        "lmfit==1.3.4",
    )


def test_a_locked_file_keeps_its_hashes(tmp_path: Path) -> None:
    text = (
        f"--require-hashes\npint==0.25.3 \\\n    --hash=sha256:{SUM} \\\n    --hash=sha256:{'b' * 64}\n    # via me\n"
    )

    assert read(tmp_path, text).pip == (f"pint==0.25.3 --hash=sha256:{SUM} --hash=sha256:{'b' * 64}",)


def test_a_file_includes_others_beside_it(tmp_path: Path) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "base.txt").write_text("pint==0.25.3\n")
    (tmp_path / "more.txt").write_text("rich\n")

    assert read(tmp_path, "-r lab/base.txt\n--requirement=more.txt\npyserial\n").pip == (
        "pint==0.25.3",
        "rich",
        "pyserial",
    )


def test_pips_part_of_an_environment_file_may_include_one_of_pips(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pint==0.25.3\n-e .\n")
    text = "channels: [x]\ndependencies: [python, pip: [-r requirements.txt]]\n"

    assert "requirements.txt line 2: '-e .' is a folder" in refusal(tmp_path, text, name="environment.yml")
    (tmp_path / "requirements.txt").write_text("pint==0.25.3\n")
    assert read(tmp_path, text, name="environment.yml").pip == ("pint==0.25.3",)


def test_files_that_include_each_other_are_refused(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("pint\n-r requirements.txt\n")

    assert "base.txt line 2: '-r requirements.txt' leads back" in refusal(tmp_path, "-r base.txt\n")


def test_a_file_as_powershell_writes_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes("pint==0.25.3\r\npyserial==3.5\r\n".encode("utf-16"))

    assert packages.read(tmp_path / "requirements.txt", ()).pip == ("pint==0.25.3", "pyserial==3.5")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("git+https://example.edu/pint.git", "is an address, and what lies there can change"),
        ("pint @ https://example.edu/pint.whl", "is an address, and what lies there can change"),
        ("pint @ file:///home/me/pint", "is an address, and what lies there can change"),
        ("-e .", "is a folder to be worked on, and on your own machine; name a release on PyPI"),
        ("--editable=./lab", "is a folder to be worked on"),
        ("./lab-1.0.whl", "of your own machine, which the droplet does not see"),
        ("lab-1.0.tar.gz", "of your own machine, which the droplet does not see"),
        ("C:\\lab", "of your own machine, which the droplet does not see"),
        ("-i https://packages.example.edu", "whoever answers there could put anything into every student's Python"),
        ("--extra-index-url https://x.edu", "packages come from PyPI alone, take the line out"),
        ("--find-links=wheels", "packages come from PyPI alone"),
        ("--trusted-host x.edu", "packages come from PyPI alone"),
        ("-c constraints.txt", "constraints, which is not read; give the version with the package"),
        ("--pre", "is an option of pip that is not passed on; take the line out"),
        ("pint==0.25.3 --no-binary=:all:", "has an option that is not passed on to pip"),
        ("pint==0.25.3 --hash=md5:abc", "only --hash=sha256:... is"),
        (f"pint>=0.25 --hash=sha256:{SUM}", "has a hash but no exact version"),
        ("numpy=1.26.4", "has conda's single =; pip's is numpy==1.26.4"),
        ("pint=${VERSION}", "is filled in from a variable"),
        ("pint; rm -rf /", "is not a package as pip knows them; for example pint==0.25.3"),
        ("-r https://example.edu/r.txt", "is an address; download the file"),
        ("-r nowhere.txt", "nowhere.txt cannot be read (No such file or directory)"),
    ],
)
def test_a_line_that_cannot_be_is_refused_with_its_number_and_reason(tmp_path: Path, line: str, said: str) -> None:
    message = refusal(tmp_path, f"pyserial\n{line}\n")

    assert said in message
    assert "requirements.txt line 2: " in message or "nowhere.txt" in message, "an editor can go there"


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, "-e .\npint=0.25\n\npyserial\nPySerial==3.5\n")

    assert [line.split(": ")[0].strip() for line in message.splitlines()[1:]] == [
        "requirements.txt line 1",
        "requirements.txt line 2",
        "requirements.txt line 5",
    ]
    assert "pyserial stands in requirements.txt line 4 already; keep one of them" in message


def test_a_hash_for_some_is_a_hash_for_all(tmp_path: Path) -> None:
    message = refusal(tmp_path, f"pint==0.25.3 --hash=sha256:{SUM}\n", "rich==14.0")

    assert "packages (the list in your settings): 'rich==14.0' has no hash, and others have" in message


def test_a_package_may_stand_twice_for_different_machines(tmp_path: Path) -> None:
    text = "numpy==2.1; python_version < '3.12'\nnumpy==2.3; python_version >= '3.12'\n"

    assert len(read(tmp_path, text).pip) == 2


def test_the_list_in_the_settings_is_added(tmp_path: Path) -> None:
    assert read(tmp_path, "pint\n", "rich").pip == ("pint", "rich")
    assert "rich stands in environment.yml line 4 already" in refusal(
        tmp_path, "channels: [conda-forge]\n\ndependencies:\n  - rich\n", "rich==14", name="environment.yml"
    )


def test_an_environment_file_is_read(tmp_path: Path) -> None:
    environment = read(tmp_path, GOOD, "rich", name="environment.yml")

    assert environment.channels == ("conda-forge",)
    assert environment.conda == ("python=3.12", "numpy >=2,<3", "conda-forge::pandas=2.3=py312_0", "scipy 1.16.*")
    assert environment.pip == ("pint==0.25.3", "rich"), "what stands in the settings is pip's"


def test_what_every_kernel_needs_is_there_even_where_the_file_forgets_it(tmp_path: Path) -> None:
    forgetful = read(tmp_path, "channels: [defaults]\ndependencies: [numpy]\n", name="environment.yml")
    careful = read(tmp_path, "channels: [x]\ndependencies: [python=3.13, ipykernel=7]\n", name="environment.yaml")

    assert forgetful.arguments == ("--channel=defaults", "python>=3.10", "ipykernel", "nbclient", "pip", "numpy")
    assert careful.arguments == ("--channel=x", "nbclient", "pip", "python=3.13", "ipykernel=7"), "as the file says"


@pytest.mark.parametrize(
    ("python", "good"),
    [
        ("=3.12", True),
        ("=3", True),
        (">=3.8", True),
        ("3.11.*", True),
        ("=3.9|=3.11", True),
        ("", True),
        ("=3.9", False),
        ("==3.8.10", False),
        ("<3.10", False),
        (">=3.7,<3.9", False),
        ("=2.7", False),
    ],
)
def test_a_python_too_old_for_the_kernel_is_refused(tmp_path: Path, python: str, good: bool) -> None:  # noqa: FBT001 - a table
    text = f"channels: [conda-forge]\ndependencies:\n  - python {python}\n"

    if good:
        assert read(tmp_path, text, name="environment.yml").conda
    else:
        assert "environment.yml line 3: 'python " in (message := refusal(tmp_path, text, name="environment.yml"))
        assert "is too old for today's kernel (ipykernel); take 3.10 or newer" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dependencies: [numpy]\n", "names no channel; say where conda takes the packages from, whose terms differ"),
        ("numpy\n", "has no channels and dependencies; a good one is"),
        ("channels:\n\t- x\n", "environment.yml line 2: is not YAML"),
        ("channels: [a: b: c]\n", "environment.yml line 1: is not YAML"),
        ("channels: conda-forge\n", "line 1: channels is no list; its lines begin with a hyphen, for example - conda-"),
        ("channels: [https://c.edu/t/TOKEN/x]\n", "addresses are not taken, because whoever answers there"),
        ("channels: [x]\nvariables: {A: b}\n", "line 2: variables are not set for students' kernels"),
        ("channels: [x]\nchannels: [y]\n", "line 2: channels stands there twice"),
        ("channels: [x]\n? [a, b]\n: c\n", "line 2: '' is not known here"),
        ("channels: [x]\nplatforms: [osx]\n", "line 2: 'platforms' is not known here"),
        ("channels: [x]\ndependencies: [y::numpy]\n", "is from a channel that does not stand under channels: y"),
        ("channels: [x]\ndependencies: ['numpy[version=2]']\n", "has brackets, which are not read here"),
        ("channels: [x]\ndependencies: ['https://x.edu/a.conda']\n", "is an address or a file"),
        ("channels: [x]\ndependencies: ['numpy; rm']\n", "is not a package as conda knows them; for example numpy=2.1"),
        ("channels: [x]\ndependencies: ['--file=/etc/passwd']\n", "is not a package as conda knows them"),
        ("channels: [x]\ndependencies: [numpy, NumPy=2]\n", "numpy stands in environment.yml line 2 already"),
        ("channels: [x]\ndependencies:\n- pip\n- pip:\n  - -e .\n", "environment.yml line 5: '-e .' is a folder"),
        ("channels: [x]\ndependencies:\n- npm: [left-pad]\n", "line 3: only packages, and a list of more for pip:"),
        ("channels: [x]\ndependencies:\n- pip: pint\n", "line 3: pip is no list"),
        ("channels: [x]\ndependencies: []\n", "names no package"),
    ],
)
def test_an_environment_file_that_cannot_be_is_refused_with_line_and_reason(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refusal(tmp_path, text, name="environment.yml")


@pytest.mark.parametrize("name", ["pyproject.toml", "Pipfile", "packages"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, name: str) -> None:
    assert "is neither pip's nor conda's; a good one is requirements.txt, or environment.yml" in refusal(
        tmp_path, "", name=name
    )


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"pint\n\xe9\n", b"pint\0"])
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "requirements.txt").write_bytes(content)

    with pytest.raises(PackagesProblem, match=r"requirements\.txt"):
        packages.read(tmp_path / "requirements.txt", ())


def test_an_empty_file_is_refused_with_a_good_line(tmp_path: Path) -> None:
    assert "requirements.txt names no package; a good line is pint==0.25.3" in refusal(tmp_path, "# later\n")
