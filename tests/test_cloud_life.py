"""What the cloud does to its machines, and what it remembers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cloud_under_test import ED25519, Cloud, NoMachines, running_cloud, until

from rehearsal.cloud import Record
from rehearsal.cloud.machines import EVERYWHERE, OPEN, FirewallRule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SSH_FROM_HOME = {"protocol": "tcp", "ports": "22", "sources": {"addresses": ["203.0.113.7"]}}
WEB = {"protocol": "tcp", "ports": "443", "sources": {"addresses": list(EVERYWHERE)}}
ANYWHERE = {"protocol": "udp", "ports": "all", "destinations": {"addresses": ["0.0.0.0/0"]}}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with running_cloud(tmp_path) as running:
        yield running


def test_a_droplet_boots_with_its_keys_volumes_and_user_data(cloud: Cloud) -> None:
    key = cloud.client.ssh_keys.create({"name": "teacher", "public_key": ED25519})["ssh_key"]
    volume = cloud.volume(filesystem_type="xfs", filesystem_label="work")["id"]
    order = {"ssh_keys": [key["fingerprint"]], "volumes": [{"id": volume}], "user_data": "#cloud-config\n"}
    answer = cloud.droplet(**order)
    assert (answer["status"], answer["locked"], answer["networks"]["v4"]) == ("new", True, []), "it is in the making"
    droplet = cloud.settled().client.droplets.get(answer["id"])["droplet"]
    spec = cloud.machines.specs[answer["id"]]
    assert (droplet["status"], droplet["locked"], droplet["volume_ids"]) == ("active", False, [volume])
    assert droplet["networks"]["v4"][0]["ip_address"] == spec.address == "198.51.100.10"
    assert (spec.name, spec.memory_mib, spec.vcpus, spec.image) == ("hub", 4096, 2, "debian-13-x64")
    assert (spec.user_data, spec.public_keys, spec.volumes) == ("#cloud-config\n", (ED25519,), ("work",))
    assert cloud.machines.done[0] == ("create_volume", "work", 10, "xfs", "work")


def test_a_droplet_is_off_and_unplugged_before_it_is_destroyed(cloud: Cloud) -> None:
    droplet, volume = cloud.droplet(), cloud.volume()["id"]
    ip = cloud.client.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
    number = droplet["id"]
    cloud.settled().client.reserved_ips_actions.post(ip, {"type": "assign", "droplet_id": number})
    cloud.settled().client.volume_actions.post_by_id(volume, {"type": "attach", "droplet_id": number})
    assert cloud.settled().client.reserved_ips.get(ip)["reserved_ip"]["droplet"]["id"] == number
    cloud.machines.done.clear()
    cloud.client.droplets.destroy(number)
    cloud.settled()
    assert cloud.machines.done == [
        ("power_off", number, False),
        ("detach_volume", "work", number),
        ("unassign_address", ip, number),
        ("destroy_droplet", number),
    ]
    assert cloud.client.volumes.get(volume)["volume"]["droplet_ids"] == [], "the volume outlives it"
    assert cloud.client.reserved_ips.get(ip)["reserved_ip"]["droplet"] is None, "and so does the address"


def test_a_droplet_made_anew_has_another_address(cloud: Cloud) -> None:
    first = cloud.droplet()["id"]
    cloud.settled().client.droplets.destroy(first)
    second = cloud.settled().droplet()["id"]
    cloud.settled()
    assert cloud.machines.specs[first].address != cloud.machines.specs[second].address


def test_resizing_without_the_disk_leaves_the_way_back_open(cloud: Cloud) -> None:
    droplet = cloud.droplet()["id"]
    for body in ({"type": "shutdown"}, {"type": "resize", "size": "s-4vcpu-8gb", "disk": False}, {"type": "power_on"}):
        cloud.settled().client.droplet_actions.post(droplet, body)
    resized = cloud.settled().client.droplets.get(droplet)["droplet"]
    assert (resized["size_slug"], resized["memory"], resized["disk"], resized["status"]) == (
        "s-4vcpu-8gb",
        8192,
        80,
        "active",
    )
    assert cloud.machines.done[-3:] == [
        ("power_off", droplet, True),
        ("resize_droplet", droplet, 8192, 4),
        ("power_on", droplet),
    ]


def test_a_reserved_ip_moves_from_droplet_to_droplet(cloud: Cloud) -> None:
    first, second = cloud.droplet()["id"], cloud.droplet()["id"]
    ip = cloud.client.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
    for droplet in (first, second):
        cloud.settled().client.reserved_ips_actions.post(ip, {"type": "assign", "droplet_id": droplet})
    cloud.settled()
    assert cloud.machines.done[-3:] == [
        ("assign_address", ip, first),
        ("unassign_address", ip, first),
        ("assign_address", ip, second),
    ]


def test_a_firewall_by_tag_is_in_force_before_the_droplet_exists(cloud: Cloud) -> None:
    cloud.client.tags.create({"name": "course"})
    cloud.client.firewalls.create({"name": "hub", "tags": ["course"], "inbound_rules": [SSH_FROM_HOME, WEB]})
    number = cloud.droplet(tags=["course"])["id"]
    cloud.settled()
    assert cloud.machines.done[:2] == [("apply_firewall", number), ("create_droplet", number)]
    assert cloud.machines.inbound[number] == (
        FirewallRule("tcp", "22", ("203.0.113.7",)),
        FirewallRule("tcp", "443", EVERYWHERE),
    )
    assert cloud.machines.outbound[number] == (), "a firewall without outbound rules lets nothing out"


def test_a_droplet_no_firewall_covers_is_open_and_several_add_up(cloud: Cloud) -> None:
    number = cloud.droplet()["id"]
    cloud.settled()
    assert cloud.machines.inbound[number] == cloud.machines.outbound[number] == OPEN
    body = {"name": "ssh", "droplet_ids": [number], "inbound_rules": [SSH_FROM_HOME]}
    ssh = cloud.client.firewalls.create(body)["firewall"]["id"]
    web = {"name": "web", "droplet_ids": [number], "inbound_rules": [WEB, SSH_FROM_HOME], "outbound_rules": [ANYWHERE]}
    cloud.client.firewalls.create(web)
    assert [rule.ports for rule in cloud.machines.inbound[number]] == ["22", "443"], "the union, each rule once"
    assert cloud.machines.outbound[number] == (FirewallRule("udp", "1-65535", ("0.0.0.0/0",)),)
    cloud.client.firewalls.update(ssh, {**body, "inbound_rules": [{**SSH_FROM_HOME, "ports": "2222"}]})
    assert "2222" in {rule.ports for rule in cloud.machines.inbound[number]}, "a change is in force when it is answered"
    for firewall in cloud.client.firewalls.list()["firewalls"]:
        cloud.client.firewalls.delete(firewall["id"])
    assert cloud.machines.inbound[number] == OPEN, "open again"


def test_a_tag_puts_a_droplet_behind_its_firewalls_and_names_droplets_as_sources(cloud: Cloud) -> None:
    cloud.client.tags.create({"name": "course"})
    from_class = {"protocol": "tcp", "ports": "8080", "sources": {"tags": ["course"]}}
    first, second = cloud.droplet(tags=["course"])["id"], cloud.droplet()["id"]
    body = {"name": "inside", "droplet_ids": [first], "inbound_rules": [from_class]}
    cloud.settled().client.firewalls.create(body)
    addresses = [cloud.machines.specs[number].address for number in (first, second)]
    assert cloud.machines.inbound[first] == (FirewallRule("tcp", "8080", (addresses[0],)),)
    tagged = {"resources": [{"resource_id": str(second), "resource_type": "droplet"}]}
    cloud.client.tags.assign_resources("course", tagged)
    assert cloud.machines.inbound[first] == (FirewallRule("tcp", "8080", tuple(addresses)),)
    cloud.client.tags.delete("course")
    assert cloud.machines.inbound[first] == (), "a source that is gone lets nobody in"
    assert cloud.client.droplets.get(first)["droplet"]["tags"] == []


def test_a_firewall_the_machines_cannot_apply_says_so(cloud: Cloud) -> None:
    number = cloud.droplet()["id"]
    cloud.settled().machines.broken.add("apply_firewall")
    body = {"name": "hub", "droplet_ids": [number], "inbound_rules": [WEB]}
    assert cloud.client.firewalls.create(body)["firewall"]["status"] == "failed"


def test_zones_are_what_dns_should_serve(cloud: Cloud) -> None:
    cloud.client.domains.create({"name": "course.example"})
    for record in (
        {"type": "A", "name": "hub", "data": "198.51.100.200", "ttl": 300, "priority": 0, "tag": ""},
        {"type": "CAA", "name": "hub", "data": "letsencrypt.org.", "flags": 0, "tag": "issue", "ttl": 300},
        {"type": "CNAME", "name": "www", "data": "hub.course.example.", "ttl": 300},
        {"type": "MX", "name": "@", "data": "@", "priority": 10},
    ):
        cloud.client.domains.create_record("course.example", record)
    (zone,) = cloud.zones()
    plain = Record(name="", type="", data="", ttl=300, priority=0, port=0, weight=0, flags=0, tag="")
    assert zone.name == "course.example"
    assert [record.type for record in zone.records[:4]] == ["SOA", "NS", "NS", "NS"]
    assert zone.records[4:7] == (
        replace(plain, name="hub.course.example", type="A", data="198.51.100.200"),
        replace(plain, name="hub.course.example", type="CAA", data="letsencrypt.org", tag="issue"),
        replace(plain, name="www.course.example", type="CNAME", data="hub.course.example"),
    )
    assert (zone.records[7].data, zone.records[7].ttl, zone.records[7].priority) == ("course.example", 1800, 10)
    shown = cloud.client.domains.get("course.example")["domain"]["zone_file"]
    assert "hub.course.example. 300 IN CAA 0 issue letsencrypt.org" in shown


def test_extra_fields_a_record_type_has_not_are_null(cloud: Cloud) -> None:
    cloud.client.domains.create({"name": "course.example"})
    zeros = {"priority": 0, "port": 0, "weight": 0, "flags": 0, "tag": "", "ttl": 0}
    body = {"type": "A", "name": "hub", "data": "198.51.100.200", **zeros}
    record = cloud.client.domains.create_record("course.example", body)["domain_record"]
    assert record["ttl"] == 1800, "no time to live is the zone's"
    assert [record[field] for field in ("priority", "port", "weight", "flags", "tag")] == [None] * 5


def test_the_account_survives_a_restart(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        volume = cloud.volume()["id"]
        droplet = cloud.droplet(volumes=[volume], tags=["course"])["id"]
        cloud.settled().client.domains.create({"name": "course.example"})
        before = [
            cloud.ask("GET", f"/v2/{kind}").json() for kind in ("droplets", "volumes", "tags", "domains", "projects")
        ]
    with running_cloud(tmp_path) as cloud:
        after = [
            cloud.ask("GET", f"/v2/{kind}").json() for kind in ("droplets", "volumes", "tags", "domains", "projects")
        ]
        assert after == before
        assert cloud.droplet()["id"] > droplet, "no number is given twice"
    assert (tmp_path / "cloud.json").stat().st_mode & 0o077 == 0, "user data is nobody else's business"
    assert not list(tmp_path.glob("*.new")), "no half-written state lies about"
    assert json.loads((tmp_path / "cloud.json").read_text())["droplets"]


def test_what_was_going_on_when_the_cloud_stopped_goes_on_when_it_is_back(tmp_path: Path) -> None:
    with running_cloud(tmp_path, delay=60) as cloud:
        droplet = cloud.droplet()["id"]
        assert cloud.client.droplets.get(droplet)["droplet"]["status"] == "new"
    with running_cloud(tmp_path, machines := NoMachines()) as cloud:
        cloud.settled()
        assert cloud.client.droplets.get(droplet)["droplet"]["status"] == "active"
        assert ("create_droplet", droplet) in machines.done


def test_two_droplets_at_once_get_numbers_and_addresses_of_their_own(cloud: Cloud) -> None:
    with ThreadPoolExecutor() as both:
        first, second = both.map(lambda name: cloud.droplet(name=name)["id"], ("one", "two"))
    cloud.settled()
    assert first != second
    assert cloud.machines.specs[first].address != cloud.machines.specs[second].address


def test_of_two_volumes_of_one_name_at_once_one_is_made(cloud: Cloud) -> None:
    cloud.machines.pause.clear()
    body = {"name": "work", "region": "nyc3", "size_gigabytes": 10}
    with ThreadPoolExecutor() as both:
        answers = [both.submit(cloud.ask, "POST", "/v2/volumes", body) for _ in range(2)]
        until(lambda: any(answer.done() for answer in answers))
        cloud.machines.pause.set()
        statuses = sorted(answer.result().status_code for answer in answers)
    assert statuses == [201, 409]
    assert len(cloud.machines.done) == 1


def test_a_slow_machine_does_not_hold_up_the_api(cloud: Cloud) -> None:
    cloud.machines.pause.clear()
    droplet = cloud.droplet()["id"]
    assert cloud.client.droplets.get(droplet)["droplet"]["status"] == "new"
    assert cloud.ask("GET", "/v2/account").status_code == 200
    cloud.machines.pause.set()
    assert cloud.settled().client.droplets.get(droplet)["droplet"]["status"] == "active"


def test_leftovers_name_all_that_would_cost_money_or_be_in_the_way(cloud: Cloud) -> None:
    cloud.client.ssh_keys.create({"name": "teacher", "public_key": ED25519})
    ip = cloud.client.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
    volume = cloud.volume(tags=["course"])["id"]
    cloud.client.projects.create({"name": "Lab", "purpose": "Class"})
    cloud.client.firewalls.create({"name": "hub", "inbound_rules": [WEB]})
    assert cloud.ask("GET", "/_rehearsal/leftovers").json()["leftovers"] == {
        "resources": [f"do:volume:{volume}", f"do:floatingip:{ip}"],
        "ssh_keys": ["teacher"],
        "tags": ["course"],
        "firewalls": ["hub"],
        "projects": ["Lab"],
    }
