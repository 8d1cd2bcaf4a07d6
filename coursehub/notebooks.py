"""Run notebooks from top to bottom: ``python -m coursehub.notebooks FOLDER``, by the interpreter that is on trial.

With names after the folder only these are run.

What a package breaks shows in the course's own notebooks before a student sees it. One that fails is a line on
standard output, ``PATH: cell 3: ModuleNotFoundError: ...``; the exit status is 1 if there was any. One that is meant to
fail says so: a cell tagged ``raises-exception`` may, and one tagged ``skip-check`` keeps its notebook from being run.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

CELL_SECONDS = 300  # a cell of a lesson that takes longer is one to tag
SKIP = "skip-check"


def failure(path: Path) -> str | None:
    """Why the notebook at ``path`` does not run, in a line; None if it does, or is not to be run."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:
        return f"is not a notebook: {str(error).partition(chr(10))[0]}"
    if any(SKIP in cell.metadata.get("tags", []) for cell in notebook.cells):
        return None
    try:
        with TemporaryDirectory() as sockets:
            _client(notebook, path.parent, sockets).execute()
    except CellExecutionError as error:
        return f"cell {_failed(notebook)}: {error.ename}: {error.evalue.strip().partition(chr(10))[0]}"
    except CellTimeoutError:
        return f"cell {_failed(notebook)}: takes longer than {CELL_SECONDS} s"
    except DeadKernelError:
        return f"cell {_failed(notebook)}: the kernel died"
    return None


def _client(notebook: Any, folder: Path, sockets: str) -> NotebookClient:
    """What runs ``notebook`` in ``folder``; its kernel is spoken to in the folder ``sockets``, not over the network.

    Without an absolute ``ip`` their names would be relative, and the kernel, which runs in ``folder``, would make them
    there.
    """
    return NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        config=Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}}),
    )


def _failed(notebook: Any) -> int:
    """The number of the last cell that was begun, counting code cells from 1."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    begun = [number for number, cell in enumerate(code, start=1) if cell.metadata.get("execution")]
    return begun[-1] if begun else 1


def main() -> None:
    """Run every notebook below the folder named on the command line, or those that are named after it."""
    folder = Path(sys.argv[1])
    named = [folder / name for name in sys.argv[2:]]
    failed = False
    for path in named or sorted(folder.rglob("*.ipynb")):
        if (why := failure(path)) is not None:
            print(f"{path.relative_to(folder)}: {why}", flush=True)
            failed = True
    sys.exit(failed)


if __name__ == "__main__":
    main()
