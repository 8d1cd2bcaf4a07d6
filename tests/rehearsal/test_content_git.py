"""A course in a git repository: public, then private with a deploy key, and back to the folder."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from intruder import attempt, seated, the_droplet
from term import Term

from rehearsal import git, places
from rehearsal.places import GATEWAY, GIT, GIT_PORT, GIT_SSH_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from account import Droplet
    from intruder import Seat

pytestmark = pytest.mark.rehearsal

STUDENT = "katherine@college.example"
PICTURE = b"\x89PNG\r\n\x1a\n\0" + bytes(range(256))
PUBLIC = f"https://{GIT}:{GIT_PORT}/lab.git"
PRIVATE = f"ssh://git@{GATEWAY}:{GIT_SSH_PORT}/lab.git"
DEPLOY_KEY = "/etc/course/secrets/deploy-key"


class Lab:
    """The course's repository at the college's git server, and a clone to work in."""

    def __init__(self, clone: Path) -> None:
        self.clone = clone
        self.served = places.ours().git / "lab.git"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", self.served], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", clone], check=True)

    def push(self, **files: str | bytes) -> str:
        """Commit files, ``labs__one`` is labs/one.ipynb, and push; the commit's first seven digits."""
        for name, content in files.items():
            path = self.clone / f"{name.replace('__', '/')}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        for command in (("add", "-A"), ("commit", "-qm", "a week"), ("push", "-q", str(self.served), "main")):
            self._git(*command)
        return self._git("rev-parse", "HEAD")[:7]

    def _git(self, *command: str) -> str:
        identity = ("-c", "user.name=Emmy Noether", "-c", "user.email=emmy@college.example")
        words = ["git", "-C", str(self.clone), *identity, *command]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The repository, public; at the end the course is the folder again."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    (lab.served / "git-daemon-export-ok").touch()
    lab.push(labs__git1="one", labs__picture=PICTURE, solutions__git1="42")
    yield lab
    Term().up()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The teacher's home, with deploy keys made as the docs say."""
    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir(mode=0o700)
    for name in ("right", "wrong"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", home / ".ssh" / name], check=True
        )
    return home


def from_git(term: Term, address: str, **settings: str) -> None:
    for key, value in {"repository": address, "subfolder": "labs", **settings}.items():
        term.set(f"course-{key.replace('_', '-')}", value)


def private(term: Term, home: Path, key: str) -> None:
    """The private address, asked for by a teacher whose home is ``home``."""
    term.variables["HOME"] = str(home)
    from_git(term, PRIVATE, deploy_key_file=str(home / ".ssh" / key))


def shell(seat: Seat, command: str) -> str:
    with seat.kernel() as kernel:
        return kernel.attempt(command).said


def running(droplet: Droplet) -> str:
    units = droplet.says("systemctl list-units --plain --no-legend 'jupyterhub*.service' | cut -d' ' -f1").split()
    return droplet.says(f"systemctl show --property=Id,MainPID {' '.join(units)}")


def test_a_public_repository_takes_the_folders_place(term: Term, lab: Lab) -> None:
    commit = lab.push(labs__git2="two")
    from_git(term, PUBLIC)
    said = term.pulumi("preview").stdout
    assert f"course: comes from main of {PUBLIC} ({commit}); until now from the folder" in said
    assert term.changes() == {"content": "update"}, "nothing restarts for another source"

    term.up()

    with seated(STUDENT) as seat:
        assert shell(seat, "cd && cat git1.ipynb git2.ipynb && ls -d solutions labs || true").startswith("onetwo")
        digest = shell(seat, "sha256sum < ~/picture.ipynb | cut -c1-64")
    own = subprocess.run(["sha256sum", lab.clone / "labs/picture.ipynb"], capture_output=True, text=True, check=True)
    assert digest.strip() == own.stdout[:64], "a picture arrives byte for byte"


def test_a_new_commit_is_told_in_words_and_nobody_at_work_notices(term: Term, lab: Lab) -> None:
    before = lab.push(labs__git1="one, first edition")
    from_git(term, PUBLIC)
    term.up()
    droplet = term.droplet()
    with seated(STUDENT) as seat, seat.kernel() as kernel:
        kernel.prints("answer = 41")
        was = running(droplet)
        after = lab.push(labs__git1="one, second edition")
        assert f"course: main goes from {before} to {after}" in term.pulumi("preview").stdout
        assert term.changes() == {"content": "update"}

        term.up()

        assert running(droplet) == was, "no server, no hub, no proxy was restarted"
        assert kernel.prints("print(answer + 1)") == "42"
        assert term.changes() == {}, "the same commit is nothing to do"
    with seated(STUDENT) as seat:
        assert "second edition" in shell(seat, "cat ~/git1.ipynb"), "the next server has it"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"branch": "exma"}, "course-branch: 'exma' is not a branch of it; there are: main"),
        ({"subfolder": "lab"}, "course-subfolder: there is no folder 'lab' in"),
        ({"repository": f"https://{GIT}:{GIT_PORT}/lba.git"}, "course-repository: there is no repository at"),
        (
            {"repository": "https://nowhere.college.example/lab.git"},
            "course-repository: nowhere.college.example cannot be",
        ),
        ({"folder": "labs"}, "course-folder: 'labs' is set beside course-repository"),
    ],
)
def test_what_cannot_be_had_is_refused_in_the_preview(
    term: Term, lab: Lab, settings: dict[str, str], said: str
) -> None:
    assert lab.served.exists()
    from_git(term, PUBLIC, **settings)

    assert said in term.refused()


def test_a_private_repository_opens_with_its_deploy_key_alone(term: Term, lab: Lab, home: Path) -> None:
    (lab.served / "git-daemon-export-ok").unlink()
    from_git(term, PUBLIC)
    assert "is private, or not there" in (said := term.refused()) or "there is no repository" in said
    private(term, home, "right")
    assert "this machine has no SSH host key of [198.51.100.1]:2222" in term.refused(), "nobody is trusted unseen"
    host_key = git.host_key(places.ours().git).with_suffix(".pub").read_text()
    (home / ".ssh" / "known_hosts").write_text(f"[{GATEWAY}]:{GIT_SSH_PORT} {host_key}")
    (lab.served / "deploy_keys").write_text((home / ".ssh" / "right.pub").read_text())
    commit = lab.push(labs__git3="three")

    private(term, home, "wrong")
    assert "does not accept this key; add its public half to the repository as a deploy key: ssh-ed" in term.refused()
    private(term, home, "right")
    assert f"({commit}); until now from main of {PUBLIC}" in term.pulumi("preview").stdout.replace("\n", " ")
    assert term.changes() == {"content-secrets": "update", "content": "update"}
    term.up()

    with seated(STUDENT) as seat:
        assert shell(seat, "cat ~/git3.ipynb") == "three"
        with seat.kernel() as kernel:
            kernel.attempt(f"cat {DEPLOY_KEY}").assert_refused("Permission denied")
        for account in (seat.name, "jupyterhub", "nobody", "www-data"):
            attempt(term.droplet(), account, f"cat {DEPLOY_KEY}").assert_refused("Permission denied")
    secret = (home / ".ssh" / "right").read_text().splitlines()[1]
    assert term.droplet().says(f"stat -c %U:%G,%a {DEPLOY_KEY}") == "root:root,600"
    told = term.droplet().shell(
        f"grep -rlF {secret} /var/log /var/lib/course /etc/course /opt/course /tmp; journalctl | grep -cF {secret}"
    )
    assert told.stdout.split() == [DEPLOY_KEY, "0"], "it is in that one file, and in no log"
    assert secret not in term.pulumi("stack", "export").stdout, "nor in the stack's state but encrypted"


def test_a_fetch_that_fails_leaves_what_was_there_and_says_why(term: Term, lab: Lab, home: Path) -> None:
    private(term, home, "right")
    droplet = term.droplet()
    edition = droplet.says("readlink /opt/course/content")
    droplet.says(f"mv {DEPLOY_KEY} {DEPLOY_KEY}.away")
    lab.push(labs__git4="four")

    failed = term.pulumi("up", "--yes", "--skip-preview")

    assert failed.returncode != 0
    assert "It cannot be fetched; the notebooks from before stay in use. git says:" in failed.stdout
    assert "Permission denied (publickey)" in failed.stdout
    assert droplet.says("readlink /opt/course/content") == edition
    droplet.says(f"mv {DEPLOY_KEY}.away {DEPLOY_KEY}")
    term.up()
    assert droplet.says("cat /opt/course/content/git4.ipynb") == "four", "and the next up goes on"


def test_the_folder_takes_over_again_and_the_key_goes(term: Term, lab: Lab) -> None:
    assert re.search(r"course: comes from the folder; until now from main of ssh://", term.pulumi("preview").stdout)
    assert lab.served.exists()

    term.up()

    droplet = the_droplet()
    assert droplet.shell(f"ls {DEPLOY_KEY}").returncode != 0, "what is not needed is not kept"
    assert droplet.says("ls /opt/course/content") == "welcome.ipynb"
    with seated(STUDENT) as seat:
        assert "git1.ipynb" in shell(seat, "ls ~"), "and of what students have, nothing is taken"
        shell(seat, "rm -r ~/*.ipynb ~/.course")  # forgotten, so that the test can run again here
