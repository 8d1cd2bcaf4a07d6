"""Trust in notebooks on a disk that is full: nothing is forgotten, and nothing fails."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from traitlets.config import Config

from coursehub.lab import signatures
from coursehub.lab.signatures import Signatures, forgive

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Signatures]:
    """A store that knows one signature, on a disk that then takes no more."""
    store = Signatures(str(tmp_path / "nbsignatures.db"))
    store.store_signature("known", "sha256")
    store.db.execute("PRAGMA query_only = ON")  # every write is an OperationalError, as without room
    yield store
    store.db.close()


def test_what_was_trusted_stays_trusted(full: Signatures) -> None:
    assert full.check_signature("known", "sha256"), "though the time of this look cannot be noted"
    assert not full.check_signature("unknown", "sha256")


def test_a_notebook_that_cannot_be_trusted_for_good_is_no_error(full: Signatures) -> None:
    full.store_signature("new", "sha256")
    full.remove_signature("known", "sha256")

    assert full.check_signature("known", "sha256")


def test_a_database_that_cannot_even_be_read_trusts_nobody(full: Signatures) -> None:
    full.db.execute("PRAGMA query_only = OFF")
    full.db.execute("DROP TABLE nbsignatures")

    assert not full.check_signature("known", "sha256")


def test_jupyters_own_store_would_fail(full: Signatures) -> None:
    with pytest.raises(sqlite3.OperationalError):
        super(Signatures, full).check_signature("known", "sha256")  # type: ignore[no-untyped-call]  # nbformat's


class Notary:
    def __init__(self, secret_file: Path, *, room: bool) -> None:
        self.secret_file = str(secret_file)
        self._room = room
        self._secret = b""

    @property
    def secret(self) -> bytes:
        if not self._secret:
            Path(self.secret_file).touch()
            if not self._room:
                raise OSError(28, "No space left on device")
            self._secret = b"written"
        return self._secret

    @secret.setter
    def secret(self, secret: bytes) -> None:
        self._secret = secret


class Contents:
    def __init__(self, notary: Notary) -> None:
        self.config = Config()
        self.notary = notary
        self.log = logging.getLogger("contents")


def test_without_room_for_a_key_there_is_one_for_the_day(tmp_path: Path) -> None:
    contents = Contents(Notary(tmp_path / "notebook_secret", room=False))

    forgive(contents)

    assert len(contents.notary.secret) > 1024
    assert not (tmp_path / "notebook_secret").exists(), "an empty file would be the key of tomorrow"
    assert contents.config.NotebookNotary.store_factory is signatures.store


def test_with_room_the_key_is_kept(tmp_path: Path) -> None:
    contents = Contents(Notary(tmp_path / "notebook_secret", room=True))

    forgive(contents)

    assert contents.notary.secret == b"written"
    assert (tmp_path / "notebook_secret").exists()
