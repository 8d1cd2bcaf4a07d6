"""A course package that is installed but does not work is found before the class uses it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from coursehub.packages import main, names, problem

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installed package whose import fails."""
    (tmp_path / "wobbly.py").write_text("raise OSError('libwobble.so.1: cannot open')\n")
    (tmp_path / "wobbly_course-1.0.dist-info").mkdir()
    (tmp_path / "wobbly_course-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: Wobbly.Course\n")
    (tmp_path / "wobbly_course-1.0.dist-info" / "top_level.txt").write_text("wobbly\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "wobbly-course"


def test_names_are_read_from_requirements_of_any_form() -> None:
    text = "# course\n\npint==0.25.3\npyserial[cp2110]>=3.5\n  numpy ; python_version > '3'\n-r other.txt\n"

    assert names(text) == ["pint", "pyserial", "numpy"]


def test_names_are_read_from_condas_arguments() -> None:
    text = "# conda\n--channel=conda-forge\nipykernel\npython=3.12\nconda-forge::numpy >=2\n"

    assert names(text) == ["ipykernel", "python", "numpy"]


def test_a_package_that_is_none_of_pythons_is_no_problem() -> None:
    assert problem("gdal-data") is None, "conda has many"


def test_a_package_under_another_name_than_its_module_is_found() -> None:
    assert problem("PyYAML") is None, "its module is yaml"


def test_a_package_that_fails_to_import_is_named_with_its_reason(broken: str) -> None:
    assert problem(broken) == "wobbly-course: import wobbly fails with OSError: libwobble.so.1: cannot open"


def test_a_broken_package_ends_the_check(broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "requirements.txt").write_text(f"pytest\n{broken}\n")
    monkeypatch.setattr(sys, "argv", ["packages", str(tmp_path / "requirements.txt")])

    with pytest.raises(SystemExit, match="import wobbly fails"):
        main()
