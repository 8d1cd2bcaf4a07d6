"""Which notebooks are trusted, on a disk that may be full: a signature is then not kept, and the notebook opens anyway.

Jupyter's own store lets the database's error through; since it notes when a notebook was last seen, no notebook it
knows can be opened on a full disk ("unable to open database file", seen with nbformat 5.11).
"""

from __future__ import annotations

import os
import sqlite3
from base64 import encodebytes
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_data_dir
from nbformat.sign import SQLiteSignatureStore

NAME = "nbsignatures.db"  # Jupyter's own, so that what was trusted before stays so


class Signatures(SQLiteSignatureStore):
    """Jupyter's database of signatures, read when it cannot be written."""

    def __init__(self, db_file: str) -> None:
        super().__init__(db_file)  # type: ignore[no-untyped-call]  # nbformat publishes types of a part

    def store_signature(self, digest: str, algorithm: str) -> None:
        """Remember a signature if there is room."""
        try:
            super().store_signature(digest, algorithm)  # type: ignore[no-untyped-call]  # nbformat publishes types of a part
        except sqlite3.Error as error:
            self._passed_over(error)

    def check_signature(self, digest: str, algorithm: str) -> bool:
        """Tell whether it is remembered."""
        try:
            return bool(super().check_signature(digest, algorithm))  # type: ignore[no-untyped-call]  # nbformat publishes types of a part
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
            super().remove_signature(digest, algorithm)  # type: ignore[no-untyped-call]  # nbformat publishes types of a part
        except sqlite3.Error as error:
            self._passed_over(error)

    def _passed_over(self, error: sqlite3.Error) -> None:
        self.log.warning("The signature of a notebook could not be noted: %s", error)
        self.db.rollback()


def store() -> Signatures:
    """The store, where Jupyter's own would be."""
    return Signatures(str(Path(jupyter_data_dir()) / NAME))


def forgive(contents: Any) -> None:
    """Have ``contents``, Jupyter's contents manager, use this store, and a key for the day if none can be written."""
    contents.config.NotebookNotary.store_factory = store
    notary = contents.notary
    try:
        _ = notary.secret  # read, or made and written
    except OSError as error:
        contents.log.warning("No key for signatures could be kept: %s", error)
        Path(notary.secret_file).unlink(missing_ok=True)  # begun, and empty: it would be read as the key next time
        notary.secret = encodebytes(os.urandom(1024))
