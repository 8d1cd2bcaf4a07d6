"""The course's notebooks are run before new packages are used."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import nbformat
import pytest

from coursehub.notebooks import failure, main

if TYPE_CHECKING:
    from pathlib import Path


def notebook(path: Path, *cells: str, tag: str = "") -> Path:
    code = [nbformat.v4.new_code_cell(text, metadata={"tags": [tag]} if tag else {}) for text in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Lab"), *code]), path)
    return path


def test_a_notebook_that_runs_is_nothing_to_tell(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1\n")

    assert failure(notebook(tmp_path / "lab.ipynb", "open('data.csv').read()")) is None, "its data lies beside it"


def test_a_kernel_on_trial_is_not_spoken_to_over_the_network(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    asks = "import ipykernel, json; assert json.loads(ipykernel.get_connection_info())['transport'] == 'ipc'"

    assert failure(notebook(tmp_path / "lab.ipynb", asks)) is None
    assert "TCP" not in capfd.readouterr().err, "nor does it warn of one"
    assert [path.name for path in tmp_path.iterdir()] == ["lab.ipynb"], "and leaves nothing beside the notebook"


def test_a_cell_that_fails_is_told_with_its_number_and_reason(tmp_path: Path) -> None:
    path = notebook(tmp_path / "lab.ipynb", "1 + 1", "import no_such_package", "2 + 2")

    assert failure(path) == "cell 2: ModuleNotFoundError: No module named 'no_such_package'"


@pytest.mark.parametrize("tag", ["raises-exception", "skip-check"])
def test_a_notebook_that_is_meant_to_fail_may(tmp_path: Path, tag: str) -> None:
    assert failure(notebook(tmp_path / "lab.ipynb", "1 / 0", tag=tag)) is None


def test_what_is_no_notebook_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "lab.ipynb").write_text("not JSON")

    assert (failure(tmp_path / "lab.ipynb") or "").startswith("is not a notebook")


def test_every_failing_notebook_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "week1").mkdir()
    notebook(tmp_path / "week1" / "lab1.ipynb", "1 / 0")
    notebook(tmp_path / "lab0.ipynb", "1")
    monkeypatch.setattr(sys, "argv", ["notebooks", str(tmp_path)])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code, "a failure is a failure for whoever called"
    assert capsys.readouterr().out == "week1/lab1.ipynb: cell 1: ZeroDivisionError: division by zero\n"
