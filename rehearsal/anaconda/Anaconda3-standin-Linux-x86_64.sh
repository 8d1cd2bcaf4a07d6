#!/bin/bash
# Stands in for Anaconda's installer in the rehearsal, where the real one (1 GB, under a licence) cannot be downloaded.
# The same command line makes the same kind of thing: a Python prefix of its own with the scientific packages in it.
# The interpreter is a copy of the system's (Debian 12: 3.11, Debian 13: 3.13); the packages come from PyPI.
set -eu

PREFIX=$HOME/anaconda3
BATCH=0 FORCE=0 UPDATE=0

usage() {
  cat <<USAGE
usage: $0 [options]

Installs a stand-in for Anaconda3.

-b           run install in batch mode (without manual intervention),
             it is expected the license terms (if any) are agreed upon
-f           no error if install prefix already exists
-h           print this help message and exit
-p PREFIX    install prefix, defaults to $PREFIX, must not contain spaces.
-s           skip running pre/post-link/install scripts
-u           update an existing installation
USAGE
}

while getopts bfhp:su option; do
  case $option in
    b) BATCH=1 ;;
    f) FORCE=1 ;;
    h) usage; exit 0 ;;
    p) PREFIX=$OPTARG ;;
    s) ;;  # there are no such scripts
    u) UPDATE=1 ;;
    *) usage >&2; exit 2 ;;
  esac
done

case $PREFIX in
  *[[:space:]]*) echo "ERROR: Cannot install into directories with spaces" >&2; exit 1 ;;
  /*) ;;
  *) PREFIX=$PWD/$PREFIX ;;
esac
if [ $BATCH = 0 ]; then
  echo "ERROR: this stand-in asks no questions; accept the licence with -b: $0 -b -p $PREFIX" >&2
  exit 1
fi
if [ -e "$PREFIX" ] && [ $FORCE = 0 ] && [ $UPDATE = 0 ]; then
  echo "ERROR: File or directory already exists: '$PREFIX'" >&2
  echo "If you want to update an existing installation, use the -u option." >&2
  exit 1
fi

echo "Batch mode: the license terms are taken as agreed upon."
echo "PREFIX=$PREFIX"
echo "Unpacking payload ..."

version=$(/usr/bin/python3 -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
if [ ! -d "/usr/lib/$version/ensurepip" ]; then
  apt-get update -q -o=Dpkg::Use-Pty=0
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q -o=Dpkg::Use-Pty=0 --no-install-recommends python3-venv
fi

# Python finds its prefix from where it lies, so a copy of interpreter and library is a prefix of its own.
library=$PREFIX/lib/$version
mkdir -p "$PREFIX/bin" "$library"
cp -p "/usr/bin/$version" "$PREFIX/bin/$version"
ln -sf "$version" "$PREFIX/bin/python3"
ln -sf "$version" "$PREFIX/bin/python"
cp -RpL "/usr/lib/$version/." "$library"
rm -rf "$library/EXTERNALLY-MANAGED" "$library/sitecustomize.py" "$library/test"
# Its place for packages is site-packages, as everywhere but in Debian. Debian looks in dist-packages, which is
# compiled into the interpreter (site is a frozen module), so that folder leads on to the other one.
mkdir -p "$library/site-packages" "$library/dist-packages"
echo ../site-packages > "$library/dist-packages/site-packages.pth"
for module in "$library/sysconfig.py" "$library/sysconfig/__init__.py"; do  # a module in 3.11, a package in 3.13
  [ ! -f "$module" ] || sed -i "s/prefix_scheme = 'posix_local'/prefix_scheme = 'posix_prefix'/" "$module"
done
"$PREFIX/bin/python3" - "$library/site-packages" <<'PYTHON'
import sys, sysconfig

place = sys.argv[1]
if sysconfig.get_path("purelib") != place or place not in sys.path:
    sys.exit(f"ERROR: packages would go to {sysconfig.get_path('purelib')}, not to {place}")
PYTHON

echo "Installing base environment..."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/uv.txt" <<'LOCKED'
# BEGIN uv (rehearsal/anaconda/lock.py writes what follows)
uv==0.13.9 --hash=sha256:d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19
# END uv
LOCKED
cat > "$work/packages.txt" <<'LOCKED'
# BEGIN packages (rehearsal/anaconda/lock.py writes what follows)
asttokens==3.0.2 --hash=sha256:9da13157f5b28becde0bd374fc677dcd3c290614264eff096f167c469cd9f933
comm==0.2.3 --hash=sha256:c615d91d75f7f04f095b30d1c1711babd43bdc6419c1be9886a85f2f4e489417
contourpy==1.3.3 --hash=sha256:4debd64f124ca62069f313a9cb86656ff087786016d76927ae2cf37846b006c9 --hash=sha256:51e79c1f7470158e838808d4a996fa9bac72c498e93d8ebe5119bc1e6becb0db
cycler==0.12.1 --hash=sha256:85cef7cff222d8644161529808465972e51340599459b8ac3ccbac5a854e0d30
debugpy==1.8.22 --hash=sha256:a9e9d3550e15ca479c59333e90845029190531f0cacfedab3b815a57bd913947
executing==2.3.0 --hash=sha256:736e859c9f8701f11fcf516856f26f562e04776387824b43a35a1dfe21c84122
fonttools==4.68.0 --hash=sha256:08851f7d2b983412f490b73a7c56f17cbda1d4d85d2ad3f857564bf15b5d9475 --hash=sha256:4b9c89b5876f1a74b1341632dfaf4c4c2be565d76c060445df401ebe7a4ceefa
ipykernel==7.4.0 --hash=sha256:a6757f790ddc5a6006b813d82da1a9dbb65b3a00f2b6607df776418c6566ec1c
ipython==9.18.1 --hash=sha256:997ce9140d374531a61069c70c0f9ef299d6dd3559ea0f94b8af589726e3c1d5
ipython_pygments_lexers==1.1.1 --hash=sha256:a9462224a505ade19a605f71f8fa63c2048833ce50abc86768a0d81d876dc81c
ipywidgets==8.1.9 --hash=sha256:f2b8cbcaae10252b809fbe4d7470db75c09b769a32cbf816d20e5ca6d3c5a79d
jedi==0.20.1 --hash=sha256:0fb16d86c4a4c73c37ba518c77419975e30fcc620658a8d14fbb5720cdd34142
jupyter_client==8.10.0 --hash=sha256:5f73f24f22fa25192cfff6b23c051932a2473a797b05734aff495b392103e14e
jupyter_core==5.9.1 --hash=sha256:ebf87fdc6073d142e114c72c9e29a9d7ca03fad818c5d300ce2adc1fb0743407
jupyterlab_widgets==3.0.17 --hash=sha256:40ac1e9955acf116c4d995d9bfa082d86ad9ec6d91c4f134827cf5e0a5eb75e0
kiwisolver==1.5.1 --hash=sha256:74ad5c3dad54a4641b4c28cd15ded70899d04459c6c7aeacafea716be97cce6d --hash=sha256:95a02752aa032eef4aed01cda6d9b687c669bd0396bf4519eef8bba22a286720
matplotlib-inline==0.2.2 --hash=sha256:3c821cf1c209f59fb2d2d64abbf5b23b67bcb2210d663f9918dd851c6da1fcf6
matplotlib==3.11.2 --hash=sha256:07d9b9fa60cd4c393692f50d0bb03123242ddf61c99bb0e95e75feb354e7c1a8 --hash=sha256:1944895967f87c84c9b4bad29a707b31f5b36df4a3a2339ea1f8ea3ce5105539
mpmath==1.3.0 --hash=sha256:a0b2b9fe80bbcd81a6647ff13108738cfb482d481d826cc0e02f5b35e5c88d2c
nest-asyncio2==1.7.4 --hash=sha256:86e77b52c3d1496b294af3c944b44213b9b82a12a5ee590c0acc4ca4692ef6c7
numpy==2.4.6 --hash=sha256:89cd468399cfd2504718f0ba50e410dca55a170b61a02ad92bb18c8a65186e93 --hash=sha256:a7830bab239b79cda9c08c2da014761cafb48da6150e1da17ac06283f43b6089
packaging==26.3 --hash=sha256:d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c
pandas==3.1.1 --hash=sha256:4f1602f614bb83f443381dbcbb94c4ac764b2e50c8d6c965614c5cd83e328c47 --hash=sha256:645fa00fd85cfced2d2c09dc116d3694f578501b1ce4899153fbe64788ecda98
parso==0.8.7 --hash=sha256:a8926eb2a1b915486941fdbd31e86a4baf88fe8c210f25f2f35ecec5b574ca1c
pexpect==4.9.0 --hash=sha256:7236d1e080e4936be2dc3e326cec0af72acf9212a7e1d060210e70a47e253523
pillow==13.0.0 --hash=sha256:5f56499c1a74d2b862beb0c33b8016f99d095858455df9d21583bbbc1c15b582 --hash=sha256:a625df9a2a5597fa5e5266e01aefc82604bb85d291e3547981e863560d75da6c
pip==26.3 --hash=sha256:f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13
platformdirs==4.14.7 --hash=sha256:391513b74707c42335fff3ea17eaac657a7ee9ffcadd809634d34ea594d0122c
prompt_toolkit==3.0.53 --hash=sha256:01c0891d7f9237d5e339f7d3e42cdae80b7534abb1c7c0e3352efba6231492f2
psutil==7.2.2 --hash=sha256:076a2d2f923fd4821644f5ba89f059523da90dc9014e85f8e45a5774ca5bc6f9
ptyprocess==0.7.0 --hash=sha256:4b41f3967fce3af57cc7e94b888626c18bf37a083e3651ca8feeb66d492fef35
pure_eval==0.2.4 --hash=sha256:96cae060a313cfaad51bb761278bfb0e62dc0248d9315a81173752dc546cd37a
pygments==2.21.0 --hash=sha256:2363c69b61c4a97c838da3b130dcd6468f4848992b21a82f2a63ec34377137d9
pyparsing==3.3.3 --hash=sha256:ece8c00a69cf01b45d0b1dedabb469c90d8caf996d4fda40f147627a122849a4
python-dateutil==4.0.0 --hash=sha256:a5e246f79eb80475e691bf93862cead98decd8a498cf53ba0516fcdc0f50dc1c
pyzmq==27.3.0 --hash=sha256:477b8ad30d66fc905c5388351e83b9ac25824b00e82c0d052b72ea6392636dfd --hash=sha256:858fe25231e0fd8612da142efde019faa5ef63fa150a821a27870e791b38c798
scipy==1.17.1 --hash=sha256:43af8d1f3bea642559019edfe64e9b11192a8978efbd1539d7bc2aaa23d92de4 --hash=sha256:581b2264fc0aa555f3f435a5944da7504ea3a065d7029ad60e7c3d1ae09c5464
stack-data==0.6.3 --hash=sha256:d5558e0c25a4cb0853cddad3d77da9891a08cb85dd9f9f91b9f8cd66e511e695
sympy==1.14.0 --hash=sha256:e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5
tornado==6.6.1 --hash=sha256:1b6ff57cc69b339f8feb9e7b567b0e0eacb16bfaf234159496623ef7a67ba640
traitlets==5.16.1 --hash=sha256:f775618166caa0396c8e337099240f2bd3e5e917d203b2e6fbe21a58d3cb1f6b
typing_extensions==4.16.0 --hash=sha256:481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8
tzdata==2026.6 --hash=sha256:0a10eec6e13ef16b627fabed9a5f2ba61a62b1c67f327305f4e7e412a70b4aec
wcwidth==0.9.4 --hash=sha256:b185c8b927b23af2721be1783499d1cfa5c028b098b0858951b4ae224477f1c2
widgetsnbextension==4.0.16 --hash=sha256:a31a8774885b96fe825462f5d6496166f0c7cae111195b6465c801d230eb5a4e
# END packages
LOCKED
/usr/bin/python3 -m venv "$work/uv"
"$work/uv/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$work/uv.txt"
export SSL_CERT_FILE="${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}"  # pip asks the system, uv has to be told
"$work/uv/bin/uv" pip install --quiet --python "$PREFIX/bin/python3" --compile-bytecode --link-mode copy \
  --require-hashes -r "$work/packages.txt"

{
  echo "#!$PREFIX/bin/python3"
  cat <<'CONDA'
# BEGIN conda (rehearsal/anaconda/lock.py writes what follows: conda.py)
"""Stands in for conda in the rehearsal: the command lines the program uses, with packages from PyPI by pip.

``conda create`` makes an environment with the interpreter there is. Of any other Python, and of packages and versions
that PyPI does not have, it says in conda's words that they cannot be had. Channels are taken as given.

lock.py puts this into the installer; it runs there on the standard library and ``packaging``, which is installed too.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

# name, versions and build, such as `conda-forge::numpy=2.1=py312_0` or `numpy >=2,<3`
SPEC = re.compile(r"(?:[\w.-]+::)?([\w.-]+?) ?([=!<>~ ].*?)?(?:(?<=[\w*])[= ]\w+)?")
MISSING = re.compile(r"(?:No matching distribution found for|that satisfies the requirement) ([^\s(]+)")
LIST = "import json, importlib.metadata as m; print(json.dumps([[d.name, d.version] for d in m.distributions()]))"


class CondaError(Exception):
    """What conda prints before it ends with status 1."""


def requirement(spec: str) -> Requirement:
    """A conda spec as pip takes it: ``numpy=2.1`` is every 2.1; builds are conda's own."""
    match = SPEC.fullmatch(spec)
    name, versions = match.groups(default="") if match else (spec, "")
    versions = versions.replace(" ", "")
    if re.match(r"=[^=]", versions):
        versions = f"=={versions[1:].rstrip('*').rstrip('.')}.*"
    elif versions[:1].isdigit():
        versions = f"=={versions}"
    try:
        return Requirement(name + versions)
    except InvalidRequirement as error:
        raise CondaError(f"InvalidMatchSpec: Invalid spec '{spec}'") from error


def create(prefix: Path, specs: list[str]) -> None:
    """Make an environment at ``prefix`` that has ``specs``; leave nothing there if it cannot be made."""
    wanted = [requirement(spec) for spec in specs]
    if pythons := [
        str(each) for each in wanted if each.name == "python" and platform.python_version() not in each.specifier
    ]:
        raise _not_found(pythons)
    venv.create(prefix, symlinks=True, with_pip=True)
    try:
        _install(prefix, [str(each) for each in wanted if each.name != "python"])
    except CondaError:
        shutil.rmtree(prefix)
        raise
    _record(prefix)


def _install(prefix: Path, requirements: list[str]) -> None:
    pip = [str(prefix / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    done = subprocess.run([*pip, *requirements], capture_output=True, text=True, check=False)
    if done.returncode and (missing := MISSING.findall(done.stderr)):
        raise _not_found(sorted(set(missing)))
    if done.returncode:
        raise CondaError(f"LibMambaUnsatisfiableError: Encountered problems while solving:\n{done.stderr}")


def _record(prefix: Path) -> None:
    """Keep name and version of each package where conda does."""
    listed = subprocess.run([prefix / "bin/python", "-c", LIST], capture_output=True, text=True, check=True)
    (prefix / "conda-meta").mkdir()
    for name, version in [("python", platform.python_version()), *json.loads(listed.stdout)]:
        record = {"name": name.lower(), "version": version, "build": "pypi_0"}
        (prefix / "conda-meta" / f"{'-'.join(record.values())}.json").write_text(json.dumps(record))


def _not_found(specs: list[str]) -> CondaError:
    return CondaError(
        "PackagesNotFoundError: The following packages are not available from current channels:\n\n"
        + "".join(f"  - {spec}\n" for spec in specs)
        + "\nCurrent channels:\n\n  - the rehearsal's, which is PyPI\n\n"
        "To search for alternate channels that may provide the conda package you're\n"
        "looking for, navigate to\n\n    https://anaconda.org\n\nand use the search bar at the top of the page.\n"
    )


def main(words: list[str] | None = None) -> int:
    """``conda create`` and ``conda clean``; ``words`` is the command line."""
    parser = argparse.ArgumentParser(prog="conda")
    commands = parser.add_subparsers(dest="command", required=True)
    creating, cleaning = commands.add_parser("create"), commands.add_parser("clean")
    creating.add_argument("-p", "--prefix", type=Path, required=True)
    creating.add_argument("-c", "--channel", action="append", required=True)
    creating.add_argument("--solver", choices=["libmamba", "classic"])
    creating.add_argument("--no-default-packages", action="store_true")
    creating.add_argument("--override-channels", action="store_true")
    creating.add_argument("packages", nargs="*")
    cleaning.add_argument("-a", "--all", action="store_true")
    for command in (creating, cleaning):
        command.add_argument("-y", "--yes", action="store_true", required=True)  # nobody is there to be asked
        command.add_argument("-q", "--quiet", action="store_true")
    arguments = parser.parse_args(words)
    if arguments.command == "create":
        try:
            create(arguments.prefix, arguments.packages)
        except CondaError as error:
            print(f"\n{error}\n", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
# END conda
CONDA
} > "$PREFIX/bin/conda"
chmod 0755 "$PREFIX/bin/conda"

echo "installation finished."
