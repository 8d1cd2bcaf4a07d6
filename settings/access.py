"""The instructor's own way in: account and keys."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, ValidationInfo, field_validator

import keys
import patterns
from settings.group import Group
from settings.paths import expanded

UserName = Annotated[str, AfterValidator(patterns.user_name)]


class Access(Group):
    """Who administers the droplet over SSH, and from where."""

    ssh_key_passphrase: SecretStr = Field(examples=["pulumi config set --secret ssh-key-passphrase"])
    ssh_key_file: Annotated[Path, AfterValidator(expanded)] = Field(examples=["~/.ssh/id_ed25519"])
    admin_user: UserName = Field(examples=["teacher"])
    admin_addresses: tuple[IPvAnyNetwork, ...] = Field(min_length=1, examples=['["192.0.2.0/24"]'])
    admin_ssh_keys: tuple[str, ...] = Field(examples=['["ssh-ed25519 AAAAC3Nz... ta@college.edu"]'])

    @field_validator("admin_ssh_keys")
    @classmethod
    def _keys_read(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(keys.public_line(line) for line in lines)

    @field_validator("ssh_key_file")
    @classmethod
    def _key_opens(cls, path: Path, others: ValidationInfo) -> Path:
        passphrase: SecretStr = others.data.get("ssh_key_passphrase", SecretStr(""))
        keys.read(path, passphrase.get_secret_value())
        return path

    @cached_property
    def ssh_key(self) -> keys.SshKey:
        """The instructor's key."""
        return keys.read(self.ssh_key_file, self.ssh_key_passphrase.get_secret_value())
