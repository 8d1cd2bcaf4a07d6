"""``course status``: seats, memory, disk, certificate, who is on, and how the last check went."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coursehub import status
from coursehub.roster import Roster

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

SUMMARY = "seats, memory, disk, certificate, who is on, the last check"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Nothing more to say."""


def run(options: argparse.Namespace) -> int:
    """Look, and print what was seen."""
    seen = asyncio.run(status.look())
    names = {person.user: person.called for person in Roster().people()}
    print(json.dumps(seen.as_json(), indent=2) if options.json else "\n".join(lines(seen, names)))
    return 0


def lines(seen: status.Status, names: dict[str, str]) -> Iterator[str]:
    """What a teacher reads; ``names`` are people's by their account."""
    days = seen.certificate_days
    yield f"seats        {len(seen.on)} taken of {seen.seats or '?'}"
    yield f"memory       {seen.memory_free_mib} MiB free of {seen.memory_mib} MiB"
    yield f"disk         {seen.disk_free_gib} GiB free of {seen.disk_gib} GiB"
    yield f"certificate  {'none is served' if days is None else f'good for {days} days'}"
    yield f"last check   {status.check_words(seen.last_check)}"
    yield f"on           {'nobody' if not seen.on else ''}".rstrip()
    for seat in seen.on:
        since = datetime.fromtimestamp(seat.since, UTC).strftime("since %H:%M UTC")
        memory = "" if seat.memory_mib is None else f", {seat.memory_mib} MiB"
        yield f"             {names.get(seat.user, seat.user)} ({seat.user}) {since}{memory}"
