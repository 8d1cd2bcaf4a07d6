from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml
from program_under_test import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| (.*?) \|", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("http://", "https://", "mailto:")


def settings_rows() -> list[tuple[str, str]]:
    return ROW.findall((ROOT / "docs/settings.md").read_text())


def anchors(page: Path) -> set[str]:
    """The names GitHub gives to the headings of a page."""
    headings = HEADING.findall(CODE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_the_settings_page_has_every_setting_once_and_no_other() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

    assert sorted(key for key, _ in settings_rows()) == sorted(declared), "the page and Pulumi.yaml know the same keys"


def test_the_settings_page_has_the_defaults_of_the_program() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]

    for key, cell in settings_rows():
        default = declared[key]["default"]
        values = default if isinstance(default, list) else [default]
        wanted = [str(value).lower() if isinstance(value, bool) else str(value) for value in values if value != ""]
        assert re.findall(r"`([^`]+)`", cell) == wanted, f"{key} comes as Pulumi.yaml says"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(CODE.sub("", page.read_text())):
        if link.startswith(ELSEWHERE):
            continue
        file, _, anchor = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), f"{link} is there"
        assert not anchor or anchor in anchors(target), f"{link} has a heading of that name"


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_pages_name_no_folder_of_the_machine_they_were_written_on(page: Path) -> None:
    assert not re.search(r"(?<![\w.])/(work|root|tmp/\w)", page.read_text()), "the reader has another machine"


def test_every_decision_is_on_the_list_of_decisions() -> None:
    decisions = sorted(page.name for page in (ROOT / "docs/adr").glob("[0-9]*.md"))
    listed = LINK.findall((ROOT / "docs/adr/README.md").read_text())

    assert sorted(link for link in listed if link[0].isdigit()) == decisions, "nobody finds what is not listed"
