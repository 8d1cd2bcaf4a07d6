"""The content step's own script, in a temporary root: what a fetch brings, and what a failed one leaves."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from program_under_test import ROOT

from coursehub import applier
from manifest import Data, File, Manifest
from rendering import ContentSource, script, text_of

if TYPE_CHECKING:
    from pathlib import Path

SENT = ("content.py", "edition.py", "shared.py")
PROTOCOL = "GIT_ALLOW_PROTOCOL=https:ssh"


class Droplet:
    """A root with the step applied to it; ``git`` runs in a repository that is not a droplet's."""

    def __init__(self, root: Path) -> None:
        self.root = root / "root"
        self.upstream = root / "lab.git"
        self.upstream.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *command: str) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@college.example")
        done = subprocess.run(
            ["git", *identity, *command], cwd=self.upstream, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            path = self.upstream / f"{name.replace('__', '/')}.ipynb"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a week")
        return self.git("rev-parse", "HEAD")

    def here(self, text: str) -> str:
        """A text of the droplet's, with its folders where they are in this test."""
        return text.replace("/opt/course", f"{self.root}/opt/course").replace("/etc/course", f"{self.root}/etc/course")

    def apply(self, *course: File | Data, commit: str = "", subfolder: str = "", repository: str = "") -> int:
        """Apply the step as the program makes it: from the folder, or from a commit."""
        address = (repository or f"file://{self.upstream}") if commit else ""
        source = ContentSource(repository=address, branch="main" if commit else "", subfolder=subfolder, commit=commit)
        texts = {
            source.path: source.render(),
            **{f"/opt/course/lib/coursehub/{name}": text_of(ROOT / "coursehub" / name) for name in SENT},
        }
        files = [File(path=path, text=self.here(text), owner="") for path, text in texts.items()]
        text = script("content.sh")
        assert PROTOCOL in text, "git speaks to nothing else on a droplet"
        text = f"packages() {{ :; }}\n{self.here(text.replace(PROTOCOL, 'GIT_ALLOW_PROTOCOL=file'))}"
        return applier.Machine(self.root).apply(Manifest(step="content", files=[*files, *course], script=text).text())

    @property
    def content(self) -> dict[str, bytes]:
        """The edition in use."""
        folder = (self.root / "opt/course/content").resolve(strict=True)
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def droplet(tmp_path: Path) -> Droplet:
    return Droplet(tmp_path)


def in_folder(name: str, text: str) -> File:
    return File(path=f"/opt/course/folder/{name}", text=text, owner="")


def test_the_folder_becomes_an_edition_pictures_and_all(droplet: Droplet) -> None:
    picture = Data(path="/opt/course/folder/week1/figure.png", content=b"\x89PNG\0", owner="")

    assert droplet.apply(in_folder("week1/lab1.ipynb", "one"), picture) == 0
    assert droplet.content == {"week1/lab1.ipynb": b"one\n", "week1/figure.png": b"\x89PNG\0"}

    droplet.apply(in_folder("lab2.ipynb", "two"))
    assert droplet.content == {"lab2.ipynb": b"two\n"}, "what was taken out of the course is out"


def test_an_empty_folder_is_an_edition_too(droplet: Droplet) -> None:
    assert droplet.apply() == 0
    assert droplet.content == {}


def test_exactly_the_commit_that_was_previewed_is_fetched(droplet: Droplet) -> None:
    previewed = droplet.commit(lab1="one")
    droplet.commit(lab1="two")

    assert droplet.apply(commit=previewed) == 0

    assert droplet.content == {"lab1.ipynb": b"one"}, "and not what was pushed since"
    left = [path.name for path in (droplet.root / "opt/course/editions").iterdir() if path.name.startswith(".")]
    assert left == [], "the checkout is gone again"


def test_students_get_the_subfolder_alone(droplet: Droplet) -> None:
    commit = droplet.commit(notebooks__lab1="one", solutions__lab1="42")

    droplet.apply(commit=commit, subfolder="notebooks")

    assert droplet.content == {"lab1.ipynb": b"one"}


def test_a_fetch_that_fails_leaves_what_was_there_and_says_why(
    droplet: Droplet, capsys: pytest.CaptureFixture[str]
) -> None:
    droplet.apply(in_folder("lab1.ipynb", "from the folder"))
    commit = droplet.commit(lab1="from git")

    assert droplet.apply(commit=commit, repository="file:///nowhere.git") == 1

    assert droplet.content == {"lab1.ipynb": b"from the folder\n"}, "though the folder does not travel any more"
    said = capsys.readouterr().out
    assert "cannot be fetched; the notebooks from before stay in use" in said
    assert "'/nowhere.git' does not appear to be a git repository" in said

    assert droplet.apply(commit=commit) == 0, "and can be repeated"
    assert droplet.content == {"lab1.ipynb": b"from git"}


def test_a_link_in_the_repository_hands_out_no_folder_of_the_droplet(droplet: Droplet, tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_text("private")
    (droplet.upstream / "notebooks").symlink_to(tmp_path / "secrets")
    commit = droplet.commit(lab1="one")

    assert droplet.apply(commit=commit, subfolder="notebooks") == 1
    assert droplet.apply(commit=commit) == 0
    assert droplet.content == {"lab1.ipynb": b"one"}


def test_what_is_refused_is_said_in_words(droplet: Droplet, capsys: pytest.CaptureFixture[str]) -> None:
    commit = droplet.commit(shared__data="1")

    assert droplet.apply(commit=commit) == 1
    assert "something called shared, which is what every home calls the shared data" in capsys.readouterr().out


def test_the_way_back_to_the_edition_before_fetches_nothing(droplet: Droplet) -> None:
    first, second = droplet.commit(lab1="one"), droplet.commit(lab1="two")
    for commit in (first, second):
        droplet.apply(commit=commit)
    (droplet.upstream / ".git" / "HEAD").unlink()  # no repository any more

    assert droplet.apply(commit=first) == 0
    assert droplet.content == {"lab1.ipynb": b"one"}
