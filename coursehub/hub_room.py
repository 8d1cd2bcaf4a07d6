"""Room for the hub's database on a volume that students have filled: without, nobody's server could be started.

Homes and database lie on one volume, which outlives the droplet. SQLite needs room for a transaction twice: for pages
of the database, and for its journal. Both are taken beforehand: free pages in the file, and a journal that is written
over instead of deleted (https://www.sqlite.org/pragma.html#pragma_journal_mode).
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

PAGES = 4 << 20  # bytes: a start writes some 20 kB, and gives most of it back when the server stops
JOURNAL = 1 << 20  # bytes: the pages one transaction changes


def keep_journal(connection: Any, _record: object = None) -> None:
    """Have a connection to a database leave its journal where it is."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA journal_mode = PERSIST")


def take(url: str) -> None:
    """Take room for the database ``url``, before the hub opens it; OSError or SQLite's error if there is none left."""
    event.listen(Engine, "connect", keep_journal)
    name = make_url(url).database
    if make_url(url).get_backend_name() != "sqlite" or not name or name == ":memory:":
        return
    with closing(sqlite3.connect(name)) as database:
        keep_journal(database)
        (free,) = database.execute("PRAGMA freelist_count").fetchone()
        (page,) = database.execute("PRAGMA page_size").fetchone()
        database.execute("CREATE TABLE room (held BLOB)")
        database.execute("INSERT INTO room VALUES (zeroblob(?))", (max(PAGES - free * page, 0),))
        database.execute("DROP TABLE room")  # its pages stay in the file, free
        database.commit()
    with Path(f"{name}-journal").open("ab") as journal:  # made by the above
        journal.write(bytes(max(JOURNAL - journal.tell(), 0)))
