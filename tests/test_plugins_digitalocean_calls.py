"""The digitalocean stand-in: what it asks of the API, in which order, and what it does when that goes wrong."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from cloud_under_test import ED25519, TOKEN
from digitalocean_under_test import HUB, WORK, open_world
from plugin_under_test import Aborted, changes

from rehearsal.plugins.digitalocean import api
from rehearsal.plugins.digitalocean.provider import DigitalOcean
from rehearsal.plugins.digitalocean.resource import sha1
from rehearsal.plugins.provider import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from digitalocean_under_test import World


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with open_world(tmp_path, monkeypatch) as opened:
        yield opened


def test_a_droplet_is_asked_for_and_waited_for(world: World) -> None:
    key, _, _ = world.engine("SshKey").up({"name": "teacher", "publicKey": ED25519})
    volume, _, _ = world.engine("Volume").up(WORK)
    world.calls.clear()
    wanted = {**HUB, "sshKeys": [key], "volumeIds": [volume], "userData": "#cloud-config\n", "tags": ["class"]}
    identifier, state, _ = world.engine("Droplet").up(wanted)
    assert world.calls[0] == "POST /v2/droplets"
    assert set(world.calls[1:]) == {f"GET /v2/droplets/{identifier}"}
    assert state["status"] == "active"
    assert state["ipv4Address"]
    assert state["dropletUrn"] == f"do:droplet:{identifier}"
    assert state["userData"] == sha1("#cloud-config\n"), "the state keeps a digest, as the official plugin's"
    assert world.cloud.machines.specs[int(identifier)].user_data == "#cloud-config\n"


def test_a_droplet_that_does_not_boot_is_kept_to_be_brought_right(world: World) -> None:
    world.cloud.machines.pause.clear()
    droplet = world.engine("Droplet")
    threading.Timer(0.3, droplet.plugin.cancel).start()
    with pytest.raises(Aborted, match="to become ready") as refusal:
        droplet.up(HUB)
    assert refusal.value.details.id, "the engine has to know it, or it would be paid for and forgotten"
    assert dict(refusal.value.details.properties.items())["size"] == HUB["size"]


def test_a_droplet_goes_in_order(world: World) -> None:
    volume, _, _ = world.engine("Volume").up(WORK)
    droplet = world.engine("Droplet")
    identifier, state, _ = droplet.up({**HUB, "volumeIds": [volume], "gracefulShutdown": True})
    world.calls.clear()
    droplet.delete(identifier, state)
    path = f"/v2/droplets/{identifier}"
    order = [call for call in world.calls if not call.startswith("GET")]
    assert world.calls[0] == f"GET {path}", "first it has to be unlocked"
    assert order == [f"POST {path}/actions shutdown", f"POST /v2/volumes/{volume}/actions detach", f"DELETE {path}"]
    assert world.calls[-1] == f"GET {path}", "last it has to be gone"
    assert ("power_off", int(identifier), True) in world.cloud.machines.done


def test_a_droplet_that_is_gone_already_goes_quietly(world: World) -> None:
    world.engine("Droplet").delete("4711", {"gracefulShutdown": True, "volumeIds": ["v"]})


def test_a_resize_powers_off_and_on(world: World) -> None:
    droplet = world.engine("Droplet")
    identifier, state, inputs = droplet.up({**HUB, "resizeDisk": False})
    new = droplet.check({**HUB, "resizeDisk": False, "size": "s-2vcpu-4gb"}, inputs)
    assert changes(droplet.diff(inputs, state, new)) == {"size": "update"}
    world.calls.clear()
    after = droplet.update(identifier, state, new)
    assert [call.split()[-1] for call in world.calls if call.startswith("POST")] == ["power_off", "resize", "power_on"]
    assert (after["memory"], after["disk"]) == (4096, state["disk"]), (
        "memory grows, the disk stays so that it can shrink"
    )


def test_tags_change_one_by_one(world: World) -> None:
    volume = world.engine("Volume")
    identifier, state, inputs = volume.up({**WORK, "tags": ["a", "b"]})
    world.calls.clear()
    after = volume.update(identifier, state, volume.check({**WORK, "tags": ["b", "c"]}, inputs))
    assert world.calls == [
        "DELETE /v2/tags/a/resources",
        "POST /v2/tags",
        "POST /v2/tags/c/resources",
        f"GET /v2/volumes/{identifier}",
    ]
    assert sorted(after["tags"]) == ["b", "c"]


def test_an_address_follows_its_droplet(world: World) -> None:
    droplet, _, _ = world.engine("Droplet").up(HUB)
    address, reserved, _ = world.engine("ReservedIp").up({"region": "nyc3"})
    assert reserved["ipAddress"] == address
    assignment = world.engine("ReservedIpAssignment")
    world.calls.clear()
    identifier, state, _ = assignment.up({"ipAddress": address, "dropletId": int(droplet)})
    assert world.calls[0] == f"GET /v2/droplets/{droplet}/actions?per_page=50", (
        "first nothing else may happen to the droplet"
    )
    assert f"POST /v2/reserved_ips/{address}/actions assign" in world.calls
    assert assignment.read(identifier, state, state)[0] == identifier
    assignment.delete(identifier, state)
    assert assignment.read(identifier, state, state)[0] == "", "assigned to none is gone"
    assignment.delete(identifier, state)


def test_a_project_is_emptied_before_it_goes(world: World) -> None:
    _, volume, _ = world.engine("Volume").up(WORK)
    project = world.engine("Project")
    identifier, state, inputs = project.up(
        {"name": "Course", "environment": "Production", "resources": [volume["volumeUrn"]]}
    )
    assert not changes(project.diff(inputs, state | {"environment": "production"}, inputs)), "case does not count"
    world.calls.clear()
    world.cloud.fault(
        path="/v2/projects/*", method="DELETE", status=412, message="cannot delete a project with resources"
    )
    project.delete(identifier, state)
    assert world.calls[0] == "GET /v2/projects/default"
    assert world.calls[-2:] == [f"DELETE /v2/projects/{identifier}"] * 2, "not empty yet: again"


def test_what_may_pass_is_tried_again_and_what_may_not_is_told_at_once(world: World) -> None:
    tag = world.engine("Tag")
    world.cloud.fault(path="/v2/tags", method="POST", status=503, times=2)
    world.cloud.fault(path="/v2/tags/*", method="GET", status=429, retry_after=0)
    assert tag.up({"name": "class"})[0] == "class", "503 and 429 pass"
    world.cloud.fault(path="/v2/tags", method="POST", status=500, times=99)
    with pytest.raises(Aborted, match=r"giving up after 5 attempt\(s\)"):
        tag.up({"name": "other"})
    world.cloud.ask("DELETE", "/_rehearsal/faults")
    world.cloud.fault(path="/v2/tags", method="POST", status=403, message="You are not authorized", times=99)
    with pytest.raises(Aborted, match=r"POST http://.*/v2/tags: 403 .*You are not authorized"):
        tag.up({"name": "other"})


def test_an_api_that_does_not_answer_is_named() -> None:
    nowhere = api.Api("http://127.0.0.1:1", TOKEN, retries=1, shortest_pause=0.01)
    with pytest.raises(PluginError, match=r"GET http://127\.0\.0\.1:1/v2/account: .*refused.*2 attempt"):
        nowhere.get("/v2/account")


def test_a_wrong_token_is_told_without_showing_it(world: World) -> None:
    tag = world.engine("Tag")
    tag.plugin.configure({"token": "dop_v1_wrong", "apiEndpoint": world.cloud.url})
    with pytest.raises(Aborted, match="401") as refusal:
        tag.up({"name": "class"})
    assert "dop_v1_wrong" not in str(refusal.value)


def test_the_environment_fills_in_for_the_programs_settings(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITALOCEAN_TOKEN", TOKEN)
    monkeypatch.setenv("DIGITALOCEAN_API_URL", world.cloud.url)
    plugin = DigitalOcean()
    plugin.configure({})
    assert plugin.invoke("digitalocean:index/getAccount:getAccount", {})["status"] == "active"


def test_the_questions_before_the_first_resource_are_answered(world: World) -> None:
    ask = world.engine("Tag").plugin.invoke
    sizes = ask("digitalocean:index/getSizes:getSizes", {})["sizes"]
    assert {"slug", "priceMonthly", "regions", "memory", "available"} <= set(sizes[0])
    cheap = {
        "filters": [{"key": "regions", "values": ["nyc3"]}],
        "sorts": [{"key": "price_monthly", "direction": "desc"}],
    }
    filtered = ask("digitalocean:index/getSizes:getSizes", cheap)["sizes"]
    assert all("nyc3" in size["regions"] for size in filtered)
    assert filtered[0]["priceMonthly"] >= filtered[-1]["priceMonthly"]
    assert ask("digitalocean:index/getImage:getImage", {"slug": "debian-13-x64"})["slug"] == "debian-13-x64"
    assert ask("digitalocean:index/getProject:getProject", {})["isDefault"] is True
    world.engine("Domain").up({"name": "course.example"})
    assert ask("digitalocean:index/getDomain:getDomain", {"name": "course.example"})["ttl"]
    with pytest.raises(PluginError, match=r"domain not found: other\.example"):
        ask("digitalocean:index/getDomain:getDomain", {"name": "other.example"})
