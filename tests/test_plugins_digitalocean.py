"""The digitalocean stand-in: what it completes, compares, keeps and refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from digitalocean_under_test import HUB, PING, SSH, WORK, open_world
from plugin_under_test import Aborted, Engine, changes

from rehearsal.plugins.digitalocean.provider import DigitalOcean
from rehearsal.plugins.digitalocean.resource import DEFAULTS, sha1
from rehearsal.plugins.provider import PluginError
from rehearsal.plugins.values import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from digitalocean_under_test import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with open_world(tmp_path, monkeypatch) as opened:
        yield opened


def test_a_name_that_is_not_given_is_made_up_once(world: World) -> None:
    droplet = world.engine("Droplet")
    wanted = {key: value for key, value in HUB.items() if key != "name"}
    first = droplet.check(wanted)
    assert first["name"].startswith("it-")
    assert len(first["name"]) == len("it-") + 7, "seven random digits, as the official plugin adds"
    assert droplet.check(wanted, first)["name"] == first["name"], "the next up keeps it"
    assert droplet.check({**wanted, "name": "hub"}, first)["name"] == "hub"
    assert "name" not in droplet.check({**wanted, "name": "hub"}, first)[DEFAULTS]


def test_defaults_are_terraforms(world: World) -> None:
    droplet = world.engine("Droplet").check(HUB)
    assert {key: droplet[key] for key in droplet[DEFAULTS]} == {
        "backups": False,
        "gracefulShutdown": False,
        "ipv6": False,
        "monitoring": False,
        "resizeDisk": True,
    }
    assert world.engine("Project").check({"name": "Course"})["purpose"] == "Web Application"


@pytest.mark.parametrize(
    ("kind", "inputs", "place", "word"),
    [
        ("Volume", {"size": 1}, "region", 'Missing required argument. The argument "region" is required'),
        ("Volume", {**WORK, "sise": 2}, "sise", 'An argument named "sise" is not expected here'),
        ("Volume", {**WORK, "size": "ten"}, "size", "expected type 'integer'"),
        ("Volume", {**WORK, "size": 0}, "size", "expected size to match"),
        ("Volume", {**WORK, "initialFilesystemType": "zfs"}, "initialFilesystemType", "got zfs"),
        ("Tag", {"name": "no blanks"}, "name", "got no blanks"),
        ("DnsRecord", {"domain": "d", "type": "PTR", "value": "v"}, "type", "got PTR"),
    ],
)
def test_wrong_inputs_are_refused_with_their_place(
    world: World, kind: str, inputs: dict[str, Any], place: str, word: str
) -> None:
    reason = world.engine(kind).checked(inputs)[1][place]
    assert word in reason
    assert f"'it.{place}'" in reason


def test_what_is_unknown_is_not_judged(world: World) -> None:
    checked = world.engine("Volume").check({**WORK, "size": UNKNOWN, "tags": [UNKNOWN, "class"]})
    assert checked["size"] is UNKNOWN


def test_a_preview_knows_what_was_asked_for_and_nothing_else(world: World) -> None:
    droplet = world.engine("Droplet")
    identifier, state = droplet.create(droplet.check(HUB), preview=True)
    assert identifier == "", "the engine makes an unknown of it"
    assert state["size"] == "s-1vcpu-1gb"
    assert state["ipv4Address"] is UNKNOWN
    assert state["volumeIds"] is UNKNOWN, "computed where it is left out"
    assert "userData" not in state
    assert not world.calls, "a preview makes nothing"


@pytest.mark.parametrize("key", ["image", "userData", "sshKeys", "region", "monitoring", "vpcUuid", "dropletAgent"])
def test_some_changes_need_another_droplet(world: World, key: str) -> None:
    droplet = world.engine("Droplet")
    old = droplet.check({**HUB, "userData": "a", "sshKeys": ["1"], "vpcUuid": "v", "dropletAgent": True})
    state = droplet.create(old, preview=True)[1] | {"userData": sha1("a")}
    other: Any = {"monitoring": True, "dropletAgent": False, "sshKeys": ["2"]}.get(key, "other")
    answer = droplet.diff(old, state, old | {key: other})
    assert list(answer.replaces) == [key]
    assert answer.deleteBeforeReplace, "two droplets cannot both be called hub as far as the plugin knows"
    ignored = droplet.diff(old, state, old | {key: other}, ignored=(key,))
    assert not ignored.replaces, "ignore_changes keeps a running class"


def test_user_data_is_compared_by_its_digest(world: World) -> None:
    droplet = world.engine("Droplet")
    new = droplet.check({**HUB, "userData": "a"})
    state = droplet.create(new, preview=True)[1] | {"userData": sha1("a")}
    assert not changes(droplet.diff(new, state, new))


def test_ipv6_can_come_but_not_go(world: World) -> None:
    droplet = world.engine("Droplet")
    new = droplet.check(HUB)
    assert changes(droplet.diff(new, new | {"ipv6": True}, new)) == {"ipv6": "update_replace"}
    assert changes(droplet.diff(new, new, new | {"ipv6": True})) == {"ipv6": "update"}


def test_the_order_of_a_set_is_no_difference(world: World) -> None:
    world.engine("Tag").up({"name": "class"})
    firewall = world.engine("Firewall")
    _, state, inputs = firewall.up({"name": "hub", "inboundRules": [SSH, PING], "tags": ["class"]})
    turned = firewall.check(
        {
            "name": "hub",
            "tags": ["class"],
            "inboundRules": [PING, {**SSH, "sourceAddresses": ["::/0", "0.0.0.0/0"]}],
        }
    )
    assert not changes(firewall.diff(inputs, state, turned))
    assert state["inboundRules"][0] == SSH, "the state keeps the program's own order"


def test_a_new_rule_is_shown_at_its_place(world: World) -> None:
    world.engine("Tag").up({"name": "class"})
    firewall = world.engine("Firewall")
    _, state, inputs = firewall.up({"name": "hub", "inboundRules": [SSH], "tags": ["class"]})
    new = firewall.check({"name": "hub", "inboundRules": [SSH, PING], "tags": ["class", "other"]})
    assert changes(firewall.diff(inputs, state, new)) == {"inboundRules[1]": "add", "tags[1]": "add"}


@pytest.mark.parametrize(
    ("rules", "word"),
    [
        ([], "At least one rule"),
        ([{"protocol": "tcp", "sourceAddresses": ["::/0"]}], "`port_range` of inbound rules is required"),
        ([{"protocol": "sctp", "portRange": "1"}], "protocol to be one of tcp, udp, icmp"),
    ],
)
def test_a_firewall_that_cannot_be_is_refused_in_preview(world: World, rules: list[Any], word: str) -> None:
    firewall = world.engine("Firewall")
    with pytest.raises(Aborted, match=word):
        firewall.create(firewall.check({"name": "hub", "inboundRules": rules}), preview=True)


def test_a_volume_grows_but_never_shrinks(world: World) -> None:
    volume = world.engine("Volume")
    identifier, state, inputs = volume.up({**WORK, "initialFilesystemType": "xfs"})
    assert not changes(volume.diff(inputs, state, inputs)), "what the API world.calls filesystem_type is no difference"
    bigger = volume.check({**WORK, "size": 20, "initialFilesystemType": "xfs"}, inputs)
    assert changes(volume.diff(inputs, state, bigger)) == {"size": "update"}
    assert volume.update(identifier, state, bigger)["size"] == 20
    assert ("resize_volume", "hub-work", 20) in world.cloud.machines.done
    with pytest.raises(Aborted, match="can only be expanded and not shrunk"):
        volume.diff(inputs, state, volume.check({**WORK, "size": 5}))


def test_records_are_as_the_program_writes_them(world: World) -> None:
    world.engine("Domain").up({"name": "course.example"})
    record = world.engine("DnsRecord")
    caa = {
        "domain": "course.example",
        "type": "CAA",
        "name": "@",
        "value": "letsencrypt.org.",
        "flags": 0,
        "tag": "issue",
    }
    identifier, state, inputs = record.up({**caa, "ttl": 300})
    assert state["value"] == "letsencrypt.org.", "the API leaves the dot out, the plugin puts it back"
    assert state["fqdn"] == "course.example"
    assert not changes(record.diff(inputs, state, inputs))
    later = record.check({**caa, "ttl": 600}, inputs)
    assert changes(record.diff(inputs, state, later)) == {"ttl": "update"}
    assert record.update(identifier, state, later)["ttl"] == 600
    with pytest.raises(Aborted, match="`flags` is required for when type is `CAA`"):
        record.create(record.check({key: caa[key] for key in caa if key != "flags"}), preview=True)


def test_a_project_with_a_reserved_ip_differs_for_ever(world: World) -> None:
    _, reserved, _ = world.engine("ReservedIp").up({"region": "nyc3"})
    project = world.engine("Project")
    identifier, state, inputs = project.up({"name": "Course", "resources": [reserved["reservedIpUrn"]]})
    _, now, _ = project.read(identifier, state, inputs)
    assert changes(project.diff(inputs, now, inputs)), (
        "the API world.calls it a floating IP: a trap the program has to avoid"
    )


def test_a_refresh_sees_what_someone_changed_and_what_someone_removed(world: World) -> None:
    record, zone = world.engine("DnsRecord"), world.engine("Domain")
    zone.up({"name": "course.example"})
    inputs = {"domain": "course.example", "type": "A", "name": "hub", "value": "192.0.2.1", "ttl": 300}
    identifier, state, inputs = record.up(inputs)
    world.cloud.client.domains.update_record("course.example", int(identifier), {"type": "A", "data": "192.0.2.9"})
    _, now, inputs_now = record.read(identifier, state, inputs)
    assert (now["value"], inputs_now["value"]) == ("192.0.2.9", "192.0.2.9")
    assert inputs_now["name"] == "hub", "what did not change stays as the program wrote it"
    assert changes(record.diff(inputs_now, now, inputs)) == {"value": "update"}, "the next up puts it right"
    world.cloud.client.domains.delete_record("course.example", int(identifier))
    assert record.read(identifier, state, inputs)[0] == "", "404 means gone"
    record.delete(identifier, state)


def test_import_reads_everything_by_id(world: World) -> None:
    identifier, _, _ = world.engine("Volume").up(WORK)
    found, state, inputs = world.engine("Volume").read(identifier)
    assert found == identifier
    assert state["volumeUrn"]
    assert inputs == {**WORK}
    with pytest.raises(Aborted, match="joined with a comma"):
        world.engine("ReservedIpAssignment").read("192.0.2.1")


def test_what_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(Aborted, match="LoadBalancer is not part of the stand-in"):
        Engine(DigitalOcean(), "digitalocean:index/loadBalancer:LoadBalancer").check({})
    with pytest.raises(PluginError, match="getVpc:getVpc is not part"):
        DigitalOcean().invoke("digitalocean:index/getVpc:getVpc", {})
