"""Which notebooks are trusted, on a disk that may be full: then a signature is not kept, and the notebook opens all the same.

Jupyter's own store lets the database's error through, and since it also notes when a notebook was last seen, on a full
disk no trusted notebook could be opened.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from nbformat.sign import SQLiteSignatureStore

NAME = "nbsignatures.db"  # Jupyter's own, so that what was trusted before stays so


class Signatures(SQLiteSignatureStore):
    """Jupyter's database of signatures, read when it cannot be written."""

    def store_signature(self, digest: str, algorithm: str) -> None:
        """Remember a signature if there is room."""
        try:
            super().store_signature(digest, algorithm)
        except sqlite3.Error as error:
            self._passed_over(error)

    def check_signature(self, digest: str, algorithm: str) -> bool:
        """Is it remembered?"""
        try:
            return bool(super().check_signature(digest, algorithm))
        except sqlite3.Error as error:
            self._passed_over(error)
        known = "SELECT 1 FROM nbsignatures WHERE algorithm = ? AND signature = ?"
        try:
            return self.db.execute(known, (algorithm, digest)).fetchone() is not None
        except sqlite3.Error:
            return False

    def remove_signature(self, digest: str, algorithm: str) -> None:
        """Forget a signature if the database can be written."""
        try:
            super().remove_signature(digest, algorithm)
        except sqlite3.Error as error:
            self._passed_over(error)

    def _passed_over(self, error: sqlite3.Error) -> None:
        self.log.warning("The signature of a notebook could not be noted: %s", error)
        self.db.rollback()


def store() -> Signatures:
    """The store, where Jupyter's own would be."""
    return Signatures(str(Path(jupyter_data_dir()) / NAME))
