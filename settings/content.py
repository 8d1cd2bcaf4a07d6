"""What students find in their homes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, field_validator

import patterns
from settings.group import Group
from settings.paths import expanded


class Content(Group):
    """The course's own notebooks."""

    course_folder: Annotated[Path, AfterValidator(expanded)]

    @field_validator("course_folder")
    @classmethod
    def _is_folder(cls, path: Path) -> Path:
        if not path.is_dir():
            raise ValueError("is not a folder; starter notebooks are copied from it")
        for file in sorted(path.rglob("*")):
            if file.is_file() and not patterns.is_text(file.read_bytes()):
                raise ValueError(
                    f"holds {file.name}, which is not text; notebooks, data and programs as text can be sent"
                )
        return path
