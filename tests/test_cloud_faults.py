"""Trouble on order, so that what must survive it can be tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud_under_test import Cloud, NoMachines, running_cloud, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with running_cloud(tmp_path) as running:
        yield running


def last_action(cloud: Cloud) -> Any:
    return cloud.settled().client.actions.list()["actions"][0]


def test_too_many_requests_say_when_to_come_back_and_pass(cloud: Cloud) -> None:
    cloud.fault(path="/v2/*", status=429, retry_after=2, times=2)
    for _ in range(2):
        answer = cloud.ask("GET", "/v2/account")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert cloud.ask("GET", "/v2/account").status_code == 200, "two times were ordered, not three"


@pytest.mark.parametrize(("after", "made"), [(False, 0), (True, 1)])
def test_a_server_error_comes_before_or_after_the_droplet_is_made(cloud: Cloud, after: bool, made: int) -> None:  # noqa: FBT001
    cloud.fault(method="POST", path="/v2/droplets", status=500, after=after)
    with pytest.raises(Exception, match="Ordered by /_rehearsal/faults"):
        cloud.droplet()
    assert len(cloud.client.droplets.list()["droplets"]) == made, "an answer that was lost is not a deed undone"


def test_a_new_droplet_may_be_missing_for_a_while(cloud: Cloud) -> None:
    droplet = cloud.droplet()["id"]
    cloud.fault(method="GET", path="/v2/droplets/*", status=404, message="not yet")
    assert cloud.refusal("GET", f"/v2/droplets/{droplet}") == (404, "not yet")
    assert cloud.ask("GET", f"/v2/droplets/{droplet}").status_code == 200


def test_a_pending_event_and_a_conflict_can_be_put_in_the_way(cloud: Cloud) -> None:
    volume = cloud.volume()["id"]
    cloud.fault(method="POST", path="/v2/volumes/*/actions", status=422, message="Droplet already has a pending event.")
    cloud.fault(method="DELETE", path="/v2/volumes/*", status=409, message="attached volume cannot be deleted")
    assert cloud.refusal("POST", f"/v2/volumes/{volume}/actions", {"type": "attach"})[1].endswith("pending event.")
    assert cloud.refusal("DELETE", f"/v2/volumes/{volume}")[0] == 409
    assert cloud.ask("DELETE", f"/v2/volumes/{volume}").status_code == 204


def test_an_action_can_end_in_error_without_having_done_anything(cloud: Cloud) -> None:
    droplet, volume = cloud.droplet()["id"], cloud.volume()["id"]
    cloud.settled().fault(action="attach_volume")
    cloud.client.volume_actions.post_by_id(volume, {"type": "attach", "droplet_id": droplet})
    action = last_action(cloud)
    assert (action["type"], action["status"]) == ("attach_volume", "errored")
    assert action["completed_at"], "an action that failed is over, too"
    assert cloud.client.volumes.get(volume)["volume"]["droplet_ids"] == []


def test_a_droplet_whose_making_fails_is_off_and_can_be_destroyed(cloud: Cloud) -> None:
    cloud.fault(action="create")
    droplet = cloud.droplet()["id"]
    assert last_action(cloud)["status"] == "errored"
    assert cloud.client.droplets.get(droplet)["droplet"]["status"] == "off", "nobody need wait for it to be active"
    cloud.client.droplets.destroy(droplet)
    assert cloud.settled().client.droplets.list()["droplets"] == []


def test_a_droplet_can_be_held_locked(cloud: Cloud) -> None:
    droplet = cloud.droplet()["id"]
    cloud.settled().fault(hold=droplet, seconds=0.2)
    assert cloud.client.droplets.get(droplet)["droplet"]["locked"]
    assert cloud.refusal("DELETE", f"/v2/droplets/{droplet}") == (422, "Droplet already has a pending event.")
    until(lambda: not cloud.client.droplets.get(droplet)["droplet"]["locked"])


def test_faults_are_listed_forgotten_and_refused_when_they_make_no_sense(cloud: Cloud) -> None:
    cloud.fault(path="/v2/*", times=3)
    assert [fault["times"] for fault in cloud.ask("GET", "/_rehearsal/faults").json()["faults"]] == [3]
    assert cloud.ask("DELETE", "/_rehearsal/faults").status_code == 204
    assert cloud.ask("GET", "/v2/account").status_code == 200
    for nonsense in ({}, {"path": "/v2/*", "action": "create"}, {"weather": "rain"}):
        assert cloud.refusal("POST", "/_rehearsal/faults", nonsense)[0] == 422
    assert cloud.refusal("POST", "/_rehearsal/faults", {"hold": 1})[0] == 404


@pytest.mark.parametrize("broken", ["create_droplet", "apply_firewall"])
def test_a_machine_that_does_not_come_up_is_an_errored_action_and_a_droplet_that_is_off(
    tmp_path: Path, broken: str
) -> None:
    machines = NoMachines()
    machines.broken.add(broken)
    with running_cloud(tmp_path, machines) as cloud:
        droplet = cloud.droplet()["id"]
        assert last_action(cloud)["status"] == "errored"
        assert cloud.client.droplets.get(droplet)["droplet"]["status"] == "off", "nobody need wait for it to be active"
        machines.broken.clear()
        cloud.client.droplets.destroy(droplet)
        assert cloud.settled().refusal("GET", f"/v2/droplets/{droplet}")[0] == 404


def test_a_disk_that_cannot_be_made_is_a_server_error_and_no_volume(tmp_path: Path) -> None:
    machines = NoMachines()
    machines.broken.add("create_volume")
    with running_cloud(tmp_path, machines) as cloud:
        body = {"name": "work", "region": "nyc3", "size_gigabytes": 10}
        assert cloud.refusal("POST", "/v2/volumes", body) == (500, "Unexpected server-side error")
        assert cloud.client.volumes.list()["volumes"] == []
        machines.broken.clear()
        assert cloud.ask("POST", "/v2/volumes", body).status_code == 201, "the name is free again"
