"""Checkpoints of notebooks, on a disk that may be full: what finds no room beside its notebook lies in /tmp.

JupyterLab lists and makes checkpoints whenever a notebook is opened, and opens none without.
"""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints


class Checkpoints(AsyncFileCheckpoints):  # type: ignore[misc]  # jupyter_server's types are not strict
    """Jupyter's own, which go to /tmp only for a folder that is read-only; /tmp is the server's own (PrivateTmp)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._elsewhere: set[str] = set()

    def checkpoint_path(self, checkpoint_id: str, path: str) -> str:
        """Where a checkpoint lies; its folder is made."""
        if path not in self._elsewhere:
            try:
                return str(super().checkpoint_path(checkpoint_id, path))
            except OSError:
                self._elsewhere.add(path)
        notebook = PurePosixPath(path.strip("/"))
        folder = Path(tempfile.gettempdir(), "jupyter_checkpoints", notebook.parent)
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder / f"{notebook.stem}-{checkpoint_id}{notebook.suffix}")

    async def create_checkpoint(self, contents_mgr: Any, path: str) -> Any:
        """Copy the notebook at ``path``; a copy for which the room does not suffice is made in /tmp."""
        try:
            return await super().create_checkpoint(contents_mgr, path)
        except OSError as error:
            if path in self._elsewhere:
                raise
            self.log.warning("No room for a checkpoint of %s: %s", path, error)
            self._give_up(path)
            return await super().create_checkpoint(contents_mgr, path)

    def _give_up(self, path: str) -> None:
        """Take away what was cut short beside the notebook, and go elsewhere from now on."""
        Path(self.checkpoint_path("checkpoint", path)).unlink(missing_ok=True)
        self._elsewhere.add(path)
