"""What the students' Python has: Anaconda, and the course's packages on top of it or in an environment of their own."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

import patterns
import versions
from packages import DEFAULT, Environment
from packages import read as read_packages
from settings.group import Group

InstallerUrl = Annotated[str, AfterValidator(patterns.installer_url)]
Requirement = Annotated[str, AfterValidator(patterns.requirement)]
Sha256 = Annotated[str, AfterValidator(patterns.sha256)]


class Packages(Group):
    """The distribution and the packages; ``packages_file`` is ``Path()`` where there is none."""

    packages: tuple[Requirement, ...] = Field(examples=['["pint", "pyserial==3.5"]'])
    packages_file: Path = Field(examples=["requirements.txt"])
    anaconda_url: InstallerUrl = Field(
        examples=["https://repo.anaconda.com/archive/Anaconda3-2025.12-2-Linux-x86_64.sh"]
    )
    anaconda_sha256: Sha256 = Field(examples=[versions.ANACONDA_SHA256])

    @field_validator("packages_file")
    @classmethod
    def _file_reads(cls, path: Path, info: ValidationInfo) -> Path:
        path = path.expanduser()
        if path != Path():
            read_packages(path, _beside_a_file(info.data.get("packages", ())))
        return path

    @property
    def anaconda_release(self) -> str:
        """The installer's name without its platform, for example ``Anaconda3-2025.12-2``."""
        return self.anaconda_url.rpartition("/")[2].partition("-Linux")[0]

    @cached_property
    def environment(self) -> Environment:
        """What students' Python is made of: the file's packages and the list's."""
        if self.packages_file == Path():
            return Environment(pip=self.packages)
        return read_packages(self.packages_file, _beside_a_file(self.packages))


def _beside_a_file(listed: tuple[str, ...]) -> tuple[str, ...]:
    """The list that comes with the program is for a course that names nothing; a teacher's own counts beside a file."""
    return () if listed == DEFAULT else listed
