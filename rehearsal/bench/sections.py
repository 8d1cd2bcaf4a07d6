"""The sections of the table, out of what was measured."""

from __future__ import annotations

import json
import statistics
from typing import TYPE_CHECKING

from rehearsal.bench.figures import Figure, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rehearsal.bench.lesson import Lesson
    from rehearsal.bench.weight import Process

    Measure = Callable[[Lesson], float]


def preparation(times: Path) -> Section:
    """The parts of the rehearsal's last ``up``, which it noted itself."""
    noted = json.loads(times.read_text()) if times.exists() else {}
    return Section(
        "the last make rehearse that succeeded", "s", [Figure(part, seconds) for part, seconds in noted.items()]
    )


def deployment(parts: Mapping[str, float]) -> Section:
    """What each resource took when it was made."""
    total = Figure("all of these", sum(parts.values()))
    return Section(
        "pulumi up, each part when it was made",
        "s",
        [*(Figure(name, seconds) for name, seconds in parts.items()), total],
    )


def unchanged(rounds: Sequence[float]) -> Section:
    """A ``pulumi up`` with nothing to do."""
    return Section("pulumi up again", "s", [Figure("nothing to do", statistics.median(rounds))])


def alone(ours: Sequence[Lesson], theirs: Sequence[Lesson]) -> Section:
    """One student's way."""
    figure = _compared("click to first cell", ours, theirs, lambda lesson: lesson.seconds[0])
    return Section("one student", "s", [figure])


def at_once(ours: Sequence[Lesson], theirs: Sequence[Lesson]) -> Section:
    """A class that clicks at the same moment; processor time is that of one student's server and kernel."""
    measures: dict[str, Measure] = {
        "first": lambda lesson: lesson.seconds[0],
        "median": lambda lesson: statistics.median(lesson.seconds),
        "last": lambda lesson: lesson.seconds[-1],
        "processor time of a server": lambda lesson: _median(lesson.bare, "server", "cpu_seconds"),
        "processor time of a kernel": lambda lesson: _median(lesson.bare, "kernel", "cpu_seconds"),
    }
    title = f"{len(ours[0].seconds)} students at once, click to first cell"
    return Section(title, "s", [_compared(name, ours, theirs, measure) for name, measure in measures.items()])


def weights(ours: Sequence[Lesson], theirs: Sequence[Lesson]) -> Section:
    """What a seated student and the hub weigh, with the whole class there."""
    measures: dict[str, Measure] = {
        "a student's server": lambda lesson: _median(lesson.bare, "server", "pss_mib"),
        "a student's kernel": lambda lesson: _median(lesson.bare, "kernel", "pss_mib"),
        "the kernel with numpy, pandas, matplotlib, scipy": lambda lesson: _median(lesson.science, "kernel", "pss_mib"),
        "hub": lambda lesson: _median(lesson.science, "hub", "pss_mib"),
        "proxy": lambda lesson: _median(lesson.science, "proxy", "pss_mib"),
    }
    compared = [_compared(name, ours, theirs, measure) for name, measure in measures.items()]
    besides = statistics.median(sum(each.pss_mib for each in lesson.science if each.part == "other") for lesson in ours)
    return Section("memory (PSS)", "MiB", [*compared, Figure("nginx and the idle culler", besides)])


def _compared(name: str, ours: Sequence[Lesson], theirs: Sequence[Lesson], measure: Measure) -> Figure:
    return Figure(name, statistics.median(map(measure, ours)), statistics.median(map(measure, theirs)))


def _median(processes: Sequence[Process], part: str, field: str) -> float:
    return float(statistics.median(getattr(each, field) for each in processes if each.part == part))
