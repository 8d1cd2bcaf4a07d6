"""The Pulumi CLI, which is also the engine: found on this machine, or downloaded, or built from its Go modules."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rehearsal.commands import CommandError, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# renovate: datasource=go depName=github.com/pulumi/pulumi/pkg/v3  (rehearsal/cli/go.mod has the same)
VERSION = "v3.259.0"
# The program's SDK asks for nothing newer: replace_with came with 3.207, replacement_trigger with 3.214, and
# hooks that see errors with 3.219.
OLDEST = (3, 220)
DOWNLOADS = "https://get.pulumi.com/releases/sdk"

_MODULES = Path(__file__).with_name("cli")
_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
# Without the version the CLI takes itself for a development build; the tags are those of the official one that matter.
_BUILD = (
    *("build", "-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags"),
    f"-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={VERSION}",
)
_CONNECT_SECONDS = 5
_PROGRESS_SECONDS = 10


class EngineMissing(RuntimeError):
    """There is no Pulumi CLI, and none can be made here; the message says what was tried."""


@dataclass(frozen=True)
class Engine:
    """A CLI: where it lies, its version (``v3.259.0``), and where it came from, in words."""

    pulumi: Path
    version: str
    origin: str


def find(cache: Path, path: str, say: Callable[[str], None], *, official: bool) -> Engine:
    """Give the CLI on `path`, or the one in `cache`, which is filled first if it has to be.

    An `official` one is tried for even where one was built before: it brings the official language host.

    Raises:
        EngineMissing: nothing on `path` is recent enough, the download is out of reach, and there is no Go.

    """
    downloaded, built = (cache / "pulumi" / f"{VERSION}-{kind}" for kind in ("official", "built"))
    ways: list[Callable[[], Engine | None]] = [
        lambda: _on_path(path),
        lambda: _kept(downloaded),
        lambda: _made(downloaded, _download, say),
        lambda: _kept(built),
        lambda: _made(built, _build, say),
    ]
    if not official:
        ways[2], ways[3] = ways[3], ways[2]
    for way in ways:
        if engine := way():
            return engine
    raise EngineMissing(
        f"there is no pulumi of v{OLDEST[0]}.{OLDEST[1]} or newer on PATH, {DOWNLOADS} is out of reach, and there is "
        "no go to build it with; install Pulumi (https://www.pulumi.com/docs/install), or Go 1.21 or newer"
    )


def is_reachable(url: str) -> bool:
    """Tell, within a few seconds, whether there is an answer at `url`."""
    try:
        with urllib.request.urlopen(url, timeout=_CONNECT_SECONDS):  # noqa: S310 - an https constant
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


@contextmanager
def progress(doing: str, say: Callable[[str], None]) -> Iterator[None]:
    """Say every ten seconds that, and for how long, something is being done."""
    done = threading.Event()
    started = time.monotonic()

    def tell() -> None:
        while not done.wait(_PROGRESS_SECONDS):
            say(f"{doing}: {time.monotonic() - started:.0f} s")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _on_path(path: str) -> Engine | None:
    found = shutil.which("pulumi", path=path)
    return _recent(Path(found), f"found on PATH, {found}") if found else None


def _kept(folder: Path) -> Engine | None:
    """Give the CLI that an earlier rehearsal has put into `folder`."""
    note = folder / "origin"
    return _recent(folder / "pulumi", note.read_text().strip()) if note.exists() else None


def _made(
    folder: Path, make: Callable[[Path, Callable[[str], None]], str | None], say: Callable[[str], None]
) -> Engine | None:
    """Let `make` fill `folder`, all or nothing; None when it cannot."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as unfinished:
        target = Path(unfinished) / "pulumi"
        target.mkdir()
        origin = make(target, say)
        if origin is None:
            return None
        (target / "origin").write_text(origin + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        target.rename(folder)
    return Engine(folder / "pulumi", VERSION, origin)


def _recent(pulumi: Path, origin: str) -> Engine | None:
    """Give the CLI at `pulumi`, unless it does not run or is too old."""
    try:
        version = subprocess.run([pulumi, "version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    numbers = re.match(r"v(\d+)\.(\d+)\.", version)
    recent = numbers is not None and (int(numbers[1]), int(numbers[2])) >= OLDEST
    return Engine(pulumi, version, origin) if recent else None


def _download(target: Path, say: Callable[[str], None]) -> str | None:
    """Unpack the official archive into `target`, language hosts and all; None when it is out of reach."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    url = f"{DOWNLOADS}/pulumi-{VERSION}-linux-{machine}.tar.gz"
    archive = target.with_name("pulumi.tar.gz")
    try:
        with (
            progress(f"downloading the Pulumi CLI from {url}", say),
            urllib.request.urlopen(url, timeout=_CONNECT_SECONDS) as answer,  # noqa: S310 - an https constant
            archive.open("wb") as file,
        ):
            shutil.copyfileobj(answer, file)
        run("tar", "-xzf", archive, "-C", target.parent)  # its one folder is called pulumi, as `target` is
    except (OSError, CommandError) as error:
        say(f"the official Pulumi CLI cannot be had from {url} ({error})")
        return None
    return f"downloaded from {url}"


def _build(target: Path, say: Callable[[str], None]) -> str | None:
    """Build the CLI into `target` with Go, from the modules that rehearsal/cli pins by their checksums."""
    go = shutil.which("go")
    if go is None:
        return None
    say(f"building the Pulumi CLI {VERSION} from its Go modules: about four minutes on two cores, once")
    with progress("building the Pulumi CLI", say):
        command = [go, *_BUILD, "-o", str(target / "pulumi"), _PACKAGE]
        build = subprocess.run(command, cwd=_MODULES, capture_output=True, text=True, check=False)
    if build.returncode:
        raise EngineMissing(f"the Pulumi CLI cannot be built from its Go modules:\n{build.stderr[-2000:]}")
    return "built from its published Go modules"
