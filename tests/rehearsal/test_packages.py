"""Packages in the term, from a list and from files: added, upgraded, refused, taken back; a class notices nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import nbformat
import pytest
from intruder import seated
from term import seconds_of

from rehearsal import places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from intruder import Cells, Seat
    from term import Term

pytestmark = pytest.mark.rehearsal

STUDENT = "barbara@college.example"
FOLDER = places.REPOSITORY / "course" / "week8"
CURRENT = "readlink /opt/course/envs/current"
FOUND = "import importlib.util; print(importlib.util.find_spec('iniconfig'))"
WRITABLE = "find -L /opt/course/envs/current -xdev -perm /022 ! -type l | head -n 3"
ENVIRONMENT = """\
name: course
channels: [conda-forge]
dependencies:
  - python={python}
  - iniconfig=2.1
  - pip:
      - pint==0.25.3
      - pyserial==3.5
"""
VERSION = "from importlib.metadata import version; print(version('iniconfig'))"


@pytest.fixture(scope="module")
def seat() -> Iterator[Seat]:
    """A student who stays through all of it."""
    with seated(STUDENT) as seat:
        yield seat


@pytest.fixture
def week() -> Iterator[Path]:
    FOLDER.mkdir()
    yield FOLDER
    shutil.rmtree(FOLDER)


def ask_for(term: Term, *packages: str) -> None:
    for number, package in enumerate(("pint==0.25.3", "pyserial==3.5", *packages)):
        term.set(f"packages[{number}]", package, "--path")


def refused(term: Term) -> str:
    """An `up` that must fail and leave the class with what it had; what it said."""
    before = term.droplet().says(CURRENT)
    done = term.pulumi("up", "--yes", "--skip-preview")
    assert done.returncode != 0, "a teacher is told before the class is"
    assert term.droplet().says(CURRENT) == before, "the packages from before are in use"
    return done.stdout


def in_a_new_kernel(seat: Seat, code: str) -> str:
    with seat.kernel() as kernel:
        return kernel.prints(code)


def test_a_package_comes_while_a_class_goes_on(term: Term, seat: Seat) -> None:
    with seat.kernel() as kernel:
        kernel.prints("answer = 41")
        ask_for(term, "iniconfig==2.0.0")
        assert "packages: adds iniconfig==2.0.0" in term.pulumi("preview").stdout

        term.up()

        assert kernel.prints("print(answer + 1)") == "42", "a running kernel keeps its variables"
        assert kernel.prints(FOUND) == "None", "and the packages it started with"
    assert in_a_new_kernel(seat, VERSION) == "2.0.0", "the next kernel has the new one"


def test_packages_that_break_a_notebook_of_the_course_are_refused(term: Term, seat: Seat, week: Path) -> None:
    needs = nbformat.v4.new_code_cell(f"{VERSION.partition(';')[0]}\nassert version('iniconfig') == '2.0.0', 'too new'")
    nbformat.write(nbformat.v4.new_notebook(cells=[needs]), week / "lab8.ipynb")
    fails_anyway = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("your_answer_here")])
    nbformat.write(fails_anyway, week / "exercise.ipynb")
    ask_for(term, "iniconfig==2.1.0")

    said = refused(term)

    assert "With these packages the course's notebooks do not run; the packages from before stay in use" in said
    assert "week8/lab8.ipynb: cell 1: AssertionError: too new" in said
    told = [line for line in said.splitlines() if "exercise.ipynb" in line]
    assert all("delivered" in line for line in told), "what fails with the old packages too is not the new ones' doing"
    assert in_a_new_kernel(seat, VERSION) == "2.0.0"


def test_packages_that_cannot_be_had_are_refused(term: Term) -> None:
    ask_for(term, "no-such-package-for-a-course")

    said = refused(term)

    assert "A course package cannot be installed; the packages from before stay in use" in said
    assert "no-such-package-for-a-course" in said, "and which one"


def test_an_upgrade_can_be_taken_back_in_seconds(term: Term, seat: Seat, capsys: pytest.CaptureFixture[str]) -> None:
    ask_for(term, "iniconfig==2.1.0")
    assert "packages: upgrades iniconfig from 2.0.0 to 2.1.0" in term.pulumi("preview").stdout
    term.up()
    assert in_a_new_kernel(seat, VERSION) == "2.1.0"
    droplet = term.droplet()

    seconds = seconds_of(lambda: droplet.says("course packages --rollback"))

    assert in_a_new_kernel(seat, VERSION) == "2.0.0"
    assert term.changes() == {}, "the next up leaves it at that until the packages change"
    droplet.says("course packages --rollback")
    assert in_a_new_kernel(seat, VERSION) == "2.1.0", "and forth again"
    with capsys.disabled():
        print(f"\nrollback of the packages: {seconds:.1f} s")


def test_the_next_up_has_the_packages_of_the_settings(term: Term, seat: Seat) -> None:
    assert "packages: removes iniconfig" in term.pulumi("preview").stdout

    term.up()

    assert in_a_new_kernel(seat, FOUND) == "None"


def test_a_changed_notebook_that_fails_is_told_and_delivered(term: Term, week: Path) -> None:
    fails = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("no_such_name")])
    nbformat.write(fails, week / "lab9.ipynb")

    said = term.up()

    assert "week8/lab9.ipynb: cell 1: NameError: name 'no_such_name' is not defined" in said
    assert "delivered, but does not run to its end" in said, "the teacher decides"
    assert "lab9.ipynb" in term.droplet().says("ls /opt/course/content/week8")
    assert "welcome.ipynb" not in said, "what has not changed is not run again"


@pytest.fixture(scope="module")
def working(seat: Seat) -> Iterator[Cells]:
    """A kernel that was there before the files came."""
    with seat.kernel() as kernel:
        kernel.prints("answer = 41")
        yield kernel


def name_file(term: Term, path: Path, text: str) -> None:
    path.write_text(text)
    term.set("packages-file", str(path))


def test_a_requirements_file_is_installed(term: Term, seat: Seat, working: Cells, tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("pint==0.25.3\npyserial==3.5\n")
    name_file(
        term, tmp_path / "requirements.txt", "# the course's\n-r base.txt\niniconfig==2.0.0 ; python_version > '3'\n"
    )
    assert 'packages: adds iniconfig==2.0.0; python_version > "3"' in term.pulumi("preview").stdout

    term.up()

    assert in_a_new_kernel(seat, VERSION) == "2.0.0"
    assert working.prints("print(answer + 1)") == "42", "a running kernel keeps its variables"


def test_conda_makes_the_environment_of_a_file(term: Term, seat: Seat, working: Cells, tmp_path: Path) -> None:
    python = term.droplet().says("/opt/anaconda3/bin/python -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'")
    name_file(term, tmp_path / "environment.yml", ENVIRONMENT.format(python=python))
    previewed = term.pulumi("preview").stdout
    assert "packages: conda makes an environment of their own for them, without Anaconda's packages" in previewed
    assert f"adds python={python}, iniconfig=2.1" in previewed

    term.up()  # the course's own notebook has run with it, or this had failed

    with seat.kernel() as kernel:
        assert kernel.prints(VERSION) == "2.1.0"
        assert kernel.prints("import sys; print(*sys.version_info[:2], sep='.')") == python, "as the file says"
        assert kernel.prints("import os; print(os.environ['CONDA_PREFIX'] == sys.prefix)") == "True"
        assert "No module named 'pandas'" in kernel.attempt("python -c 'import pandas'").said, "Anaconda's is not there"
    assert working.prints("print(answer + 1)") == "42"
    in_use = term.droplet().says("course packages")
    assert f"in use: python {python}." in in_use
    assert "iniconfig 2.1.0" in in_use
    assert "(made by conda " in in_use
    assert term.droplet().says(WRITABLE) == "", "students cannot write where everybody imports from"


def test_what_conda_cannot_have_is_refused(term: Term, tmp_path: Path) -> None:
    name_file(
        term, tmp_path / "environment.yml", "channels: [conda-forge]\ndependencies: [no-such-package-for-a-course=1]\n"
    )

    said = refused(term)

    assert "conda cannot make the course's environment; the packages from before stay in use. conda says:" in said
    assert "PackagesNotFoundError: The following packages are not available from current channels:" in said
    assert "- no-such-package-for-a-course" in said, "and which one"


def test_the_way_back_leads_from_conda_to_pip_and_forth(term: Term, seat: Seat, working: Cells) -> None:
    droplet = term.droplet()

    droplet.says("course packages --rollback")
    assert in_a_new_kernel(seat, VERSION) == "2.0.0", "the requirements file's"
    assert in_a_new_kernel(seat, "import pandas; print(1)") == "1", "on top of Anaconda"
    droplet.says("course packages --rollback")
    assert in_a_new_kernel(seat, VERSION) == "2.1.0", "conda's again"
    assert working.prints("print(answer + 1)") == "42"


def test_without_a_file_the_list_counts_again(term: Term, seat: Seat, working: Cells) -> None:
    assert "packages: they lie on top of Anaconda and its Python again, removes iniconfig" in (
        term.pulumi("preview").stdout
    )

    term.up()

    assert in_a_new_kernel(seat, FOUND) == "None"
    assert working.prints("print(answer + 1)") == "42"
