"""What a droplet is told at its first boot and by its metadata address, and what is written down about it."""

import json
import stat
from pathlib import Path

import pytest

from rehearsal import image, metadata, seed
from rehearsal.cloud.machines import DropletSpec
from rehearsal.droplets import Record

SPEC = DropletSpec(
    id=1007,
    name="jupyter-hub",
    address="198.51.100.10",
    memory_mib=4096,
    vcpus=2,
    image="debian-13-x64",
    user_data="#cloud-config\nusers: []\n",
    public_keys=("ssh-ed25519 AAAA teacher",),
    volumes=("jupyter-hub-work",),
)


def test_the_seed_is_the_user_data_as_it_is_and_the_instance_by_its_id(tmp_path: Path) -> None:
    seed.write(tmp_path, SPEC)
    assert (tmp_path / "user-data").read_text() == SPEC.user_data
    facts = json.loads((tmp_path / "meta-data").read_text())
    assert facts["instance-id"] == "1007", "cloud-init runs its first boot once per instance"
    assert facts["local-hostname"] == "jupyter-hub"
    assert facts["public-keys"] == ["ssh-ed25519 AAAA teacher"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/metadata/v1/id", "1007"),
        ("/metadata/v1/hostname", "jupyter-hub"),
        ("/metadata/v1/user-data", "#cloud-config\nusers: []\n"),
        ("/metadata/v1/public-keys", "ssh-ed25519 AAAA teacher"),
        ("/metadata/v1/interfaces/", "public/"),
        ("/metadata/v1/interfaces/public/", "0/"),
        ("/metadata/v1/interfaces/public/0/ipv4/address", "198.51.100.10"),
        ("/metadata/v1/reserved_ip/ipv4/active", "true"),
        ("/metadata/v1/reserved_ip/ipv4/ip_address", "198.51.100.200"),
        ("/metadata/v1/dns/nameservers", "198.51.100.1"),
    ],
)
def test_metadata_is_a_tree_of_paths(path: str, text: str) -> None:
    assert metadata.look_up(metadata.describe(SPEC, ["198.51.100.200"]), path) == text


def test_a_folder_of_metadata_lists_what_is_in_it_by_the_names_of_the_tree() -> None:
    listed = metadata.look_up(metadata.describe(SPEC, []), "/metadata/v1/")
    assert listed is not None
    assert {"id", "user-data", "public-keys/", "interfaces/"} <= set(listed.splitlines())


@pytest.mark.parametrize("path", ["/", "/latest/meta-data", "/metadata/v1/nothing", "/metadata/v1/interfaces/public/9"])
def test_there_is_no_metadata_elsewhere(path: str) -> None:
    assert metadata.look_up(metadata.describe(SPEC, []), path) is None


def test_metadata_is_one_json_document_too() -> None:
    facts = json.loads(metadata.look_up(metadata.describe(SPEC, []), "/metadata/v1.json") or "")
    assert facts["droplet_id"] == 1007
    assert facts["reserved_ip"]["ipv4"] == {"active": False}


def test_a_record_comes_back_as_it_was_written_and_is_roots_alone(tmp_path: Path) -> None:
    record = Record(SPEC, on=False, reserved=("198.51.100.200",))
    file = tmp_path / "droplet.json"
    record.write(file)
    assert Record.read(file) == record
    assert stat.S_IMODE(file.stat().st_mode) == 0o600, "it holds user-data"


def test_an_image_nobody_rehearses_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(image.NoImage, match="'ubuntu-24-04-x64'; there is one for debian-13-x64 and debian-12-x64"):
        image.prepare("ubuntu-24-04-x64", tmp_path, print)
