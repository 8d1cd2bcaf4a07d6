"""The cloud's answers, asked for with DigitalOcean's own client, held against its published specification."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cloud_under_test import ED25519, Cloud, running_cloud
from openapi_schema_validator import OAS30ReadValidator

if TYPE_CHECKING:
    from collections.abc import Iterator

SPECIFICATION = Path(__file__).parents[2] / "shared" / "data" / "digitalocean-openapi.json"
RULES = {
    "name": "hub",
    "inbound_rules": [{"protocol": "tcp", "ports": "22", "sources": {"addresses": ["0.0.0.0/0"]}}],
    "outbound_rules": [
        {"protocol": "tcp", "ports": "all", "destinations": {"addresses": ["0.0.0.0/0"]}},
        {"protocol": "icmp", "destinations": {"addresses": ["0.0.0.0/0"]}},
    ],
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud in which one of everything was made, read, changed and destroyed through pydo."""
    with running_cloud(tmp_path_factory.mktemp("cloud")) as running:
        live_through(running)
        yield running


def live_through(cloud: Cloud) -> None:
    """Call every endpoint the cloud has, in the order of a term: set up, look, change, take down."""
    look_around(cloud)
    zone(cloud)
    key = cloud.client.ssh_keys.create({"name": "teacher", "public_key": ED25519})["ssh_key"]
    cloud.client.tags.create({"name": "course"})
    firewall = cloud.client.firewalls.create({**RULES, "tags": ["course"]})["firewall"]["id"]
    volume = cloud.volume(filesystem_type="xfs", tags=["course"])["id"]
    droplet = cloud.droplet(ssh_keys=[key["id"]], tags=["course"], volumes=[volume], monitoring=True)["id"]
    cloud.client.droplets.get(droplet)  # while it is new
    cloud.settled().client.droplets.list()
    keys(cloud, key)
    tags_and_firewalls(cloud, droplet, firewall)
    addresses(cloud, droplet)
    volumes(cloud, droplet)
    projects(cloud, droplet)
    droplet_actions(cloud, droplet)
    cloud.client.droplets.destroy(droplet)
    cloud.settled().client.droplets.get(droplet)
    cloud.client.volumes.delete(volume)
    cloud.client.firewalls.delete(firewall)
    cloud.client.tags.delete("course")
    cloud.client.ssh_keys.delete(key["id"])


def look_around(cloud: Cloud) -> None:
    c = cloud.client
    c.account.get()
    c.sizes.list()
    c.regions.list()
    c.images.list()
    c.images.get("debian-13-x64")


def zone(cloud: Cloud) -> None:
    c = cloud.client
    c.domains.create({"name": "course.example", "ip_address": "198.51.100.200"})
    caa = {"type": "CAA", "name": "hub", "data": "letsencrypt.org.", "flags": 0, "tag": "issue", "ttl": 300}
    record = c.domains.create_record("course.example", caa)["domain_record"]["id"]
    c.domains.list()
    c.domains.get("course.example")
    c.domains.list_records("course.example")
    c.domains.get_record("course.example", record)
    c.domains.update_record("course.example", record, {**caa, "ttl": 600})
    c.domains.patch_record("course.example", record, {"type": "CAA", "ttl": 900})
    c.domains.delete_record("course.example", record)
    c.domains.delete("course.example")


def keys(cloud: Cloud, key: Any) -> None:
    c = cloud.client
    c.ssh_keys.list()
    c.ssh_keys.get(key["id"])
    c.ssh_keys.get(key["fingerprint"])
    c.ssh_keys.update(key["id"], {"name": "the teacher"})


def tags_and_firewalls(cloud: Cloud, droplet: int, firewall: str) -> None:
    c, tagged = cloud.client, {"resources": [{"resource_id": str(droplet), "resource_type": "droplet"}]}
    c.tags.list()
    c.tags.get("course")
    c.firewalls.list()
    c.firewalls.get(firewall)
    c.firewalls.update(firewall, {**RULES, "droplet_ids": [droplet]})
    c.tags.unassign_resources("course", tagged)
    c.tags.assign_resources("course", tagged)


def addresses(cloud: Cloud, droplet: int) -> None:
    c = cloud.client
    ip = c.reserved_ips.create({"region": "nyc3"})["reserved_ip"]["ip"]
    action = c.reserved_ips_actions.post(ip, {"type": "assign", "droplet_id": droplet})["action"]["id"]
    cloud.settled()
    c.reserved_ips_actions.get(ip, action)
    c.reserved_ips_actions.list(ip)
    c.reserved_ips.get(ip)
    c.reserved_ips.list()
    c.reserved_ips_actions.post(ip, {"type": "unassign"})
    cloud.settled().client.reserved_ips.delete(ip)


def volumes(cloud: Cloud, droplet: int) -> None:
    c, volume = cloud.client, cloud.volume(name="other")["id"]
    action = c.volume_actions.post_by_id(volume, {"type": "attach", "droplet_id": droplet})["action"]["id"]
    cloud.settled()
    c.volume_actions.get(volume, action)
    c.volume_actions.list(volume)
    c.actions.get(action)
    c.volumes.list()
    c.volumes.get(volume)
    c.volume_actions.post_by_id(volume, {"type": "resize", "size_gigabytes": 20})
    cloud.settled()
    c.volume_actions.post_by_id(volume, {"type": "detach", "droplet_id": droplet})
    cloud.settled().client.volumes.delete(volume)


def projects(cloud: Cloud, droplet: int) -> None:
    c, urns = cloud.client, {"resources": [f"do:droplet:{droplet}"]}
    project = {"name": "Lab", "purpose": "Class project / Educational purposes", "environment": "Production"}
    lab = c.projects.create(project)["project"]["id"]
    c.projects.list()
    c.projects.get(lab)
    c.projects.get_default()
    c.projects.patch(lab, {"description": "ENGR 101"})
    c.projects.update(lab, {**project, "description": "", "is_default": False})
    c.projects.assign_resources(lab, urns)
    c.projects.list_resources(lab)
    c.projects.list_resources_default()
    c.projects.assign_resources_default(urns)
    c.projects.delete(lab)


def droplet_actions(cloud: Cloud, droplet: int) -> None:
    c = cloud.client
    for body in (
        {"type": "rename", "name": "new-hub"},
        {"type": "shutdown"},
        {"type": "resize", "size": "s-4vcpu-8gb", "disk": False},
        {"type": "power_on"},
        {"type": "reboot"},
    ):
        action = c.droplet_actions.post(droplet, body)["action"]["id"]
        cloud.settled().client.droplets.get(droplet)
        c.droplet_actions.get(droplet, action)
    c.droplet_actions.list(droplet)


def template(path: str) -> str:
    """Return a path with its parameters unnamed, for comparing two ways of writing it."""
    return re.sub(r"{[^}]*}", "{}", path)


def route(cloud: Cloud, method: str, path: str) -> str:
    """Return the unnamed path of the cloud's own route for a request."""
    for resource in cloud.app.router.resources():
        methods = {r.method for r in resource}
        if method in methods and resource.get_info().get(
            "pattern", re.compile(re.escape(resource.canonical))
        ).fullmatch(path):
            return template(resource.canonical)
    raise AssertionError(f"{method} {path} is no route")


class Specification:
    """DigitalOcean's OpenAPI file, with its references resolved where the validator does not."""

    def __init__(self) -> None:
        self.bundle = json.loads(SPECIFICATION.read_text())
        self.paths = {template(path): item for path, item in self.bundle["paths"].items()}
        # YAML read the bare word `off` in the droplet's list of statuses as false.
        self.components = json.loads(
            json.dumps(self.bundle["components"]).replace('"active", false,', '"active", "off",')
        )

    def resolved(self, node: Any) -> Any:
        while "$ref" in node:
            node = self.components["x"][node["$ref"].rsplit("/", 1)[1]]
        return node

    def errors(self, route: str, method: str, path: str, status: int, body: Any) -> list[str]:
        """Return what the specification has against an answer."""
        # /v2/projects/default is a path of its own there and a project's identifier here.
        item = self.resolved(self.paths.get(path) or self.paths[route])
        answers = self.resolved(item[method.lower()])["responses"]
        if str(status) not in answers:
            return [f"status {status} is none of {', '.join(answers)}"]
        content = self.resolved(answers[str(status)]).get("content")
        if not content:
            return [] if body is None else ["a body where there should be none"]
        schema = {**content["application/json"]["schema"], "components": self.components}
        return [
            f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
            for e in OAS30ReadValidator(schema).iter_errors(body)
        ]


def test_pydo_has_called_every_endpoint_the_cloud_has(cloud: Cloud) -> None:
    offered = {
        (r.method, template(resource.canonical))
        for resource in cloud.app.router.resources()
        for r in resource
        if r.method != "HEAD" and not resource.canonical.startswith("/_rehearsal")
    }
    called = {(method, route(cloud, method, path)) for method, path, _, _ in cloud.transcript.exchanges}
    assert offered - called == set(), "an endpoint no client is known to understand"


def test_the_term_went_without_a_refusal_until_the_droplet_was_gone(cloud: Cloud) -> None:
    refused = [(method, status) for method, path, status, _ in cloud.transcript.exchanges if status >= 400]
    assert refused == [("GET", 404)], "only the droplet that was destroyed may be missing"


@pytest.mark.filterwarnings("always::pytest.PytestWarning")  # loud, but no failure, where there is no specification
def test_every_answer_is_what_digitalocean_specifies(cloud: Cloud) -> None:
    if not SPECIFICATION.exists():
        message = (
            f"NOT CHECKED: {SPECIFICATION} is not there, so no answer was held against DigitalOcean's specification"
        )
        warnings.warn(message, pytest.PytestWarning, stacklevel=1)
        pytest.skip(message)
    specification = Specification()
    found = [
        f"{method} {path} {status}: {error}"
        for method, path, status, body in cloud.transcript.exchanges
        for error in specification.errors(route(cloud, method, path), method, path, status, body)
    ]
    assert not found, "\n".join(sorted(set(found)))


def test_an_answer_that_breaks_the_specification_would_be_noticed(cloud: Cloud) -> None:
    if not SPECIFICATION.exists():
        pytest.skip(f"{SPECIFICATION} is not there")
    droplet = next(body for method, path, status, body in cloud.transcript.exchanges if "droplet" in (body or {}))
    broken = {"droplet": {**droplet["droplet"], "status": "asleep"}}
    assert Specification().errors("/v2/droplets/{}", "GET", "/v2/droplets/1", 200, broken), "the check checks nothing"


def test_nothing_is_left_when_everything_was_destroyed(cloud: Cloud) -> None:
    left = cloud.ask("GET", "/_rehearsal/leftovers").json()["leftovers"]
    assert not any(left.values()), f"the account still holds {left}"
