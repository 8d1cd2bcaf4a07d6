"""Writes conda's stand-in and the pins into the installer's: ``python -m rehearsal.anaconda.lock [--only-conda]``.

The installer is one file so that one sha256 covers it, packages and all. Only the wheels of the two machines that are
rehearsed (x86_64, Python 3.11 and 3.13) are listed: the lists stay short enough to be read.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

INSTALLER = Path(__file__).with_name("Anaconda3-standin-Linux-x86_64.sh")
CONDA = Path(__file__).with_name("conda.py")
BLOCKS = {
    "uv": ("uv==0.13.9",),
    "packages": ("numpy", "pandas", "scipy", "matplotlib", "sympy", "ipykernel", "ipywidgets", "pip"),
}
PYTHONS = ("3.11", "3.13")  # Debian 12 and 13; the older first, whose versions bind the newer


def resolve(requirements: Sequence[str], python: str) -> dict[str, str]:
    """Return the sha256 of each wheel that pip would install, by ``name==version``."""
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"),
                *("--only-binary", ":all:", "--python-version", python, "--target", folder),
                *("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux_2_17_x86_64"),
                *("--report", str(report), *requirements),
            ],
            check=True,
        )
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    return {
        f"{wheel['metadata']['name'].lower()}=={wheel['metadata']['version']}": wheel["download_info"]["archive_info"][
            "hashes"
        ]["sha256"]
        for wheel in found
    }


def locked(requirements: Sequence[str]) -> str:
    """Return ``requirements`` and all they need as a requirements file with hashes, for every Python."""
    hashes: dict[str, set[str]] = {}
    for python in PYTHONS:
        for pin, sha256 in resolve([*requirements, *hashes], python).items():
            hashes.setdefault(pin, set()).add(sha256)
    return "".join(
        " ".join([pin, *(f"--hash=sha256:{sha256}" for sha256 in sorted(hashes[pin]))]) + "\n" for pin in sorted(hashes)
    )


def main() -> None:
    """Rewrite the blocks between the BEGIN and END lines."""
    text = replaced(INSTALLER.read_text(encoding="utf-8"), "conda", CONDA.read_text(encoding="utf-8"))
    if "--only-conda" not in sys.argv:
        for name, requirements in BLOCKS.items():
            text = replaced(text, name, locked(requirements))
    INSTALLER.write_text(text, encoding="utf-8")


def replaced(text: str, name: str, block: str) -> str:
    """Return ``text`` with another block of that name."""
    before, begin, rest = re.split(rf"^(# BEGIN {name} .*\n)", text, maxsplit=1, flags=re.MULTILINE)
    _, end, after = re.split(rf"^(# END {name}\n)", rest, maxsplit=1, flags=re.MULTILINE)
    return before + begin + block + end + after


if __name__ == "__main__":
    main()
