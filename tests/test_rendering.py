"""Templates and their variables are one thing; what was rendered is read by the program that will read it."""

from __future__ import annotations

import subprocess
from dataclasses import fields
from typing import Any

import pytest
import yaml
from jinja2 import UndefinedError, meta
from program_under_test import ROOT

import rendering
from rendering import ENVIRONMENT, TEMPLATES, Template

EXAMPLES: dict[str, Any] = {
    "domain": "hub.course.example",
    "seats": 24,
    "vcpus": 4,
    "sign_in_words": "O'Brien's college",  # a quote is where hand-made quoting breaks
    "memory_mib": 1024,
    "cpu_percent": 150,
    "idle_minutes": 90,
    "require_verified_email": True,
    "packages": ("pint==0.25.3", "pyserial"),
    "logo": True,
    "imports": ("numpy", "pint"),
    "size_gib": 50,
    "host_key_private": "-----BEGIN EC PRIVATE KEY-----\nabc\n-----END EC PRIVATE KEY-----\n",
}
TEMPLATE_CLASSES = sorted(Template.__subclasses__(), key=lambda cls: cls.__name__)
SCRIPTS = sorted(path.name for path in (TEMPLATES / "steps").iterdir())


def example(cls: type[Template]) -> Template:
    return cls(**{field.name: EXAMPLES.get(field.name, f"the-{field.name}") for field in fields(cls)})


def test_every_template_has_a_class_and_every_class_a_template() -> None:
    on_disk = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.j2")}

    assert {cls.source for cls in TEMPLATE_CLASSES} == on_disk, "neither is there without the other"


@pytest.mark.parametrize("cls", TEMPLATE_CLASSES, ids=lambda cls: cls.__name__)
def test_a_class_has_exactly_its_templates_variables(cls: type[Template]) -> None:
    source = (TEMPLATES / cls.source).read_text()
    used = meta.find_undeclared_variables(ENVIRONMENT.parse(source))

    assert used == {field.name for field in fields(cls)}, "one too many misleads, one too few fails late"


def test_a_variable_without_a_value_stops_the_rendering() -> None:
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ nobody_set_this }}").render()


def render(cls: type[Template]) -> str:
    return example(cls).render()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_steps_script_is_bash(name: str) -> None:
    cls = next((cls for cls in TEMPLATE_CLASSES if cls.source == f"steps/{name}"), None)
    script = render(cls) if cls else rendering.script(name)

    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stderr


def test_cloud_config_is_what_cloud_init_reads() -> None:
    config = yaml.safe_load(render(rendering.CloudConfig))

    (user,) = config["users"]
    assert user["name"] == "the-admin_user"
    assert user["uid"] == 1500, "the same number on every new droplet: files on the volume belong to it"
    assert config["ssh_keys"]["ecdsa_private"] == EXAMPLES["host_key_private"], "a key that lost a line is no key"
    assert config["disable_root"] is True, "root cannot sign in from the first moment"
    assert config["ssh_pwauth"] is False


def test_sshd_lets_nobody_in_but_the_instructor_by_key() -> None:
    config = dict(
        line.split(" ", 1) for line in render(rendering.SshdConfig).splitlines() if line and not line.startswith("#")
    )

    assert config["PermitRootLogin"] == "no"
    assert config["PasswordAuthentication"] == "no"
    assert config["AllowUsers"] == "the-admin_user"
    assert config["AuthorizedKeysFile"].startswith("/etc/"), "the instructor gets in when the volume is missing"


def test_only_a_blank_volume_is_ever_formatted() -> None:
    script = render(rendering.VolumeScript)

    formatting = [line for line in script.splitlines() if "mkfs" in line]
    assert len(formatting) == 1, "there is one place to read"
    assert "blkid -p" in formatting[0], "and it asks first whether anything is there"


def test_a_unit_that_comes_before_the_network_waits_for_nothing_that_waits_for_it() -> None:
    early = [path for path in (TEMPLATES / "etc/systemd").rglob("*.service") if "network-pre" in path.read_text()]

    assert early, "the metadata address is closed before there is a network"
    for path in early:
        assert "DefaultDependencies=no" in path.read_text(), (
            f"{path.name}: else a cycle, broken by leaving something out"
        )


def test_nginx_starts_after_the_volume_that_holds_its_certificate() -> None:
    unit = (TEMPLATES / "etc/systemd/system/nginx.service.d/course.conf").read_text()

    assert "After=course-volume.service" in unit, "or it stays down after a reboot"


def test_programs_can_be_executed_and_nothing_else() -> None:
    modes = {file.path: file.mode for file in rendering.copied("usr/local") + rendering.copied("etc/systemd/system")}

    assert modes["/usr/local/bin/course"] == "0755"
    assert modes["/etc/systemd/system/course-volume.service"] == "0644"


def test_what_is_copied_leaves_templates_out() -> None:
    assert not [file.path for file in rendering.copied("etc") if file.path.endswith(".j2")]


def test_no_template_is_a_place_for_secrets() -> None:
    for path in (ROOT / "templates").rglob("*.j2"):
        assert "secret" not in meta.find_undeclared_variables(ENVIRONMENT.parse(path.read_text())), path
