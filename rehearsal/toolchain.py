"""What ``pulumi`` is made of here: the CLI, the Python language host, and the plugins of the two providers.

Each plugin is the official one or this project's stand-in. A stand-in lies where the official one would (the language
host beside the CLI, the providers in Pulumi's home), so the engine finds either by its ordinary look-up.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal import engine
from rehearsal.places import GATEWAY, REPOSITORY, ours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rehearsal.engine import Engine

CHOICES = ("auto", "official", "stand-in")
# Asked when the command line leaves the choice open.
CHOICE_VARIABLE = "COURSE_PLUGINS"
LANGUAGE_HOST = "pulumi-language-python"
PROVIDERS = ("digitalocean", "command")
_STAND_INS = {
    LANGUAGE_HOST: "rehearsal.plugins.language",
    "digitalocean": "rehearsal.plugins.digitalocean.provider",
    "command": "rehearsal.plugins.command.provider",
}
_INSTALL_SECONDS = 300


class ToolchainError(RuntimeError):
    """The plugins that were asked for cannot be had; the message says which, and what was tried."""


@dataclass(frozen=True)
class Toolchain:
    """What was found for one rehearsal, whose folder is `home`; `origins` says of each part where it is from."""

    home: Path
    pulumi: Path
    version: str
    plugins: str
    origins: Mapping[str, str]

    def environment(self) -> dict[str, str]:
        """Give the variables with which a shell, or the rehearsal, runs this ``pulumi`` and no other."""
        path = [str(self.pulumi.parent), *_path_without(self.home / "bin")]
        stand_in = self.plugins == "stand-in"
        return {
            "PATH": os.pathsep.join(dict.fromkeys(path)),
            "PULUMI_HOME": str(self.home / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.home / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "rehearsal",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
            # An official provider somewhere on PATH would go before a stand-in.
            **({"PULUMI_IGNORE_AMBIENT_PLUGINS": "true"} if stand_in else {}),
            # The cloud is on this machine; a proxy cannot see it.
            "NO_PROXY": ",".join(filter(None, [os.environ.get("NO_PROXY"), GATEWAY, "127.0.0.1", "localhost"])),
            CHOICE_VARIABLE: self.plugins,
        }

    def __str__(self) -> str:
        parts = [f"Pulumi {self.version} ({self.origins['pulumi']})"]
        parts += [f"{name} ({origin})" for name, origin in self.origins.items() if name != "pulumi"]
        return ", ".join(parts)


def prepare(home: Path, choice: str, say: Callable[[str], None]) -> Toolchain:
    """Find or get the CLI and the plugins, and put them in place under `home` (the rehearsal's own folder).

    With `choice` ``official`` no stand-in is used, with ``stand-in`` nothing else; with ``auto`` the environment's
    ``COURSE_PLUGINS`` decides, and without that: the official ones if all can be had.

    Raises:
        EngineMissing: there is no CLI and none can be made.
        ToolchainError: the choice is none, or the official plugins cannot be had.

    """
    choice = os.environ.get(CHOICE_VARIABLE, choice) if choice == "auto" else choice
    if choice not in CHOICES:
        raise ToolchainError(f"{CHOICE_VARIABLE} is {choice!r}, but has to be one of {', '.join(CHOICES)}")
    path = os.pathsep.join(_path_without(home / "bin"))
    found = engine.find(ours().cache, path, say, official=choice == "official")
    for folder in ("home/plugins", "state"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    if choice != "stand-in":
        missing = _place_official(home, found)
        if not missing:
            return _told(_official(home, found), say)
        if choice == "official":
            raise ToolchainError(
                f"the official plugins cannot be had: {', '.join(missing)} not found (beside {found.pulumi}, on PATH, "
                f"in Pulumi's home), nor downloaded from {engine.DOWNLOADS}; use --plugins stand-in"
            )
    return _told(_place_stand_ins(home, found), say)


def required_version(provider: str) -> str:
    """Give the version of a provider's plugin that the installed Python package asks for, e.g. ``4.84.1``."""
    facts = json.loads(files(f"pulumi_{provider}").joinpath("pulumi-plugin.json").read_text())
    return str(facts["version"])


def _told(tools: Toolchain, say: Callable[[str], None]) -> Toolchain:
    say(f"using {tools}")
    return tools


def _path_without(folder: Path) -> list[str]:
    """Give PATH without the rehearsal's own folder, which is on it in a rehearsal's shell."""
    return [entry for entry in os.environ.get("PATH", "").split(os.pathsep) if entry and Path(entry) != folder]


def _plugin_folder(home: Path, provider: str) -> Path:
    return home / "home" / "plugins" / f"resource-{provider}-v{required_version(provider)}"


def _clear(home: Path, *, stand_ins: bool) -> None:
    """Remove what an earlier rehearsal put in place with the other choice (or, of stand-ins, with an older Python)."""
    shutil.rmtree(home / "bin", ignore_errors=True)
    for provider in PROVIDERS:
        folder = _plugin_folder(home, provider)
        if (folder / "stand-in").exists() or stand_ins:
            shutil.rmtree(folder, ignore_errors=True)


# ---- the official ones ----


def _place_official(home: Path, found: Engine) -> list[str]:
    """Bring what is not found here into Pulumi's home; give the names of what cannot be had."""
    _clear(home, stand_ins=False)
    missing = [] if _official_language_host(home, found) else [LANGUAGE_HOST]
    missing += [
        f"pulumi-resource-{provider}"
        for provider in PROVIDERS
        if not (_on_path(home, f"pulumi-resource-{provider}") or _from_users_home(home, provider))
    ]
    if missing and missing[0] != LANGUAGE_HOST and engine.is_reachable(engine.DOWNLOADS):
        missing = [name for name in missing if not _installed(home, found, name.removeprefix("pulumi-resource-"))]
    return missing


def _official(home: Path, found: Engine) -> Toolchain:
    origins = {"pulumi": found.origin, LANGUAGE_HOST: f"official, {_official_language_host(home, found)}"}
    for provider in PROVIDERS:
        place = _on_path(home, f"pulumi-resource-{provider}") or _plugin_folder(home, provider)
        origins[f"{provider} {required_version(provider)}"] = f"official, {place}"
    return Toolchain(home, found.pulumi, found.version, "official", origins)


def _official_language_host(home: Path, found: Engine) -> Path | None:
    beside = found.pulumi.resolve().with_name(LANGUAGE_HOST)
    return beside if beside.exists() else _on_path(home, LANGUAGE_HOST)


def _on_path(home: Path, program: str) -> Path | None:
    place = shutil.which(program, path=os.pathsep.join(_path_without(home / "bin")))
    return Path(place) if place else None


def _from_users_home(home: Path, provider: str) -> bool:
    """Copy the plugin from the user's own Pulumi home, unless it is in the rehearsal's already."""
    ours_ = _plugin_folder(home, provider)
    theirs = Path.home() / ".pulumi" / "plugins" / ours_.name
    if not ours_.exists() and theirs.is_dir():
        shutil.copytree(theirs, ours_)
    return ours_.exists()


def _installed(home: Path, found: Engine, provider: str) -> bool:
    """Let the CLI download the plugin into the rehearsal's Pulumi home."""
    command = [str(found.pulumi), "plugin", "install", "resource", provider, f"v{required_version(provider)}"]
    variables = {**os.environ, "PULUMI_HOME": str(home / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    try:
        subprocess.run(command, env=variables, capture_output=True, timeout=_INSTALL_SECONDS, check=True)
    except subprocess.SubprocessError:
        return False
    return _plugin_folder(home, provider).exists()


# ---- the stand-ins ----


def _place_stand_ins(home: Path, found: Engine) -> Toolchain:
    _clear(home, stand_ins=True)
    binaries = home / "bin"
    binaries.mkdir()
    pulumi = binaries / "pulumi"
    try:
        # Not a symbolic link: the engine looks beside the file that it really is.
        pulumi.hardlink_to(found.pulumi.resolve())
    except OSError:
        shutil.copy2(found.pulumi, pulumi)
    _write_launcher(binaries / LANGUAGE_HOST, _STAND_INS[LANGUAGE_HOST])
    origins = {"pulumi": found.origin, LANGUAGE_HOST: "stand-in"}
    for provider in PROVIDERS:
        folder = _plugin_folder(home, provider)
        folder.mkdir()
        (folder / "stand-in").write_text("Not the official plugin: see rehearsal/plugins/.\n")
        _write_launcher(folder / f"pulumi-resource-{provider}", _STAND_INS[provider])
        origins[f"{provider} {required_version(provider)}"] = "stand-in"
    return Toolchain(home, pulumi, found.version, "stand-in", origins)


def _write_launcher(file: Path, module: str) -> None:
    """Write a program that runs `module` with the Python that runs the rehearsal.

    Isolated (``-I``): neither the folder nor the variables of the program that Pulumi runs may change what is imported.
    """
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); from {module} import main; main()"
    file.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -c {shlex.quote(code)} "$@"\n')
    file.chmod(0o755)
