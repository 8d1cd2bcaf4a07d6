"""What the teacher's machine asks a repository, and how it says what is wrong; with the real git, on this disk."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

import course_repository
from course_repository import Repository, RepositoryProblem, branch_in, known_hosts, resolve, told, why, words

if TYPE_CHECKING:
    from pathlib import Path

SSH = Repository(address="git@git.college.edu:physics/lab.git", public_key="ssh-ed25519 AAAAC3 course")
HTTPS = Repository(address="https://git.college.edu/physics/lab")
HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFYlmnXkGyUJVlwzpFpMMhDBZLUjGJzoYHqzGGuUGGrt"


class Upstream:
    """A repository somewhere, which here is a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"file://{folder}"
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *command: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@college.example", "-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", "-C", self.folder, *identity, *command], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            path = self.folder / f"{name.replace('__', '/')}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a week")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def upstream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    monkeypatch.setattr(course_repository, "PROTOCOLS", "file")
    return Upstream(tmp_path / "lab.git")


def test_a_branch_is_its_newest_commit(upstream: Upstream) -> None:
    first = upstream.commit(lab1="one")
    upstream.git("switch", "--quiet", "--create", "exam")
    second = upstream.commit(lab1="two")
    upstream.git("switch", "--quiet", "main")

    default, exam = (resolve(Repository(address=upstream.address, branch=branch)) for branch in ("", "exam"))

    assert (default.branch, default.sha) == ("main", first), "the default branch has a name in the preview"
    assert (exam.branch, exam.sha) == ("exam", second)


def test_nothing_of_the_teachers_own_git_is_used(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream.commit(lab1="one")
    elsewhere = f'[url "file:///nowhere/"]\n\tinsteadOf = "file://{tmp_path}/"\n'
    (tmp_path / ".gitconfig").write_text(elsewhere)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_ASKPASS", "/bin/false")

    assert resolve(Repository(address=upstream.address)).branch == "main", "the droplet has none of it either"


@pytest.mark.parametrize(
    ("branch", "subfolder", "said"),
    [
        ("exma", "", "course-branch: 'exma' is not a branch of it; there are: exam, main"),
        ("", "labs", "course-subfolder: there is no folder 'labs' in .*; folders there are: notebooks"),
        ("", "notebooks/lab1.ipynb", "course-subfolder: there is no folder"),
        ("", "away", "course-subfolder: there is no folder 'away'"),
        ("exam", "", "something called shared, which is what every home calls the shared data"),
    ],
)
def test_what_is_not_in_the_repository_is_said_before_anything_is_changed(
    upstream: Upstream, branch: str, subfolder: str, said: str
) -> None:
    (upstream.folder / "away").symlink_to("/etc")
    upstream.commit(notebooks__lab1="one")
    upstream.git("switch", "--quiet", "--create", "exam")
    upstream.commit(shared__data="1")
    upstream.git("switch", "--quiet", "main")

    with pytest.raises(RepositoryProblem, match=said):
        resolve(Repository(address=upstream.address, branch=branch, subfolder=subfolder))


def test_a_repository_without_a_commit_and_one_that_is_not_there_are_told_apart(
    upstream: Upstream, tmp_path: Path
) -> None:
    with pytest.raises(RepositoryProblem, match="has no branch yet; push the course to it"):
        resolve(Repository(address=upstream.address))
    with pytest.raises(RepositoryProblem, match="there is no repository at"):
        resolve(Repository(address=f"file://{tmp_path}/nowhere.git"))


def test_what_students_do_not_get_is_named(upstream: Upstream, tmp_path: Path) -> None:
    other = Upstream(tmp_path / "other.git")
    other.commit(lab1="one")
    upstream.git("submodule", "--quiet", "add", other.address, "extra")
    (upstream.folder / "latest").symlink_to("lab1.ipynb")
    upstream.commit(lab1="one")

    notes = resolve(Repository(address=upstream.address)).notes

    assert notes == ("course: submodules are not fetched: extra", "course: symbolic links are left out: latest")


def test_hidden_files_are_not_counted_as_the_students(upstream: Upstream) -> None:
    (upstream.folder / ".github").mkdir()
    (upstream.folder / ".github" / "ci.yml").write_text("x")
    upstream.commit()

    with pytest.raises(RepositoryProblem, match="has no file for students"):
        resolve(Repository(address=upstream.address))


def test_the_answer_of_ls_remote_is_read() -> None:
    listing = (
        "ref: refs/heads/main\tHEAD\n1a2b\tHEAD\n1a2b\trefs/heads/main\n5d6e\trefs/heads/week/2\n7f\trefs/tags/v1\n"
    )

    assert branch_in(listing, HTTPS) == ("main", "1a2b")
    assert branch_in(listing, Repository(address=HTTPS.address, branch="week/2")) == ("week/2", "5d6e")
    with pytest.raises(RepositoryProblem, match="'v1' is not a branch"):
        branch_in(listing, Repository(address=HTTPS.address, branch="v1"))
    with pytest.raises(RepositoryProblem, match=r"names no default branch; .* to one of: main, week/2"):
        branch_in(listing.partition("\n")[2], HTTPS)


def test_git_has_to_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RepositoryProblem, match=r"git is not installed on this machine.*apt install git"):
        resolve(HTTPS)


@pytest.mark.parametrize(
    ("repository", "said", "means"),
    [
        (HTTPS, "fatal: unable to access 'x': Could not resolve host: git.college.edu", "cannot be reached from here"),
        (
            HTTPS,
            "fatal: unable to access: CONNECT tunnel failed, response 502",
            "cannot be reached from here",
        ),
        (SSH, "ssh: connect to host git.college.edu port 22: Connection timed out", "cannot be reached from here"),
        (
            HTTPS,
            "fatal: unable to access 'x': server certificate verification failed",
            "certificate that is not trusted",
        ),
        (HTTPS, "fatal: could not read Username for 'x': terminal prompts disabled", "is private, or not there"),
        (HTTPS, "fatal: repository 'https://git.college.edu/physics/lab/' not found", "there is no repository at"),
        (
            SSH,
            "ERROR: Repository not found.\nfatal: Could not read from remote",
            "or the key it is asked with is another's",
        ),
        (
            SSH,
            "git@git.college.edu: Permission denied (publickey).\nfatal: Could",
            "as a deploy key: ssh-ed25519 AAAAC3",
        ),
        (SSH, "Host key verification failed.\nfatal: Could not read", "another SSH host key than this machine knows"),
        (SSH, "Permissions 0644 for '/k' are too open.\nUNPROTECTED PRIVATE KEY FILE!", "chmod 600"),
        (HTTPS, "fatal: something nobody foresaw", "git says: fatal: something nobody foresaw"),
    ],
)
def test_each_trouble_has_words_of_its_own(repository: Repository, said: str, means: str) -> None:
    sentence = why(said, repository)

    assert means in sentence
    assert sentence.startswith(("course-repository: ", "course-deploy-key-file: ")), "the setting to look at"


def test_github_shows_where_a_deploy_key_is_added() -> None:
    github = Repository(address="git@github.com:physics/lab.git", public_key="ssh-ed25519 AAAA")

    assert "at https://github.com/physics/lab/settings/keys: ssh-ed25519 AAAA" in why("Permission denied", github)


@pytest.mark.parametrize(
    ("address", "user", "host", "port"),
    [
        ("git@github.com:physics/lab.git", "git", "github.com", 22),
        ("ssh://git@git.college.edu/physics/lab.git", "git", "git.college.edu", 22),
        ("ssh://lab@git.college.edu:2222/physics/lab.git", "lab", "git.college.edu", 2222),
        ("https://git.college.edu:8443/lab", "git.college.edu:8443", "git.college.edu", 8443),
    ],
)
def test_an_address_is_taken_apart(address: str, user: str, host: str, port: int) -> None:
    repository = Repository(address=address)

    assert (repository.host, repository.port) == (host, port)
    assert repository.over_ssh is (not address.startswith("https"))
    assert not repository.over_ssh or repository.user == user


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(course_repository, "SYSTEMS_HOST_KEYS", tmp_path / "ssh_known_hosts")
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def test_the_droplet_gets_the_host_keys_the_teacher_knows(home: Path) -> None:
    (home / ".ssh" / "known_hosts").write_text(
        f"other.edu {HOST_KEY}\ngit.college.edu,192.0.2.7 {HOST_KEY} a comment\n"
    )
    (home / "ssh_known_hosts").write_text(f"git.college.edu {HOST_KEY}\n")

    assert known_hosts(SSH) == (f"git.college.edu {HOST_KEY}",), "this host's alone, and each once"


def test_hashed_names_and_other_ports_are_found(home: Path) -> None:
    file = home / ".ssh" / "known_hosts"
    file.write_text(f"[git.college.edu]:2222 {HOST_KEY}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)

    found = known_hosts(Repository(address="ssh://git@git.college.edu:2222/lab.git"))

    assert found == (f"[git.college.edu]:2222 {HOST_KEY}",)


def test_an_unknown_host_is_never_simply_trusted(home: Path) -> None:
    (home / ".ssh" / "known_hosts").write_text(f"@revoked git.college.edu {HOST_KEY}\n")

    with pytest.raises(RepositoryProblem, match=r"compare the fingerprint .*: ssh -T git@git.college.edu"):
        known_hosts(SSH)


def source(repository: str = "", branch: str = "", subfolder: str = "", commit: str = "") -> dict[str, str]:
    return {"repository": repository, "branch": branch, "subfolder": subfolder, "commit": commit}


LAB = "https://git.college.edu/lab"
OLD, NEW = "1a2b3c4" + 33 * "0", "5d6e7f8" + 33 * "0"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        (None, source(LAB, "main", "", OLD), []),
        (source(), source(), []),
        (source(LAB, "main", "", OLD), source(LAB, "main", "", OLD), []),
        (source(LAB, "main", "", OLD), source(LAB, "main", "", NEW), ["course: main goes from 1a2b3c4 to 5d6e7f8"]),
        (
            source(LAB, "main", "", OLD),
            source(LAB, "exam", "", NEW),
            ["course: goes from main (1a2b3c4) to exam (5d6e7f8)"],
        ),
        (
            source(LAB, "main", "", OLD),
            source(LAB, "main", "labs", OLD),
            ["course: students get labs (1a2b3c4); until now all of it (1a2b3c4)"],
        ),
        (
            source(),
            source(LAB, "main", "", NEW),
            [f"course: comes from main of {LAB} (5d6e7f8); until now from the folder"],
        ),
        (
            source(LAB, "main", "", NEW),
            source(),
            [f"course: comes from the folder; until now from main of {LAB} (5d6e7f8)"],
        ),
    ],
)
def test_a_preview_says_in_words_what_changes(
    before: dict[str, str] | None, now: dict[str, str], said: list[str]
) -> None:
    assert words(before, now) == said


def test_what_the_droplet_was_told_is_read_back() -> None:
    text = "# a comment\nrepository=https://x/y\nbranch='it'\"'\"'s'\nsubfolder=''\ncommit=1a2b\n"

    assert told(text) == source("https://x/y", "it's", "", "1a2b")
