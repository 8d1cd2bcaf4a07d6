"""The whole program against a recorder: what it declares, and what it must never do."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pulumi
import pytest
from program_under_test import ROOT, SECRET_MARK, SIZES, Deployment, Refused, deploy

import keys
import manifest
import roster
from course_repository import Commit, RepositoryProblem
from rendering import ContentSource
from settings import SettingsProblem

STEPS = (
    "first-contact",
    "applier",
    "sudo-user",
    "storage",
    "content-secrets",
    "content",
    "anaconda",
    "jupyterhub-secrets",
    "jupyterhub",
    "certbot",
    "roster",
    "student-check",
)
SHA = "5d6e7f8" + 33 * "0"
SECRET_STEPS = ("content-secrets", "jupyterhub-secrets")


@pytest.fixture(autouse=True)
def _nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deployed.known", lambda: True)
    monkeypatch.setattr("deployed.last_file", lambda *_: None)
    monkeypatch.setattr("sign_in_probe.problems", lambda _: [])


@pytest.fixture
def program(texts: dict[str, str]) -> Deployment:
    return deploy({**texts, "dns": "create"})


def dependencies(program: Deployment, name: str) -> set[str]:
    return {urn.rpartition("::")[2] for urn in program.resources[name].dependencies}


def test_the_firewall_stands_before_the_droplet_does(program: Deployment) -> None:
    assert "firewall" in dependencies(program, "droplet"), "there is no moment in which the droplet is open"
    assert program.inputs("firewall")["tags"] == program.inputs("droplet")["tags"], "it covers every droplet of the tag"


def test_another_name_for_the_droplet_does_not_move_the_firewall(program: Deployment) -> None:
    assert set(program.resources["tag"].ignoreChanges) == {"name"}, "the tag is what ties the firewall to the droplet"


def test_only_web_ports_are_open_to_everyone(texts: dict[str, str]) -> None:
    program = deploy({**texts, "admin-addresses": '["192.0.2.0/24"]'})

    rules = {
        rule.get("portRange", "icmp"): rule["sourceAddresses"] for rule in program.inputs("firewall")["inboundRules"]
    }

    assert rules["22"] == ["192.0.2.0/24"], "SSH is for the instructor's networks"
    assert set(rules) == {"22", "80", "443", "icmp"}, "nothing else is reachable"


def test_nothing_a_teacher_changes_in_term_can_replace_the_droplet(program: Deployment) -> None:
    droplet = program.resources["droplet"]

    assert set(droplet.ignoreChanges) >= {"image", "userData", "sshKeys", "region"}, "each of them would replace it"
    assert droplet.deleteBeforeReplace, "a volume is attached to one droplet at a time"
    assert program.inputs("droplet")["resizeDisk"] is False, "after exam week it becomes small again"


def test_a_new_droplet_is_made_where_the_work_is(program: Deployment) -> None:
    (source,) = program.resources["droplet"].propertyDependencies["region"].urns

    assert source.endswith("::volume"), "a region set anew must not cost the droplet: the volume stays where it is"


def test_the_volume_comes_blank(program: Deployment) -> None:
    assert "initialFilesystemType" not in program.inputs("volume"), "else the droplet mounts it a second time, in /mnt"


def test_the_volume_changes_in_size_only(program: Deployment) -> None:
    ignored = set(program.resources["volume"].ignoreChanges)

    assert ignored >= {"region", "name"}, "anything else would replace everyone's work"
    assert "size" not in ignored, "growing is the one change that is wanted"


def test_a_droplet_of_another_name_keeps_its_volume(texts: dict[str, str]) -> None:
    before = deploy(texts)
    after = deploy({**texts, "droplet-name": "lab"})

    assert "name" in before.resources["volume"].ignoreChanges, "so the volume's name in the engine's state stays"
    assert "volume" in dependencies(after, "storage"), "and the mount goes by that one, not by the setting"


def test_every_step_goes_with_the_machine_and_is_made_again_on_a_new_one(program: Deployment) -> None:
    for name in STEPS:
        step = program.resources[name]
        assert step.deletedWith.endswith("::droplet"), f"{name} must not be undone over SSH on a machine that is gone"
        assert program.inputs(name)["triggers"] == ["7"], f"{name} runs again when the droplet is another"
        assert "triggers[*]" in step.replaceOnChanges


def test_no_step_has_a_delete_or_an_update_script(program: Deployment) -> None:
    for name in STEPS:
        assert not {"delete", "update"} & set(program.inputs(name)), (
            f"{name}: a replacement runs the old delete after the new create, and a new host gets update, not create"
        )


def test_no_step_sends_its_last_output_along(program: Deployment) -> None:
    for name in STEPS:
        assert program.inputs(name)["addPreviousOutputInEnv"] is False, f"{name}: sshd would refuse it with a warning"


def test_every_step_checks_whom_it_speaks_to(program: Deployment) -> None:
    for name in STEPS:
        connection = program.inputs(name)["connection"]
        assert SECRET_MARK in connection, f"{name}: the connection holds the private key"
        assert connection["value"]["host"] == "192.0.2.10"
        expected = "ecdsa-sha2-nistp256" if name == "first-contact" else "ssh-ed25519 AAAADROPLET"
        assert connection["value"]["hostKey"].startswith(expected), f"{name}: no host key means no check at all"


def test_steps_form_one_chain(program: Deployment) -> None:
    for earlier, later in pairwise(STEPS):
        assert earlier in dependencies(program, later), f"{later} waits for {earlier}: apt takes one at a time"


def test_first_contact_never_runs_twice_on_a_machine(program: Deployment) -> None:
    assert set(program.resources["first-contact"].ignoreChanges) == {"connection", "create"}, (
        "its host key is retired right after; an edit of key or script must not dial with it again"
    )


def test_the_certificate_waits_for_name_and_address(program: Deployment) -> None:
    assert dependencies(program, "certbot") >= {"reserved-ip-assignment", "a-record", "caa-record"}


def test_the_assignment_goes_with_the_droplet(program: Deployment) -> None:
    assert program.resources["reserved-ip-assignment"].deletedWith.endswith("::droplet")


def test_the_project_leaves_the_reserved_address_out(program: Deployment) -> None:
    held = program.inputs("project-resources")["resources"]

    assert set(held) == {"do:droplet:7", "do:volume:1", "do:domain:course.example"}
    assert "resources" not in program.inputs("project"), (
        "its own list takes in the reserved address that follows the droplet; moving that out is refused (412)"
    )


def test_records_are_spelt_as_the_api_returns_them(program: Deployment) -> None:
    record, caa = program.inputs("a-record"), program.inputs("caa-record")

    assert (record["name"], record["ttl"]) == ("hub", 300), "without a lifetime every creation warns"
    assert caa["value"].endswith("."), "without the dot the diff never ends"
    assert (caa["tag"], caa["flags"]) == ("issue", 0), "a CAA record needs both"


@pytest.mark.parametrize(("dns", "zone", "records"), [("manual", 0, 0), ("existing", 0, 2), ("create", 1, 2)])
def test_dns_is_made_as_the_teacher_says(texts: dict[str, str], dns: str, zone: int, records: int) -> None:
    program = deploy({**texts, "dns": dns})

    assert len(program.of_type(":Domain")) == zone
    assert len(program.of_type(":DnsRecord")) == records


def test_secrets_travel_in_a_step_of_their_own_and_nowhere_else(program: Deployment) -> None:
    for name in SECRET_STEPS:
        assert SECRET_MARK in program.inputs(name)["stdin"], "the preview shows [secret]"
    for name in set(program.resources) - {"jupyterhub-secrets"}:
        assert "the-client-secret" not in str(program.inputs(name)), f"{name} has no need of it"


def test_previews_of_every_other_step_can_be_read(program: Deployment) -> None:
    for name in STEPS[1:]:
        if name not in SECRET_STEPS:
            assert isinstance(program.inputs(name)["stdin"], str), f"{name}: a diff of plain text, not [secret]"


@pytest.fixture
def from_git(texts: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A course in a private repository, whose branch is at ``SHA``."""
    made = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(tmp_path / "deploy"))
    subprocess.run(made, check=True)
    commit = Commit(sha=SHA, branch="main", known_hosts=("github.com ssh-ed25519 AAAA",), notes=("course: a note",))
    monkeypatch.setattr("course_repository.resolve", lambda _: commit)
    private = {
        "course-repository": "git@github.com:college/lab.git",
        "course-deploy-key-file": str(tmp_path / "deploy"),
    }
    return {**texts, **private, "course-folder": "course"}


def test_a_deploy_key_travels_in_secret_and_nowhere_else(from_git: dict[str, str], tmp_path: Path) -> None:
    program = deploy(from_git)
    private = (tmp_path / "deploy").read_text()

    secret = program.inputs("content-secrets")["stdin"]
    assert SECRET_MARK in secret
    assert all(line in secret["value"] for line in private.splitlines()), "it arrives whole"
    assert "file /etc/course/secrets/deploy-key root:root 0600" in secret["value"], "for root alone"
    for name in set(program.resources) - {"content-secrets"}:
        assert private.splitlines()[1] not in str(program.inputs(name)), f"{name} has no need of it"


def test_a_course_in_git_travels_as_the_name_of_its_commit(from_git: dict[str, str], texts: dict[str, str]) -> None:
    stdin = deploy(from_git).inputs("content")["stdin"]

    assert f"| commit={SHA}" in stdin
    assert "| github.com ssh-ed25519 AAAA" in stdin, "the droplet knows who has to answer"
    assert "/opt/course/folder/" not in stdin.replace("/opt/course/folder\n", ""), "and the folder stays at home"
    changed = deploy(from_git).inputs("content") != deploy(from_git).inputs("content")
    assert not changed, "the same commit is nothing to do"
    before, after = deploy(texts), deploy(from_git)
    names = {name for name in before.resources if before.inputs(name) != after.inputs(name)}
    assert names == {"content", "content-secrets"}, "nothing restarts for another source"


def test_a_preview_says_in_words_where_the_course_goes(
    from_git: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = ContentSource(repository=from_git["course-repository"], branch="main", subfolder="", commit="1a2b3c4")
    monkeypatch.setattr("deployed.last_file", lambda step, _: earlier.render() if step == "content" else None)
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)
    monkeypatch.setattr(pulumi.log, "warn", said.append)

    deploy(from_git, preview=True)

    assert "course: main goes from 1a2b3c4 to 5d6e7f8" in said
    assert "course: a note" in said, "and what students do not get of it"


def test_a_repository_that_cannot_be_had_stops_everything(
    from_git: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: object) -> None:
        raise RepositoryProblem("course-branch: 'exam' is not a branch of it")

    monkeypatch.setattr("course_repository.resolve", refused)

    with pytest.raises(SettingsProblem, match="course-branch: 'exam' is not a branch of it"):
        deploy(from_git)


def test_a_picture_of_the_course_travels_beside_the_text(texts: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "lab1.ipynb").write_text("{}\n")
    (folder / "figure.png").write_bytes(b"\x89PNG\0")

    stdin = deploy({**texts, "course-folder": str(folder)}).inputs("content")["stdin"]

    assert "file /opt/course/folder/lab1.ipynb root:root 0644\n| {}\n" in stdin, "a change of text can be read"
    assert "data /opt/course/folder/figure.png root:root 0644\n| iVBORwA=\n" in stdin


def test_user_data_holds_no_secret_of_value(program: Deployment, texts: dict[str, str]) -> None:
    user_data = program.inputs("droplet")["userData"]
    private = Path(texts["ssh-key-file"]).read_text().splitlines()[1]

    assert private not in user_data, "every process on the droplet can read user-data"
    assert "the-client-secret" not in user_data


def test_the_same_settings_give_the_same_program(texts: dict[str, str]) -> None:
    first, second = deploy(texts), deploy(texts)

    for name in first.resources:
        assert first.inputs(name) == second.inputs(name), f"{name}: nothing changed, so `up` must find nothing to do"


def test_a_project_of_another_name_finds_its_settings(texts: dict[str, str]) -> None:
    assert deploy(texts, project="physics-lab").of_type(":Droplet") == ["droplet"], "`pulumi new` asks for a name"


def test_one_time_passwords_are_issued_with_the_roster_where_there_is_no_other_way_to_sign_in(
    texts: dict[str, str],
) -> None:
    none = {key: "" for key in texts if key.startswith("client-") or (key.startswith("oidc-") and key.endswith("-url"))}
    issuing = "-m coursehub.command passwords >&3"

    assert issuing in deploy({**texts, **none, "sign-in": "password"}).inputs("roster")["stdin"]
    assert issuing not in deploy(texts).inputs("roster")["stdin"], "the sign-in service has the passwords"


def test_a_roster_line_changes_the_roster_step_alone(texts: dict[str, str]) -> None:
    before = deploy(texts)
    with Path(texts["roster"]).open("a") as file:
        file.write("bob@college.edu,Bob,A,student\n")
    after = deploy(texts)

    changed = {name for name in before.resources if before.inputs(name) != after.inputs(name)}

    assert changed == {"roster"}, "the class goes on while the teacher adds a student"


def test_a_hub_setting_changes_the_hub_and_the_check(texts: dict[str, str]) -> None:
    before, after = deploy(texts), deploy({**texts, "idle-minutes": "45"})

    changed = {name for name in before.resources if before.inputs(name) != after.inputs(name)}

    assert changed == {"jupyterhub", "student-check"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("requirements.txt", "pint==0.26\n"),
        ("environment.yml", "channels: [conda-forge]\ndependencies: [python=3.12, pip: [pint]]\n"),
    ],
)
def test_a_packages_file_changes_the_packages_and_the_check(
    texts: dict[str, str], tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    before, after = deploy(texts), deploy({**texts, "packages-file": str(tmp_path / name)})

    changed = {name for name in before.resources if before.inputs(name) != after.inputs(name)}

    assert changed == {"anaconda", "student-check"}, "no server and no hub has to do with it"


def test_what_conda_makes_travels_a_package_a_line(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("channels: [conda-forge]\ndependencies: [python=3.12, numpy>=2]\n")
    program = deploy({**texts, "packages-file": str(tmp_path / "environment.yml")})

    sent = program.inputs("anaconda")["stdin"]

    conda = manifest.file_text(sent, "/opt/course/conda.txt") or ""
    assert conda.splitlines()[1:] == [
        "--channel=conda-forge", "ipykernel", "nbclient", "pip", "python=3.12", "numpy>=2"
    ], "so that a preview shows a changed package as a changed line"  # fmt: skip
    assert "pint" not in (manifest.file_text(sent, "/opt/course/requirements.txt") or ""), "pip has no part in it"


def test_what_the_check_imports_is_what_there_is(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "environment.yml").write_text("channels: [conda-forge]\ndependencies: [pip: [pint]]\n")
    on_anaconda, apart = deploy(texts), deploy({**texts, "packages-file": str(tmp_path / "environment.yml")})

    assert '["IPython", "numpy", "pint", "serial"]' in on_anaconda.inputs("student-check")["stdin"]
    assert '["IPython", "pint"]' in apart.inputs("student-check")["stdin"], "conda's environment has no numpy of itself"


def test_a_preview_says_in_words_what_happens_to_packages(
    texts: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("pint==0.26\n")
    files = {
        "/opt/course/requirements.txt": "pint==0.25.3\n",
        "/opt/course/conda.txt": "# c\n--channel=conda-forge\nipykernel\npython=3.12\nnumpy=2.1\n",
    }
    monkeypatch.setattr("deployed.last_file", lambda step, path: files.get(path) if step == "anaconda" else None)
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)

    deploy({**texts, "packages-file": str(tmp_path / "requirements.txt")}, preview=True)

    assert (
        "packages: they lie on top of Anaconda and its Python again, removes numpy, upgrades pint from 0.25.3 to 0.26"
        in said
    )


def test_both_halves_of_the_lab_extension_travel_with_the_hub(texts: dict[str, str]) -> None:
    stdin = deploy(texts).inputs("jupyterhub")["stdin"]
    sent = set(re.findall(r"^file (\S+) root:root 0644$", stdin, re.MULTILINE))

    page = {path.name for path in (ROOT / "templates/opt/course/share/jupyter/labextensions").rglob("*.*")}
    server = {path.name for path in (ROOT / "coursehub/lab").glob("*.py")}
    assert {path.rpartition("/")[2] for path in sent if "/labextensions/course/" in path} == page
    assert {path.rpartition("/")[2] for path in sent if path.startswith("/opt/course/lib/coursehub/lab/")} == server


def test_a_first_preview_knows_nothing_and_still_succeeds(texts: dict[str, str]) -> None:
    program = deploy({**texts, "dns": "create"}, preview=True)

    assert set(STEPS) <= set(program.resources), "the teacher sees all that will be made"
    assert program.inputs("storage")["triggers"] != ["7"], "a droplet that is not there yet has no number"
    assert "stdin" in program.inputs("anaconda"), "what is known is shown"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("size", "s-4vcpu-9gb", "size: 's-4vcpu-9gb' is not one of DigitalOcean's; for example s-4vcpu-8gb"),
        ("region", "mars1", "region: 'mars1' is not one of DigitalOcean's: ams3, nyc3"),
    ],
)
def test_what_digitalocean_does_not_have_is_refused_before_anything_is_made(
    texts: dict[str, str], key: str, value: str, said: str
) -> None:
    with pytest.raises(SettingsProblem, match=said):
        deploy({**texts, key: value})


def test_a_size_the_region_has_not_is_refused_with_the_regions_that_have_it(texts: dict[str, str]) -> None:
    with pytest.raises(SettingsProblem, match="'s-2vcpu-4gb' is not to be had in ams3; it is in nyc3"):
        deploy({**texts, "size": "s-2vcpu-4gb", "region": "ams3"}, sizes=SIZES)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("GET http://x/v2/sizes: 401 Unable to authenticate you", "DigitalOcean refused it .401.; make one"),
        ("dial tcp: connection refused", "DigitalOcean's API does not answer; nothing was changed, try again later"),
    ],
)
def test_a_refused_token_and_a_silent_api_are_told_apart(texts: dict[str, str], error: str, said: str) -> None:
    with pytest.raises(SettingsProblem, match=said):
        deploy(texts, sizes=Refused(error))


def test_a_missing_token_is_asked_for(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITALOCEAN_TOKEN", raising=False)

    with pytest.raises(SettingsProblem, match="digitalocean:token: is not set; make one"):
        deploy(texts, token="")


def test_a_secret_stored_in_the_clear_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(SettingsProblem, match="ssh-key-passphrase: is stored in the clear; set it with"):
        deploy({**texts, "ssh-key-passphrase": "plain"})


def held(texts: dict[str, str], name: str) -> list[dict[str, Any]]:
    public = keys.read(Path(texts["ssh-key-file"])).public
    return [{"id": 5, "name": name, "fingerprint": "cc:dd", "publicKey": f"{public} me@laptop"}]


def test_a_key_the_account_has_already_is_used_and_left_as_it_is(texts: dict[str, str]) -> None:
    program = deploy(texts, ssh_keys=held(texts, "my laptop"))

    assert program.of_type("SshKey") == [], (
        "DigitalOcean takes a key once; this one belongs to somebody's other droplets"
    )
    assert program.inputs("droplet")["sshKeys"] == ["cc:dd"]


def test_a_key_we_gave_the_account_stays_ours(texts: dict[str, str]) -> None:
    program = deploy(texts, ssh_keys=held(texts, texts["droplet-name"]))

    assert program.of_type("SshKey") == ["ssh-key"], "the second `up` must not take it for somebody else's"


def test_a_preview_says_in_words_what_the_roster_changes(
    texts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = roster.document(roster.parse("email\nbob@college.edu\n", "x"))
    monkeypatch.setattr("deployed.last_file", lambda step, _: before if step == "roster" else None)
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)

    deploy(texts, preview=True)

    assert "roster: 1 joins (ada@college.edu), 1 leaves (sign-in off, work kept: bob@college.edu)" in said


@pytest.mark.parametrize("known", [True, False])
def test_a_preview_fails_not_where_there_is_nothing_to_compare_with(
    texts: dict[str, str], monkeypatch: pytest.MonkeyPatch, *, known: bool
) -> None:
    monkeypatch.setattr("deployed.known", lambda: known)
    monkeypatch.setattr("deployed.last_file", lambda step, _: '{"students": "who?"}' if step == "roster" else None)
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", said.append)

    deploy(texts, preview=True)

    assert not [sentence for sentence in said if sentence.startswith("roster")]
