"""What students find in their homes."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

import course_folder as folders
import course_repository as repositories
import keys
import patterns
from settings.group import Group
from settings.paths import expanded

OWN_FOLDER = Path("course")  # the default of course-folder
OWN_KEY = "make a key for nothing else: ssh-keygen -t ed25519 -N '' -f ~/.ssh/course-deploy"


class Content(Group):
    """The course's own notebooks: from a repository if one is named, else from a folder."""

    course_repository: str = Field(examples=["https://github.com/college/lab or git@github.com:college/lab.git"])
    course_branch: str = Field(examples=["main"])
    course_subfolder: str = Field(examples=["notebooks"])
    course_deploy_key_file: Path = Field(
        examples=["~/.ssh/course-deploy, the private half of a deploy key that this repository has"]
    )
    course_folder: Annotated[Path, AfterValidator(expanded)]

    @field_validator("course_repository")
    @classmethod
    def _is_address(cls, address: str) -> str:
        return address and patterns.repository(address)

    @field_validator("course_branch")
    @classmethod
    def _is_branch(cls, branch: str, others: ValidationInfo) -> str:
        return branch and patterns.branch(_with_repository(branch, others))

    @field_validator("course_subfolder")
    @classmethod
    def _is_subfolder(cls, folder: str, others: ValidationInfo) -> str:
        return folder and patterns.subfolder(_with_repository(folder, others))

    @field_validator("course_deploy_key_file")
    @classmethod
    def _deploy_key_fits(cls, path: Path, others: ValidationInfo) -> Path:
        address = others.data.get("course_repository", "")
        if path == Path():
            if address and not address.startswith("https://"):
                raise ValueError("is not set")
            return path
        if _with_repository(address, others).startswith("https://"):
            raise ValueError(
                "is set, but course-repository is an https address; with a key it is, for example, "
                "git@github.com:college/lab.git"
            )
        path = path.expanduser()
        try:
            keys.read(path)
        except keys.Protected as problem:
            raise ValueError(
                f"{path} is protected by a passphrase, which the droplet cannot type; {OWN_KEY}"
            ) from problem
        return path

    @field_validator("course_folder")
    @classmethod
    def _folder_reads(cls, path: Path, others: ValidationInfo) -> Path:
        if others.data.get("course_repository"):
            if path != OWN_FOLDER:
                raise ValueError(
                    "is set beside course-repository, and students get the one or the other; "
                    "pulumi config rm course-folder, or pulumi config rm course-repository"
                )
            return path
        if not path.is_dir():
            raise ValueError("is not a folder; starter notebooks are copied from it")
        folders.read(path)
        return path

    @cached_property
    def deploy_key(self) -> keys.SshKey | None:
        """The key that opens the repository, if it takes one."""
        return None if self.course_deploy_key_file == Path() else keys.read(self.course_deploy_key_file)

    @cached_property
    def course_commit(self) -> repositories.Commit | None:
        """What the branch points to now, asked once; None without a repository. Raise ``RepositoryProblem``."""
        if not self.course_repository:
            return None
        return repositories.resolve(
            repositories.Repository(
                address=self.course_repository,
                branch=self.course_branch,
                subfolder=self.course_subfolder,
                key_file=self.course_deploy_key_file if self.deploy_key else None,
                public_key=self.deploy_key.public if self.deploy_key else "",
            )
        )


def _with_repository(value: str, others: ValidationInfo) -> str:
    if not others.data.get("course_repository", "unknown"):
        raise ValueError("is set, but course-repository is not; pulumi config set course-repository ADDRESS")
    return value
