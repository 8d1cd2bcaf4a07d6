"""The rehearsal's git server, asked by the real git."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from git_under_test import serving

from rehearsal import git

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's folder with one public and one private repository of one commit."""
    for name in ("public", "private"):
        at = ("git", "-C", str(tmp_path), "-c", "user.name=Ada", "-c", "user.email=ada@college.example")
        subprocess.run([*at, "init", "-q", "-b", "main", name], check=True)
        (tmp_path / name / "lab1.ipynb").write_text(name)
        subprocess.run([*at, "-C", name, "add", "."], check=True)
        subprocess.run([*at, "-C", name, "commit", "-qm", "a week"], check=True)
        subprocess.run([*at, "clone", "-q", "--bare", name, f"{name}.git"], check=True)
    (tmp_path / "public.git" / "git-daemon-export-ok").touch()
    for key in ("right", "wrong"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / key], check=True)
    (tmp_path / "private.git" / "deploy_keys").write_bytes((tmp_path / "right.pub").read_bytes())
    return tmp_path


async def asked(*words: str, **variables: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        "git", *words, env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C", **variables},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def test_the_web_has_what_is_public(folder: Path) -> None:
    async def ask() -> None:
        runner = web.AppRunner(git.make_app(folder))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        here = f"http://127.0.0.1:{runner.addresses[0][1]}"
        code, said = await asked("clone", "-q", "--depth=1", f"{here}/public.git", str(folder / "clone"))
        assert code == 0, said
        assert (folder / "clone" / "lab1.ipynb").read_text() == "public"
        code, said = await asked("ls-remote", f"{here}/private.git")
        assert (code, "not found" in said) == (128, True), "a private one is not there"
        await runner.cleanup()

    asyncio.run(ask())


def test_a_key_opens_its_repository_and_no_other(folder: Path) -> None:
    async def ask(here: str) -> None:
        async def with_key(key: str, *words: str) -> tuple[int, str]:
            ssh = f"ssh -F none -o BatchMode=yes -o UserKnownHostsFile={folder}/known_hosts -i {folder / key}"
            return await asked(*words, GIT_SSH_COMMAND=f"{ssh} -o IdentitiesOnly=yes -o IdentityAgent=none")

        code, said = await with_key("right", "clone", "-q", "--depth=1", f"{here}/private.git", str(folder / "clone"))
        assert code == 0, said
        assert (folder / "clone" / "lab1.ipynb").read_text() == "private"
        code, said = await with_key("wrong", "ls-remote", f"{here}/private.git")
        assert (code, "Permission denied" in said) == (128, True)
        code, said = await with_key("right", "ls-remote", f"{here}/public.git")
        assert (code, "Repository not found" in said) == (128, True)
        code, said = await with_key("right", "push", f"{here}/private.git", "main:main")
        assert code != 0, "and none may write"

    async def serve() -> None:
        async with serving(folder) as port:
            (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
            await ask(f"ssh://git@127.0.0.1:{port}")

    asyncio.run(serve())
