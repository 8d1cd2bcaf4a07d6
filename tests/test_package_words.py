"""What a preview says of other packages."""

from __future__ import annotations

import pytest

import packages
from packages import Environment
from rendering import CondaArguments, CourseRequirements

NOW = ("pint==0.25.3", "pyserial==3.5")
ON_ANACONDA = Environment(pip=NOW)
BY_CONDA = Environment(conda=("python=3.12", "pint=0.25.3"), pip=("pyserial==3.5",), channels=("conda-forge",))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ((*NOW, "rich==14.0"), "adds rich==14.0"),
        (("pyserial==3.5",), "removes pint"),
        (("pint==0.26", "pyserial==3.5"), "upgrades pint from 0.25.3 to 0.26"),
        (("Pint==0.9", "pyserial==3.5"), "downgrades pint from 0.25.3 to 0.9"),
        (("pint>=0.26", "pyserial==3.5"), "changes pint==0.25.3 to pint>=0.26"),
        (("pint[all]==0.25.3", "pyserial==3.5"), "changes pint==0.25.3 to pint[all]==0.25.3"),
        ((*NOW, 'tomli==2.0; python_version < "3.11"'), 'adds tomli==2.0; python_version < "3.11"'),
        (("pint==0.26", "rich"), "adds rich, removes pyserial, upgrades pint from 0.25.3 to 0.26"),
    ],
)
def test_a_change_is_said_in_words(now: tuple[str, ...], said: str) -> None:
    assert packages.words(ON_ANACONDA, Environment(pip=now)) == [f"packages: {said}"]


@pytest.mark.parametrize(
    ("conda", "said"),
    [
        (("python=3.13", "pint=0.25.3"), "upgrades python from 3.12 to 3.13"),
        (("python=3.12", "pint=0.26=pyhd8ed1ab_0"), "upgrades pint from 0.25.3 to 0.26"),
        (("python=3.12", "pint=0.25.3", "conda-forge::gdal"), "adds conda-forge::gdal"),
        (("python=3.12",), "removes pint"),
        (("python=3.12", "pint 0.24.*"), "changes pint=0.25.3 to pint 0.24.*"),
    ],
)
def test_condas_packages_are_said_in_the_same_words(conda: tuple[str, ...], said: str) -> None:
    now = Environment(conda=conda, pip=BY_CONDA.pip, channels=BY_CONDA.channels)

    assert packages.words(BY_CONDA, now) == [f"packages: {said}"]


def test_a_change_of_the_kind_is_said_first_and_a_package_that_stays_is_not() -> None:
    (there,) = packages.words(ON_ANACONDA, BY_CONDA)
    (back,) = packages.words(BY_CONDA, ON_ANACONDA)

    assert there == (
        "packages: conda makes an environment of their own for them, without Anaconda's packages, adds python=3.12"
    ), "pint=0.25.3 is pint==0.25.3"
    assert back == "packages: they lie on top of Anaconda and its Python again"


def test_a_package_upgraded_on_the_way_to_conda_is_told_by_versions() -> None:
    (said,) = packages.words(ON_ANACONDA, Environment(conda=("pint=0.26", "pyserial"), channels=("conda-forge",)))

    assert "upgrades pint from 0.25.3 to 0.26" in said
    assert "changes pyserial==3.5 to pyserial" in said


def test_other_channels_are_told() -> None:
    now = Environment(conda=BY_CONDA.conda, pip=BY_CONDA.pip, channels=("conda-forge", "bioconda"))

    assert packages.words(BY_CONDA, now) == ["packages: takes them from conda-forge, bioconda instead of conda-forge"]


@pytest.mark.parametrize(
    "before", [None, ON_ANACONDA, Environment(pip=NOW[::-1]), Environment(pip=("pint==0.25.3 --hash=sha256:a", NOW[1]))]
)
def test_no_change_is_nothing_to_say(before: Environment | None) -> None:
    assert packages.words(before, ON_ANACONDA) == []


@pytest.mark.parametrize("environment", [ON_ANACONDA, BY_CONDA])
def test_what_the_droplet_got_is_read_back(environment: Environment) -> None:
    requirements = CourseRequirements(packages=environment.pip).render()
    conda = CondaArguments(arguments=environment.arguments).render() if environment.channels else None

    back = Environment.deployed(requirements, conda)

    assert packages.words(back, environment) == packages.words(environment, back) == []
    assert (back.pip, back.channels) == (environment.pip, environment.channels)


def test_requirements_of_an_earlier_program_name_what_the_teacher_asked_for() -> None:
    earlier = Environment.deployed("# course\nipykernel\nnbclient\npint==0.25.3\npyserial==3.5\n", None)

    assert packages.words(earlier, ON_ANACONDA) == [], "the kernel's own packages were never asked for"
