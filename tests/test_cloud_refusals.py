"""What the cloud refuses, as DigitalOcean does: a rehearsal that lets a mistake through is worth nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud_under_test import ED25519, Cloud, running_cloud

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DROPLET = {"name": "hub", "region": "nyc3", "size": "s-2vcpu-4gb", "image": "debian-13-x64"}
VOLUME = {"name": "work", "region": "nyc3", "size_gigabytes": 10}
EVERYONE = {"addresses": ["0.0.0.0/0", "::/0"]}
SSH_RULE = {"protocol": "tcp", "ports": "22", "sources": EVERYONE}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with running_cloud(tmp_path) as running:
        yield running


@pytest.mark.parametrize("token", ["", "wrong", "Bearer"])
def test_a_wrong_token_is_refused_everywhere(cloud: Cloud, token: str) -> None:
    for path in ("/v2/account", "/v2/nonsense", "/_rehearsal/leftovers"):
        answer = cloud.ask("GET", path, client=cloud.client_with(token))
        assert answer.status_code == 401, f"{path} answered a stranger"
        assert answer.json()["id"] == "Unauthorized"
        assert answer.json()["message"] == "Unable to authenticate you"


def test_every_answer_says_what_is_left_of_the_rate_limit(cloud: Cloud) -> None:
    for path in ("/v2/account", "/v2/droplets/1"):
        headers = cloud.ask("GET", path).headers
        assert int(headers["ratelimit-limit"]) == 5000
        assert {"ratelimit-remaining", "ratelimit-reset", "x-request-id"} <= {name.lower() for name in headers}


@pytest.mark.parametrize(
    "path",
    [
        "droplets/1",
        "droplets/1/actions/1",
        "volumes/nothing",
        "reserved_ips/198.51.100.200",
        "domains/course.example",
        "domains/course.example/records",
        "firewalls/nothing",
        "projects/nothing",
        "tags/nothing",
        "account/keys/1",
        "actions/1",
        "images/windows-11",
        "kubernetes/clusters",
    ],
)
def test_what_is_not_there_is_not_found(cloud: Cloud, path: str) -> None:
    assert cloud.refusal("GET", f"/v2/{path}") == (404, "The resource you requested could not be found.")


def test_a_body_that_is_no_json_is_a_bad_request(cloud: Cloud) -> None:
    answer = cloud.client.send_request(_request("POST", f"{cloud.url}/v2/tags", content=b"name=course"))
    assert answer.status_code == 400
    assert cloud.refusal("POST", "/v2/tags", ["course"])[0] == 422, "a list is JSON, but no resource"


def _request(method: str, url: str, content: bytes) -> Any:
    from azure.core.rest import HttpRequest

    return HttpRequest(method, url, content=content)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"size": "s-3vcpu-7gb"}, "invalid size"),
        ({"region": "mars1"}, "invalid region"),
        ({"image": "debian-4-x64"}, "invalid image"),
        ({"name": "my_hub"}, "valid hostname characters"),
        ({"ssh_keys": [12]}, "12 are invalid key identifiers"),
        ({"volumes": ["nothing"]}, "resolve volume"),
        ({"tags": ["with space"]}, "tag name"),
        ({"user_data": "x" * 65537}, "User data is too long"),
    ],
)
def test_a_droplet_that_cannot_be_is_refused(cloud: Cloud, changes: Any, says: str) -> None:
    status, message = cloud.refusal("POST", "/v2/droplets", DROPLET | changes)
    assert status == 422
    assert says in message
    assert cloud.client.droplets.list()["droplets"] == [], "a refused droplet leaves nothing behind"


def test_the_account_has_a_droplet_limit(cloud: Cloud) -> None:
    for _ in range(10):
        cloud.droplet()
    assert cloud.refusal("POST", "/v2/droplets", DROPLET)[1].endswith("exceed your droplet limit")


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Work"},
        {"name": "1st"},
        {"region": "mars1"},
        {"size_gigabytes": 0},
        {"size_gigabytes": 16385},
        {"size_gigabytes": "10"},
        {"filesystem_type": "btrfs"},
        {"filesystem_type": "xfs", "filesystem_label": "thirteenchars"},
        {"filesystem_label": "no-file-system"},
    ],
)
def test_a_volume_that_cannot_be_is_refused(cloud: Cloud, changes: Any) -> None:
    assert cloud.refusal("POST", "/v2/volumes", VOLUME | changes)[0] == 422
    assert cloud.machines.done == [], "no disk is made for a refused volume"


def test_volumes_keep_their_names_apart_grow_only_and_stay_in_their_region(cloud: Cloud) -> None:
    volume = cloud.volume()["id"]
    path = f"/v2/volumes/{volume}/actions"
    assert cloud.refusal("POST", "/v2/volumes", VOLUME)[0] == 409, "the name is taken"
    assert "only grow" in cloud.refusal("POST", path, {"type": "resize", "size_gigabytes": 9})[1]
    elsewhere = cloud.droplet(region="ams3")["id"]
    cloud.settled()
    assert "same region" in cloud.refusal("POST", path, {"type": "attach", "droplet_id": elsewhere})[1]
    assert "same region" in cloud.refusal("POST", "/v2/droplets", DROPLET | {"region": "ams3", "volumes": [volume]})[1]
    assert cloud.refusal("POST", path, {"type": "attach", "droplet_id": 1})[0] == 422, "there is no such droplet"
    assert cloud.refusal("POST", path, {"type": "detach", "droplet_id": elsewhere})[0] == 422, "it is not attached"
    assert cloud.refusal("POST", path, {"type": "format"})[0] == 422


def test_an_attached_volume_is_neither_deleted_nor_attached_twice(cloud: Cloud) -> None:
    volume = cloud.volume()["id"]
    cloud.droplet(volumes=[{"id": volume}])
    second = cloud.droplet()["id"]
    cloud.settled()
    status, message = cloud.refusal("DELETE", f"/v2/volumes/{volume}")
    assert status == 409
    assert "detach it first" in message
    attach = {"type": "attach", "droplet_id": second}
    assert "already attached" in cloud.refusal("POST", f"/v2/volumes/{volume}/actions", attach)[1]


def test_ssh_keys_are_real_named_and_there_once(cloud: Cloud) -> None:
    key = {"name": "teacher", "public_key": ED25519}
    cloud.client.ssh_keys.create(key)
    assert cloud.refusal("POST", "/v2/account/keys", key | {"name": "again"}) == (
        422,
        "SSH Key is already in use on your account",
    )
    for wrong in ("", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-rsa " + ED25519.split()[1], "not a key at all"):
        assert cloud.refusal("POST", "/v2/account/keys", key | {"public_key": wrong})[0] == 422, wrong
    assert cloud.refusal("POST", "/v2/account/keys", {"public_key": ED25519})[0] == 422, "it needs a name"


def test_a_droplet_is_not_switched_twice_nor_shrunk(cloud: Cloud) -> None:
    droplet = cloud.droplet()["id"]
    path = f"/v2/droplets/{droplet}/actions"
    cloud.settled()
    assert "already powered on" in cloud.refusal("POST", path, {"type": "power_on"})[1]
    assert "powered off before" in cloud.refusal("POST", path, {"type": "resize", "size": "s-4vcpu-8gb"})[1]
    cloud.client.droplet_actions.post(droplet, {"type": "power_off"})
    cloud.settled()
    assert "already powered off" in cloud.refusal("POST", path, {"type": "power_off"})[1]
    assert "smaller disk" in cloud.refusal("POST", path, {"type": "resize", "size": "s-1vcpu-2gb"})[1]
    assert "invalid size" in cloud.refusal("POST", path, {"type": "resize", "size": "huge"})[1]
    for kind in ("create", "destroy", "explode", None):
        assert cloud.refusal("POST", path, {"type": kind})[0] == 422, f"{kind} is no action to ask for"


def test_a_droplet_does_one_thing_at_a_time(tmp_path: Path) -> None:
    with running_cloud(tmp_path, delay=0.2) as cloud:
        droplet, volume = cloud.droplet()["id"], cloud.volume()["id"]
        ip = cloud.client.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
        pending = (422, "Droplet already has a pending event.")
        assert cloud.client.droplets.get(droplet)["droplet"]["locked"], "a droplet in the making is locked"
        for method, path, body in (
            ("POST", f"/v2/droplets/{droplet}/actions", {"type": "reboot"}),
            ("POST", f"/v2/volumes/{volume}/actions", {"type": "attach", "droplet_id": droplet}),
            ("POST", f"/v2/reserved_ips/{ip}/actions", {"type": "assign", "droplet_id": droplet}),
            ("DELETE", f"/v2/droplets/{droplet}", None),
        ):
            assert cloud.refusal(method, path, body) == pending, path
        assert not cloud.settled().client.droplets.get(droplet)["droplet"]["locked"]


def test_a_volume_is_not_deleted_from_under_an_action(tmp_path: Path) -> None:
    with running_cloud(tmp_path, delay=0.2) as cloud:
        droplet, volume = cloud.droplet()["id"], cloud.volume()["id"]
        cloud.settled().client.volume_actions.post_by_id(volume, {"type": "attach", "droplet_id": droplet})
        assert cloud.refusal("DELETE", f"/v2/volumes/{volume}") == (409, "Volume already has a pending event.")
        assert cloud.refusal("POST", "/v2/droplets", DROPLET | {"volumes": [volume]})[0] == 409


def test_a_reserved_ip_goes_to_a_droplet_of_its_region_only(cloud: Cloud) -> None:
    assert cloud.refusal("POST", "/v2/reserved_ips", {"region": "mars1"})[0] == 422
    ip = cloud.client.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
    path, elsewhere = f"/v2/reserved_ips/{ip}/actions", cloud.droplet(region="ams3")["id"]
    cloud.settled()
    assert "Droplet not found" in cloud.refusal("POST", path, {"type": "assign", "droplet_id": 1})[1]
    assert "same region" in cloud.refusal("POST", path, {"type": "assign", "droplet_id": elsewhere})[1]
    assert "not assigned" in cloud.refusal("POST", path, {"type": "unassign"})[1]
    assert cloud.refusal("POST", path, {"type": "sell"})[0] == 422


def test_a_domain_is_there_once_and_has_a_name(cloud: Cloud) -> None:
    cloud.client.domains.create({"name": "course.example"})
    assert cloud.refusal("POST", "/v2/domains", {"name": "Course.Example"}) == (422, "name already exists")
    for wrong in ("", "example", "https://course.example", "-.example", "a..example"):
        assert cloud.refusal("POST", "/v2/domains", {"name": wrong})[0] == 422, wrong


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({"type": "A", "data": "198.51.100.300"}, "IPv4"),
        ({"type": "A", "data": "hub.course.example."}, "IPv4"),
        ({"type": "AAAA", "data": "198.51.100.1"}, "IPv6"),
        ({"type": "CNAME", "name": "www", "data": "course.example"}, "end with a dot"),
        ({"type": "CAA", "data": "letsencrypt.org", "tag": "issue"}, "end with a dot"),
        ({"type": "CAA", "data": "letsencrypt.org."}, "Tag must be one of"),
        ({"type": "CNAME", "name": "@", "data": "course.example."}, "root of a domain"),
        ({"type": "CNAME", "name": "hub", "data": "course.example."}, "share a name"),
        ({"type": "A", "name": "hub", "data": "198.51.100.200"}, "already exists"),
        ({"type": "A", "data": "198.51.100.1", "ttl": 29}, "Ttl"),
        ({"type": "A", "name": "my hub", "data": "198.51.100.1"}, "hostname characters"),
        ({"type": "SOA", "data": "1800"}, "Type"),
        ({"type": "TXT"}, "Data can't be blank"),
    ],
)
def test_a_record_no_name_server_could_serve_is_refused(cloud: Cloud, record: Any, says: str) -> None:
    cloud.client.domains.create({"name": "course.example"})
    cloud.client.domains.create_record("course.example", {"type": "A", "name": "hub", "data": "198.51.100.200"})
    status, message = cloud.refusal("POST", "/v2/domains/course.example/records", record)
    assert status == 422
    assert says in message


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": "my_firewall"}, 422),
        ({"name": "x"}, 422),
        ({"name": "taken"}, 409),
        ({"tags": ["unheard-of"]}, 422),
        ({"droplet_ids": [1]}, 422),
        ({"inbound_rules": []}, 422),
        ({"inbound_rules": [SSH_RULE | {"protocol": "sctp"}]}, 422),
        ({"inbound_rules": [SSH_RULE | {"ports": ""}]}, 422),
        ({"inbound_rules": [SSH_RULE | {"ports": "80-22"}]}, 422),
        ({"inbound_rules": [SSH_RULE | {"ports": "ssh"}]}, 422),
        ({"inbound_rules": [SSH_RULE | {"sources": {}}]}, 422),
        ({"inbound_rules": [SSH_RULE | {"sources": {"addresses": ["home"]}}]}, 422),
        ({"inbound_rules": [SSH_RULE | {"sources": {"tags": ["unheard-of"]}}]}, 422),
    ],
)
def test_a_firewall_that_makes_no_sense_is_refused(cloud: Cloud, changes: Any, status: int) -> None:
    cloud.client.firewalls.create({"name": "taken", "inbound_rules": [SSH_RULE]})
    body = {"name": "hub", "inbound_rules": [SSH_RULE], **changes}
    assert cloud.refusal("POST", "/v2/firewalls", body)[0] == status


def test_a_project_keeps_its_resources_and_a_reserved_ip_stays_with_its_droplet(cloud: Cloud) -> None:
    droplet = cloud.droplet()["id"]
    ip = cloud.client.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
    cloud.settled().client.reserved_ips_actions.post(ip, {"type": "assign", "droplet_id": droplet})
    lab = cloud.settled().client.projects.create({"name": "Lab", "purpose": "Class"})["project"]["id"]
    move = f"/v2/projects/{lab}/resources"
    for urn in (f"do:reservedip:{ip}", f"do:floatingip:{ip}"):
        status, message = cloud.refusal("POST", move, {"resources": [urn]})
        assert (status, message[:25]) == (412, "Cannot move a Reserved IP"), urn
    assert cloud.refusal("POST", move, {"resources": ["a droplet"]})[0] == 422
    (gone,) = cloud.client.projects.assign_resources(lab, {"resources": ["do:droplet:1"]})["resources"]
    assert gone["status"] == "not_found", "a droplet that is gone can be taken out of a project"
    cloud.client.projects.assign_resources(lab, {"resources": [f"do:droplet:{droplet}"]})
    held = {resource["urn"] for resource in cloud.client.projects.list_resources(lab)["resources"]}
    assert held == {f"do:droplet:{droplet}", f"do:floatingip:{ip}"}, "the address follows its droplet, by its old name"
    assert cloud.refusal("DELETE", f"/v2/projects/{lab}")[0] == 412, "it is not empty"
    assert cloud.refusal("DELETE", "/v2/projects/default")[0] == 412
    assert cloud.refusal("POST", "/v2/projects", {"name": "Lab", "purpose": "Class"})[0] == 409
    assert cloud.refusal("POST", "/v2/projects", {"name": "Other"})[0] == 422, "a purpose is required"
    assert cloud.refusal("POST", "/v2/projects", {"name": "O", "purpose": "x", "environment": "Exam"})[0] == 422


def test_lists_come_in_pages(cloud: Cloud) -> None:
    for number in range(5):
        cloud.client.tags.create({"name": f"tag-{number}"})
    first = cloud.client.tags.list(per_page=2)
    assert [tag["name"] for tag in first["tags"]] == ["tag-0", "tag-1"]
    assert first["meta"] == {"total": 5}
    assert set(first["links"]["pages"]) == {"next", "last"}
    last = cloud.ask("GET", first["links"]["pages"]["last"].removeprefix(cloud.url)).json()
    assert [tag["name"] for tag in last["tags"]] == ["tag-4"]
    assert set(last["links"]["pages"]) == {"first", "prev"}
    assert cloud.client.tags.list()["links"] == {}, "one page needs no links"
    assert cloud.refusal("GET", "/v2/tags?page=two")[0] == 422
