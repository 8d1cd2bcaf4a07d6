"""`pulumi up` killed at its worst moments: the next one ends well."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from account import ask

if TYPE_CHECKING:
    from term import Term

pytestmark = pytest.mark.rehearsal


@pytest.mark.parametrize(
    ("step", "key", "value"),
    [
        ("anaconda", "packages[0]", f"pint!=0.0.{time.time_ns()}"),  # new every time: what was built once is reused
        ("jupyterhub", "idle-minutes", "50"),
        ("student_check", "sign-in-name", "the interrupted college"),
    ],
)
def test_up_killed_in_the_middle_of_a_step_is_simply_repeated(term: Term, step: str, key: str, value: str) -> None:
    term.set(key, value, *(["--path"] if "[" in key else []))
    if key == "packages[0]":
        term.set("packages[1]", "pyserial==3.5", "--path")  # the course's own notebook needs it

    term.killed_during(step)

    said = term.up()
    # What was at work when its teacher's machine fell silent goes on to its end; the next run finds it done.
    assert "student check: passed" in said or "student_check: already so" in said, said
    term.up("--expect-no-changes")


def test_a_name_that_does_not_lead_here_is_told_with_the_record_to_make(term: Term) -> None:
    records = ask("GET", "/domains/course.example/records")["domain_records"]
    record = next(item for item in records if item["type"] == "A")
    right = record["data"]
    ask("PUT", f"/domains/course.example/records/{record['id']}", {"type": "A", "data": "198.51.100.77"})
    try:
        term.set("acme-directory", "https://acme.rehearsal.example:14000/dir?again")
        done = term.pulumi("up", "--yes", "--skip-preview")
    finally:
        ask("PUT", f"/domains/course.example/records/{record['id']}", {"type": "A", "data": right})

    assert done.returncode != 0, "a certificate could not be had"
    assert f"points to 198.51.100.77 instead of {right}" in done.stdout, "the teacher is told what to change"
    assert "run pulumi up again" in done.stdout
