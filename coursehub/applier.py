#!/usr/bin/python3
"""Apply one step's manifest to this machine; installed as /usr/local/libexec/course-step and run by root.

The manifest is plain text on standard input: ``step NAME`` and ``limit SECONDS``, then files
(``file PATH OWNER:GROUP MODE``, or ``data ...`` for one in base64) and a script (``run``), each followed by its lines
behind ``| ``; last, ``end``.

Files are written atomically. Files an earlier manifest of the step had and this one has not are removed. Then the
script runs; its output goes to a log, and what it writes to descriptor 3 is shown as progress. Same manifest after a
success, and every file still as it says: nothing runs.

Standard library only: it runs on the system's Python, whatever the image.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_LINE = 200  # characters; pulumi-command hangs on lines past 64 KiB, and a teacher reads short ones
LAST_LINES = 15  # of the log, shown when a script fails

# What every script may call.
PRELUDE = """\
say() { printf '%s\\n' "$*" >&3; }
fail() { say "$*"; exit 1; }

# point LINK TARGET: make LINK point there, in one go and only if it does not yet (its age tells what is out of date)
point() {
  [ "$(readlink "$1" || true)" = "$2" ] && return
  ln -sfn "$2" "$1.new"
  mv -T "$1.new" "$1"
}

# packages NAME...: install what is missing and upgrade nothing; mend what an installation cut short left, once
packages() {
  local install="apt-get install -y -q --no-install-recommends --no-upgrade"
  $install "$@" || { dpkg --configure -a; apt-get update -q; $install "$@"; }
}
"""


@dataclass(frozen=True)
class File:
    """A file as the manifest wants it: absolute path, ``owner:group``, octal mode, every byte."""

    path: str
    owner: str
    mode: int
    content: bytes


@dataclass
class Manifest:
    """What one step puts on the machine. ``limit`` is in seconds."""

    step: str = ""
    limit: int = 600
    files: list[File] = field(default_factory=list)
    script: str = ""


def parse(text: str) -> Manifest:
    """Read a manifest; raise ``ValueError`` naming the line that is not one."""
    if not text.endswith("\nend\n"):  # what a broken connection cut short would remove files and run half a script
        raise ValueError("the manifest did not arrive whole")
    manifest = Manifest()
    for number, word, rest, body in _sections(text.removesuffix("end\n")):
        if word == "step":
            manifest.step = rest
        elif word == "limit":
            manifest.limit = int(rest)
        elif word == "run":
            manifest.script = body
        elif word in ("file", "data"):
            path, owner, mode = rest.rsplit(" ", 2)
            if not path.startswith("/") or os.path.normpath(path) != path:
                raise ValueError(f"line {number}: {path!r} is not a plain absolute path")
            content = body.encode() if word == "file" else _decoded(body, path)
            manifest.files.append(File(path, owner, int(mode, 8), content))
        else:
            raise ValueError(f"line {number}: {word[:40]!r} is not part of a manifest")
    if not manifest.step.replace("_", "").isalnum():
        raise ValueError(f"step {manifest.step!r} is not a name")
    return manifest


def _decoded(body: str, path: str) -> bytes:
    try:
        return base64.b64decode(body.replace("\n", ""), validate=True)
    except ValueError as error:
        raise ValueError(f"the content of {path} is not base64 ({error})") from error


def _sections(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Each heading: its line number, first word, the rest of it, and the text quoted below it."""
    lines = text.split("\n")  # as files are: splitlines() also cuts at form feeds
    number = 0
    while number < len(lines):
        word, _, rest = lines[number].partition(" ")
        end = number + 1
        while end < len(lines) and lines[end].partition(" ")[0] == "|":
            end += 1
        if word:
            yield number + 1, word, rest, "".join(f"{line[2:]}\n" for line in lines[number + 1 : end])
        number = end


@dataclass
class Record:
    """What the step left behind last time, kept beside the logs' folder so that it can be taken up again."""

    digest: str = ""  # of the last manifest that went through, empty after a failure
    files: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Record:
        """The record at ``path``, or an empty one."""
        return cls(**json.loads(path.read_text())) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Keep the record, atomically."""
        write_atomically(path, json.dumps(self.__dict__, indent=1).encode(), 0o600)


def write_atomically(path: Path, content: bytes, mode: int, owner: str = "") -> None:
    """Replace ``path`` by ``content`` with its final mode and owner from the first moment anyone can open it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(descriptor)
        if owner:
            shutil.chown(name, *owner.split(":"))
        Path(name).chmod(mode)  # after chown, which may clear bits
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def differs(file: File, path: Path) -> bool:
    """Whether ``path`` is not yet what ``file`` says (content, mode or owner)."""
    if path.is_symlink() or not path.is_file():
        return True
    status = path.stat()
    if status.st_mode & 0o7777 != file.mode or path.read_bytes() != file.content:
        return True
    return file.owner not in (f"{path.owner()}:{path.group()}", "")


class Machine:
    """The file system steps are applied to; ``root`` is ``/`` but in tests."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self.records = root / "var/lib/course/steps"
        self.logs = root / "var/log/course"
        self.lock = root / "run/course-step.lock"

    def place(self, path: str) -> Path:
        """Where the manifest's ``path`` lies on this machine."""
        return self.root / path.lstrip("/")

    def apply(self, text: str) -> int:
        """Apply the manifest ``text``; return 0, or 1 when its script failed. Safe to repeat from any point."""
        manifest = parse(text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        with self.lock.open("w") as lock:
            wait_for(lock.fileno())
            kept = self.records / f"{manifest.step}.json"
            earlier = Record.read(kept)
            stale = [file for file in manifest.files if differs(file, self.place(file.path))]
            if earlier.digest == digest and not stale:
                say(f"{manifest.step}: already so, nothing to do")
                return 0
            wanted = [file.path for file in manifest.files]
            # Kept before anything is touched: an end half-way is no success, and leaves no file that nobody knows of.
            Record(files=sorted({*earlier.files, *wanted})).write(kept)
            for gone in set(earlier.files) - set(wanted):
                self.place(gone).unlink(missing_ok=True)
            for file in stale:
                write_atomically(self.place(file.path), file.content, file.mode, file.owner)
            failure = self.run(manifest)
            if failure:
                say(f"{manifest.step}: {failure}")
                return 1
            Record(digest=digest, files=wanted).write(kept)
            return 0

    def run(self, manifest: Manifest) -> str:
        """Run the manifest's script within its limit; return why it failed, or an empty string."""
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o750)
        log_path = self.logs / f"{manifest.step}.log"
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
        }
        reading, writing = os.pipe()
        with log_path.open("ab") as log:
            log_path.chmod(0o600)
            begin = log.tell()
            log.write(f"--- {time.strftime('%F %T')}\n".encode())
            log.flush()
            process = subprocess.Popen(
                # dup2 onto 3 happens in the child's own shell: descriptors are inherited by number
                ["/bin/bash", "-c", f"exec 3>&{writing}; {PRELUDE}\nset -euo pipefail\n{manifest.script}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[writing],
                env=environment,
                start_new_session=True,
            )
            os.close(writing)
            # A daemon a script starts could hold the pipe open, so reading it must not decide when the step is over.
            reader = threading.Thread(target=show, args=(reading,), daemon=True)
            reader.start()
            try:
                code = process.wait(timeout=manifest.limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                return f"took longer than {manifest.limit} s and was stopped; the log is {log_path}"
            reader.join(timeout=1)
        if code == 0:
            return ""
        with log_path.open("rb") as log:
            log.seek(begin)
            tail = log.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        for line in tail:
            say(f"  {line}")
        return f"failed (exit code {code}); the whole log is {log_path} on the server"


def wait_for(lock: int) -> None:
    """Wait for a step still at work, as one whose `pulumi up` was killed is."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("an earlier step is still at work on the server; waiting for it")
        fcntl.flock(lock, fcntl.LOCK_EX)


def show(descriptor: int) -> None:
    """Show what a script says, until nobody holds the other end."""
    with os.fdopen(descriptor, encoding="utf-8", errors="replace") as progress:
        for line in progress:
            say(line)


def say(line: str) -> None:
    """Show one short line; a listener that has gone away must not end the step half-way."""
    try:
        print(line.rstrip("\n")[:LONGEST_LINE], flush=True)
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - stands in until the process ends


def main() -> int:
    """Apply the manifest on standard input."""
    if os.geteuid() != 0:
        print("course-step changes the system: run it as root", file=sys.stderr)
        return 2
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the instructor's connection may drop; the step goes on to its end
    os.umask(0o022)
    return Machine().apply(sys.stdin.buffer.read().decode())  # not as text, which has no carriage returns


if __name__ == "__main__":
    sys.exit(main())
