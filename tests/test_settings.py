from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from program_under_test import ROOT

import packages
import settings as configuration
import versions
from settings import Settings, SettingsProblem


def refusal(texts: dict[str, str]) -> str:
    with pytest.raises(SettingsProblem) as caught:
        configuration.parse(texts)
    return str(caught.value)


def test_the_example_of_a_teacher_is_accepted(texts: dict[str, str]) -> None:
    settings = configuration.parse(texts)

    assert settings.zone == "course.example", "the zone is the domain without its first label"
    assert [person.user for person in settings.people] == ["jh-ada"]
    assert settings.anaconda_release == "Anaconda3-2025.12-2", "the release is read off the installer's name"


def test_pulumi_yaml_declares_every_setting_and_no_other() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    fields = {name.replace("_", "-") for name in Settings.model_fields}

    assert set(declared) == fields, "the reader's reference and the program know the same keys"
    for key, setting in declared.items():
        assert setting["description"], f"{key} is explained"
        assert "default" in setting, f"without a default the engine would refuse {key} before we can say why"


def test_pulumi_yaml_and_versions_pin_the_same() -> None:
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    locked = (ROOT / "templates/opt/jupyterhub/uv.in").read_text()

    assert declared["packages"]["default"] == [f"pint=={versions.PINT}", f"pyserial=={versions.PYSERIAL}"]
    assert versions.ANACONDA in declared["anaconda-url"]["default"], "a pin is raised in one place and follows in all"
    assert declared["anaconda-sha256"]["default"] == versions.ANACONDA_SHA256
    assert f"uv=={versions.UV}" in locked


def test_pulumi_new_asks_for_what_has_no_default() -> None:
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    optional = {"ssh-key-passphrase", "dns-zone"}  # empty means none, and derived
    optional |= {"logo", "announcement", "contact", "sign-in-name"}  # none, none, letsencrypt-email, the service's
    optional |= {"oidc-authorize-url", "oidc-exchange-url", "oidc-userinfo-url"}  # asked for by the first preview
    optional |= {"packages-file"}  # none
    optional |= {key for key in project["config"] if key.startswith("course-")}  # the folder it is
    needed = {key for key, setting in project["config"].items() if setting["default"] == ""} - optional

    assert needed <= set(project["template"]["config"]), "pulumi new asks for everything a first `up` needs"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("domain", "", "domain: is not set; for example hub.engineering.college.edu"),
        ("domain", "https://hub.college.edu/", "give the bare name; for example hub.engineering.college.edu"),
        ("domain", "Hub_1", "'Hub_1' is not a domain name"),
        ("letsencrypt-email", "me", "letsencrypt-email: 'me' is not an e-mail address; for example you@college.edu"),
        ("oidc-exchange-url", "http://login.college.edu/token", "must begin with https://"),
        ("client-secret", "", "client-secret: is not set; for example pulumi config set --secret"),
        ("seats", "0", "seats: '0' Input should be greater than or equal to 1"),
        ("seats", "many", "seats: 'many' Input should be a valid integer"),
        ("memory-per-student", "256", "greater than or equal to 512"),
        ("image", "windows", "'debian-13-x64', 'debian-12-x64' or 'ubuntu-24-04-x64'"),
        ("dns", "auto", "'manual', 'create' or 'existing'"),
        ("dns-zone", "other.example", "does not hold the domain 'hub.course.example'; for example course.example"),
        ("admin-addresses", '["anywhere"]', "admin-addresses: 'anywhere' value is not a valid IPv4 or IPv6 network"),
        ("admin-addresses", "[]", "at least 1 item"),
        ("admin-user", "root", "cannot be the instructor's account"),
        ("admin-ssh-keys", '["my key"]', "is not a public key; a good one looks like ssh-ed25519 AAAA"),
        ("timetable", '["Tue 14:00"]', "timetable: 'Tue 14:00' is no class; a good one is Tue,Thu 14:00-15:30"),
        ("timetable", '["Tue 15:00-14:00"]', "ends before it begins"),
        ("timetable", '["Die 14:00-15:00"]', "has the day 'die'; days are Mon, Tue"),
        ("timetable", '["Tue 14:00-25:00"]', "has a time that no clock shows"),
        ("timezone", "Pacific", "timezone: 'Pacific' is not a time zone's name; for example America/Los_Angeles"),
        ("packages", '["pint; rm -rf /"]', "is not a package as pip knows them"),
        ("packages-file", "/nowhere/requirements.txt", "requirements.txt cannot be read (No such file or directory)"),
        ("packages-file", "environment.yam", "is neither pip's nor conda's; a good one is requirements.txt"),
        ("anaconda-url", "https://repo.anaconda.com/archive/", "ends in -Linux-x86_64.sh; for example https"),
        ("anaconda-url", "https://x.edu/Anaconda3-2025.12-2-MacOSX-arm64.sh", "whose name ends in -Linux-x86_64.sh"),
        ("anaconda-sha256", "abc", "is not a SHA-256 sum (64 hexadecimal digits)"),
        ("roster", "/nowhere/roster.csv", "cannot be read (No such file or directory)"),
        ("course-folder", "/nowhere", "is not a folder"),
        ("college", "", "college: is not set; for example Engineering 101"),
        ("colour", "blue", "is not a colour (# and six hexadecimal digits); for example #0b5394"),
        ("colour", "#f37524", "is too light: white text on it has a contrast of 2.8, 4.5 can be read"),
        ("logo", "/nowhere/logo.svg", "cannot be read (No such file or directory); for example logo.svg"),
        ("announcement", "two\nlines", "must be one line of plain text"),
        ("contact", "me", "is not an e-mail address; for example help@college.edu"),
        ("ssh-key-file", "", "ssh-key-file: is not set; for example ~/.ssh/id_ed25519"),
    ],
)
def test_a_bad_value_is_refused_with_key_value_and_a_good_example(
    texts: dict[str, str], key: str, value: str, said: str
) -> None:
    message = refusal({**texts, key: value})

    assert f"{key}: " in message, "the setting is named"
    assert said in message


@pytest.mark.parametrize(
    ("domain", "given", "zone"),
    [
        ("hub.course.example", "", "course.example"),
        ("mycourse.org", "", "mycourse.org"),
        ("mycourse.org", "mycourse.org", "mycourse.org"),
        ("hub.lab.college.edu", "college.edu", "college.edu"),
    ],
)
def test_the_zone_holds_the_domain(texts: dict[str, str], domain: str, given: str, zone: str) -> None:
    assert configuration.parse({**texts, "domain": domain, "dns-zone": given}).zone == zone


def test_a_file_that_cannot_be_handed_out_is_refused_by_name(texts: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "figure.png").write_bytes(b"\x89PNG\0")
    configuration.parse({**texts, "course-folder": str(folder)})
    (folder / "link").symlink_to("figure.png")

    said = refusal({**texts, "course-folder": str(folder)})

    assert f"course-folder: {str(folder)!r} holds link, a symbolic link; put the file itself there" in said


@pytest.fixture
def from_git(texts: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """A course in a private repository, with a key of its own."""
    made = ("ssh-keygen", "-q", "-t", "ed25519", "-C", "", "-f", str(tmp_path / "deploy"), "-N")
    subprocess.run([*made, ""], check=True)
    private = {
        "course-repository": "git@github.com:college/lab.git",
        "course-deploy-key-file": str(tmp_path / "deploy"),
    }
    return {**texts, **private, "course-folder": "course"}


def test_a_private_repository_goes_with_a_key_of_its_own(from_git: dict[str, str]) -> None:
    assert configuration.parse(from_git).deploy_key is not None
    own = refusal({**from_git, "course-deploy-key-file": from_git["ssh-key-file"]})
    missing = refusal({**from_git, "course-deploy-key-file": ""})

    assert "course-deploy-key-file: is ssh-key-file, and would lie on the droplet" in own
    assert "course-deploy-key-file: is not set; for example ~/.ssh/course-deploy, the private half" in missing


def test_a_deploy_key_with_a_passphrase_is_refused_with_the_way_to_one_without(
    from_git: dict[str, str], tmp_path: Path
) -> None:
    change = ("ssh-keygen", "-q", "-p", "-P", "", "-N", "hush-hush", "-f", str(tmp_path / "deploy"))
    subprocess.run(change, check=True, capture_output=True)

    assert "which the droplet cannot type; make a key for nothing else: ssh-keygen" in refusal(from_git)


def test_a_public_repository_takes_no_key_and_a_folder_no_branch(from_git: dict[str, str]) -> None:
    public = {**from_git, "course-repository": "https://github.com/college/lab"}

    assert "is set, but course-repository is an https address" in refusal(public), "it would be of no use"
    configuration.parse({**public, "course-deploy-key-file": ""})
    for key in ("course-branch", "course-subfolder"):
        said = refusal({**from_git, "course-repository": "", "course-deploy-key-file": "", key: "main"})
        assert f"{key}: 'main' is set, but course-repository is not" in said


def test_folder_and_repository_are_not_both_the_course(from_git: dict[str, str]) -> None:
    said = refusal({**from_git, "course-folder": "labs"})

    assert "course-folder: 'labs' is set beside course-repository, and students get the one or the other" in said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///home/me/lab", "is not the https:// or SSH address of a git repository; for example https://github"),
        ("http://github.com/college/lab", "is not the https:// or SSH address"),
        ("ext::sh -c id", "is not the https:// or SSH address"),
        ("git@-oProxyCommand=id:lab.git", "is not the https:// or SSH address"),
        ("https://me:ghp_x@github.com/college/lab", "holds a user name or password, which everybody would see"),
    ],
)
def test_an_address_that_is_no_repositorys_is_refused(from_git: dict[str, str], address: str, said: str) -> None:
    message = refusal({**from_git, "course-repository": address})

    assert said in message
    assert "ghp_x" not in message, "a message is read aloud, and kept in logs"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("course-branch", value) for value in ("--upload-pack=id", "a b", "a..b", "x.lock", "x/")),
        *(("course-subfolder", value) for value in ("/etc", "..", "a/../b", ".github", "a//b")),
    ],
)
def test_a_branch_or_folder_that_cannot_be_is_refused(from_git: dict[str, str], key: str, value: str) -> None:
    assert f"{key}: {value!r} is not " in refusal({**from_git, key: value})


def test_no_setting_is_taken_for_a_secret_by_its_name() -> None:
    for name in Settings.model_fields:
        assert "token" not in name, "`pulumi config set` would refuse it in the clear"


def test_the_list_as_it_comes_is_only_for_a_course_without_a_file(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("pint==0.26\n")
    with_file = {**texts, "packages-file": str(tmp_path / "requirements.txt")}

    assert configuration.parse(texts).environment.pip == packages.DEFAULT
    assert configuration.parse(with_file).environment.pip == ("pint==0.26",), "nobody asked for the other one"
    own = configuration.parse({**with_file, "packages": '["rich==14.0"]'})
    assert own.environment.pip == ("pint==0.26", "rich==14.0"), "a teacher's own list counts beside the file"


def test_a_package_in_the_file_and_in_the_list_is_refused(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# units\npint==0.26\n-e .\n")
    message = refusal({**texts, "packages-file": str(tmp_path / "requirements.txt"), "packages": '["Pint==0.25"]'})

    assert "requirements.txt line 3: '-e .' is a folder" in message, "with everything else there is to mend"
    assert "packages (the list in your settings): pint stands in requirements.txt line 2 already; keep one" in message


def test_all_problems_are_told_at_once(texts: dict[str, str]) -> None:
    message = refusal({**texts, "domain": "https://x", "seats": "0", "dns": "auto", "letsencrypt-email": "me"})

    for key in ("domain", "seats", "dns", "letsencrypt-email"):
        assert f"  {key}: " in message, "one run tells everything there is to mend"


def test_a_misspelt_key_is_refused_with_the_one_that_was_meant(texts: dict[str, str]) -> None:
    assert "domian: is not a setting; did you mean domain?" in refusal({**texts, "domian": "hub.course.example"})


def test_a_key_nobody_knows_leads_to_the_list(texts: dict[str, str]) -> None:
    assert "zzz: is not a setting; Pulumi.yaml lists them all" in refusal({**texts, "zzz": "1"})


def test_a_secret_is_never_in_a_message(texts: dict[str, str]) -> None:
    message = refusal({**texts, "ssh-key-passphrase": "hush-hush", "domain": "https://x"})

    assert "hush-hush" not in message, "a message is read aloud, kept in logs, and sent to help desks"
    assert "has no passphrase, but ssh-key-passphrase is set" in message


def test_a_secret_stays_hidden_when_settings_are_printed(texts: dict[str, str]) -> None:
    assert "the-client-secret" not in repr(configuration.parse(texts)), "settings may be printed while debugging"


def test_a_home_folder_may_be_written_with_a_tilde(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    home = Path(texts["ssh-key-file"]).parent
    monkeypatch.setenv("HOME", str(home))

    assert configuration.parse({**texts, "ssh-key-file": "~/id_ed25519"}).ssh_key_file == home / "id_ed25519"


GOOGLE = {"sign-in": "google", "oidc-authorize-url": "", "oidc-exchange-url": "", "oidc-userinfo-url": ""}
PASSWORD = {**GOOGLE, "sign-in": "password", "client-id": "", "client-secret": ""}


@pytest.mark.parametrize("changed", [{}, GOOGLE, PASSWORD, {**GOOGLE, "google-domains": '["college.edu", "x.edu"]'}])
def test_each_way_to_sign_in_asks_for_its_own_settings_alone(texts: dict[str, str], changed: dict[str, str]) -> None:
    settings = configuration.parse({**texts, **changed})

    assert (settings.service(settings.redirect_uri) is None) == (settings.sign_in == "password")
    assert (
        settings.sign_in_words == {"oidc": "your college account", "google": "Google", "password": ""}[settings.sign_in]
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sign-in": ""}, "sign-in: is not set; for example google, github, oidc or password"),
        ({"sign-in": "ldap"}, "sign-in: 'ldap' Input should be 'google', 'github', 'oidc' or 'password'"),
        ({"oidc-userinfo-url": ""}, "oidc-userinfo-url: is not set; for example https://login.college.edu"),
        ({"client-id": ""}, "client-id: is not set; for example the id"),
        ({**GOOGLE, "client-secret": ""}, "client-secret: is not set; for example pulumi config set --secret"),
        ({"sign-in": "google"}, "oidc-authorize-url: 'https://login.college.edu/authorize' is for sign-in oidc, and"),
        ({"sign-in": "google"}, "take it away: pulumi config rm oidc-authorize-url"),
        (
            {"google-domains": '["college.edu"]'},
            "is for sign-in google, and sign-in is oidc; take it away: pulumi config rm",
        ),
        ({**GOOGLE, "github-organisations": '["college"]'}, "is for sign-in github, and sign-in is google"),
        ({**GOOGLE, "google-domains": '["@college.edu"]'}, "google-domains: '@college.edu' is not a domain name"),
        ({**GOOGLE, "sign-in": "github", "github-organisations": '["a/b"]'}, "'a/b' is not an organisation or"),
        ({**GOOGLE, "sign-in": "github"}, "has no GitHub name for ada@college.edu; with sign-in github everybody"),
        ({"oidc-scopes": '["openid"]'}, "lacks openid or email, without which the service does not tell who signed in"),
        ({"oidc-scopes": '["openid email"]'}, "oidc-scopes: 'openid email' is not a scope"),
        ({"oidc-required-claims": '["idp"]'}, "oidc-required-claims: 'idp' is not a claim and its value"),
        ({**GOOGLE, "oidc-required-claims": '["a=b"]'}, "is for sign-in oidc, and sign-in is google"),
        ({**PASSWORD, "client-id": "x"}, "client-id: 'x' is for a sign-in service, and sign-in is password"),
        ({**PASSWORD, "client-secret": "hush"}, "client-secret: is for a sign-in service, and sign-in is password"),
    ],
)
def test_what_a_way_lacks_or_does_not_know_is_told(texts: dict[str, str], changed: dict[str, str], said: str) -> None:
    assert said in refusal({**texts, **changed})


def test_github_goes_by_github_names(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_text("github,name\nOctoCat,Mona\n")

    settings = configuration.parse({**texts, **GOOGLE, "sign-in": "github"})
    assert [person.user for person in settings.people] == ["jh-octocat"]
    assert "has no e-mail address for octocat" in refusal({**texts, **GOOGLE})


def test_googles_pitfalls_are_told_before_the_class_finds_out(texts: dict[str, str]) -> None:
    settings = configuration.parse({**texts, **GOOGLE, "google-domains": '["college.edu"]'})
    said = list(settings.advice(("ada@college.edu", "di@eng.college.edu", "bob@gmail.com", "eve@notcollege.edu")))

    assert "Testing admits the 100 people it lists" in said[0]
    assert "the roster has 4" in said[0]
    assert said[1].startswith("sign-in: bob@gmail.com, eve@notcollege.edu will be refused unless Google counts them")
    assert list(configuration.parse(texts).advice(("ada@college.edu",))) == []
