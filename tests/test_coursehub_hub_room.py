"""Room for the hub's database: a transaction on a full disk takes none."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from coursehub.hub_room import JOURNAL, PAGES, take

if TYPE_CHECKING:
    from pathlib import Path


def sizes(database: Path) -> tuple[int, int]:
    return database.stat().st_size, database.with_name(f"{database.name}-journal").stat().st_size


def test_a_transaction_takes_no_room(tmp_path: Path) -> None:
    database = tmp_path / "jupyterhub.sqlite"
    url = f"sqlite:///{database}"
    take(url)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE servers (name TEXT)"))
    before = sizes(database)

    with engine.begin() as connection:
        connection.execute(text("INSERT INTO servers VALUES (:name)"), [{"name": "x" * 1000}] * 200)
    engine.dispose()

    assert sizes(database) == before, "pages and journal were there already"
    assert before[0] >= PAGES
    assert before[1] >= JOURNAL


def test_what_is_in_the_database_stays(tmp_path: Path) -> None:
    database = tmp_path / "jupyterhub.sqlite"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE servers (name TEXT)")
        connection.execute("INSERT INTO servers VALUES ('jh-ada')")
        connection.commit()

    take(f"sqlite:///{database}")

    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT * FROM servers").fetchall() == [("jh-ada",)]
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert tables == [("servers",)], "the hub's upgrade knows every table"


def test_room_is_taken_once(tmp_path: Path) -> None:
    database = tmp_path / "jupyterhub.sqlite"
    take(f"sqlite:///{database}")
    before = sizes(database)

    take(f"sqlite:///{database}")

    assert sizes(database)[0] <= before[0] + 16384, "a restart of the hub does not make it grow"
    assert sizes(database)[1] == before[1]


@pytest.mark.parametrize("url", ["sqlite:///:memory:", "sqlite://"])
def test_a_database_in_memory_needs_none(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    take(url)

    assert os.listdir() == []  # noqa: PTH208  # whatever is in here
