"""Measure, print a table, write JSON: ``python -m rehearsal.bench``. What the figures mean: the package's text."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from coursehub.session import HubError
from rehearsal import environment, network, places, visitor
from rehearsal.bench import deployment, lesson, sections, stock
from rehearsal.bench.figures import table
from rehearsal.commands import CommandError
from rehearsal.droplets import Droplets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rehearsal.bench.figures import Section
    from rehearsal.places import Places

UNCHANGED, ALONE, CLASSES = 3, 5, 3  # rounds, of which medians are told
CLASS = len(stock.STUDENTS)

OBSTACLES = (CommandError, HubError, OSError, environment.NotUp)


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    ours = places.ours()
    parser = argparse.ArgumentParser(prog="python -m rehearsal.bench", description="Figures of the running rehearsal.")
    parser.add_argument("--json", type=Path, default=ours.home / "bench.json", help="where they go as JSON")
    chosen = parser.parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a kill cleans up as Ctrl-C does
    try:
        load = os.getloadavg()[0]
        measured = list(_measure(ours))
    except OBSTACLES as problem:
        print(f"bench: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: stopped, and cleaned up", file=sys.stderr)
        return 130  # what shells give for Ctrl-C
    circumstances = {"when": datetime.now(UTC).isoformat("T", "seconds"), "processors": os.cpu_count(), "load": load}
    chosen.json.write_text(json.dumps({**circumstances, "sections": [each.as_json() for each in measured]}, indent=2))
    print(table(measured))
    print(f"\n{os.cpu_count()} processors, with a load of {load:.1f} before the first measurement; JSON: {chosen.json}")
    return 0


def _measure(ours: Places) -> Iterator[Section]:
    variables = environment.merged(environment.read(ours.env))
    droplets = Droplets(ours, _say).ids()
    if not droplets:
        raise environment.NotUp("there is no droplet to measure; make one: make rehearse")
    container = network.namespace(droplets[0])
    yield sections.preparation(ours.times)
    yield sections.deployment(deployment.parts(variables))
    if deployment.is_up_to_date(variables):
        _say(f"pulumi up with nothing to do, {UNCHANGED} times")
        yield sections.unchanged([deployment.unchanged(variables) for _ in range(UNCHANGED)])
    else:
        _say("pulumi preview does not say that there is nothing to do, so that is not measured")
    way = visitor.way(ours)
    lesson.put_away(way)
    with stock.running(container):
        _say(f"one student, {ALONE} times, here and at the stock hub")
        yield sections.alone(*lesson.by_turns(container, way, ALONE, students=1))
        _say(f"{CLASS} students at once, {CLASSES} times, here and at the stock hub")
        classes = lesson.by_turns(container, way, CLASSES, students=CLASS)
        yield sections.at_once(*classes)
        yield sections.weights(*classes)


def _say(sentence: str) -> None:
    print(f"bench: {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
