"""What the pages look like: the college's name, its colour and logo, a line of news, and whom to write to."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

import logo as logos
import patterns
from settings.group import Group

Colour = Annotated[str, AfterValidator(patterns.colour)]
Line = Annotated[str, AfterValidator(patterns.line)]


class Pages(Group):
    """The hub's pages in the college's name; ``logo`` is ``Path()`` and the texts are empty where there is none."""

    college: Annotated[Line, Field(min_length=1, max_length=60)] = Field(examples=["Engineering 101, Example College"])
    colour: Colour = Field(examples=["#0b5394"])
    logo: Path = Field(examples=["logo.svg"])
    announcement: Annotated[Line, Field(max_length=200)] = Field(examples=["Lab 3 is due on Friday at noon."])
    contact: str = Field(examples=["help@college.edu"])

    @field_validator("logo")
    @classmethod
    def _logo_reads(cls, path: Path) -> Path:
        path = path.expanduser()
        if path != Path():
            logos.read(path)
        return path

    @field_validator("contact")
    @classmethod
    def _is_email(cls, address: str) -> str:
        return address and patterns.email(address)

    @cached_property
    def logo_svg(self) -> str:
        """The logo as the text of an SVG image; empty if there is none."""
        return "" if self.logo == Path() else logos.read(self.logo)
