"""What the students' Python has: Anaconda, and the course's packages on top of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

import patterns
import versions
from settings.group import Group

InstallerUrl = Annotated[str, AfterValidator(patterns.installer_url)]
Requirement = Annotated[str, AfterValidator(patterns.requirement)]
Sha256 = Annotated[str, AfterValidator(patterns.sha256)]


class Packages(Group):
    """The distribution and the packages."""

    packages: tuple[Requirement, ...] = Field(examples=['["pint", "pyserial==3.5"]'])
    anaconda_url: InstallerUrl = Field(
        examples=["https://repo.anaconda.com/archive/Anaconda3-2025.12-2-Linux-x86_64.sh"]
    )
    anaconda_sha256: Sha256 = Field(examples=[versions.ANACONDA_SHA256])

    @property
    def anaconda_release(self) -> str:
        """The installer's name without its platform, for example ``Anaconda3-2025.12-2``."""
        return self.anaconda_url.rpartition("/")[2].partition("-Linux")[0]
