"""DigitalOcean's projects: folders in its control panel."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

from rehearsal.plugins.digitalocean.api import Api, ApiError
from rehearsal.plugins.digitalocean.resource import NAME, Property, Resource, same_ignoring_case, same_set
from rehearsal.plugins.provider import Properties


class Project(Resource):
    """A project, and (where they are named) all that is in it."""

    token = "digitalocean:index/project:Project"  # noqa: S105 - a type token
    delete_timeout = 180.0
    inputs: ClassVar = {
        "description": Property("string", default=""),
        "environment": Property("string", allowed="(?i:development|staging|production)", same=same_ignoring_case),
        "isDefault": Property("boolean", default=False),
        "name": NAME,
        "purpose": Property("string", default="Web Application"),
        "resources": Property("list[string]", computed=True, same=same_set),
    }
    outputs: ClassVar = {
        "createdAt": "string",
        "ownerId": "integer",
        "ownerUuid": "string",
        "updatedAt": "string",
    }

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """POST; put the resources into it (or take it back); make it the default if it shall be; GET."""
        wanted = {key: inputs.get(key, "") for key in ("name", "description", "purpose", "environment")}
        project = api.post("/v2/projects", wanted)["project"]
        if inputs.get("resources"):
            try:
                _move(api, project["id"], inputs["resources"])
            except ApiError:
                api.delete(f"/v2/projects/{project['id']}")
                raise
        if inputs.get("isDefault"):
            same = {key: project[key] for key in ("name", "description", "purpose", "environment")}
            api.patch(f"/v2/projects/{project['id']}", same | {"is_default": True})
        return project["id"], self.read(api, project["id"], inputs) or {}

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET it, and what is in it."""
        project = api.find(f"/v2/projects/{identifier}", "project")
        return project and describe(api, project)

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """PATCH; what shall leave it goes to the default project, what shall come in comes; GET."""
        wanted = {key: inputs.get(key, "") for key in ("name", "description", "purpose", "environment")}
        api.patch(f"/v2/projects/{identifier}", wanted | {"is_default": inputs.get("isDefault", False)})
        if "resources" in inputs:
            _rearrange(api, identifier, state.get("resources", []), inputs["resources"])
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """Move what is in it to the default project; DELETE, again while it is not empty yet."""
        if state.get("resources"):
            _move(api, _default(api), state["resources"])

        def deleted() -> bool:
            try:
                api.delete(f"/v2/projects/{identifier}")
            except ApiError as error:
                if error.status == HTTPStatus.PRECONDITION_FAILED and "with resources" in str(error):
                    return False
                raise
            return True

        api.wait(deleted, f"project {identifier} to be empty", timeout, at_once=True)


class ProjectResources(Resource):
    """Some of what is in a project that may hold more."""

    token = "digitalocean:index/projectResources:ProjectResources"  # noqa: S105 - a type token
    inputs: ClassVar = {
        "project": Property("string", required=True, replace=True),
        "resources": Property("list[string]", required=True, same=same_set),
    }

    def create(self, api: Api, inputs: Properties) -> tuple[str, Properties]:
        """GET the project; POST; GET it and what is in it."""
        return inputs["project"], self.update(api, inputs["project"], {}, inputs)

    def read(self, api: Api, identifier: str, known: Properties) -> Properties | None:
        """GET the project and what is in it; of that, only what is `known`."""
        if api.find(f"/v2/projects/{identifier}", "project") is None:
            return None
        there = set(_resources(api, identifier))
        return {
            "project": identifier,
            "resources": [urn for urn in known.get("resources", []) if urn in there],
        }

    def update(self, api: Api, identifier: str, state: Properties, inputs: Properties) -> Properties:
        """GET the project; move what shall leave and what shall come; GET."""
        api.get(f"/v2/projects/{identifier}")
        _rearrange(api, identifier, state.get("resources", []), inputs["resources"])
        return self.read(api, identifier, inputs) or {}

    def delete(self, api: Api, identifier: str, state: Properties, timeout: float) -> None:
        """GET the project; move what was put into it to the default one."""
        if api.find(f"/v2/projects/{identifier}", "project") is not None and state.get("resources"):
            _move(api, _default(api), state["resources"])


def describe(api: Api, project: Properties) -> Properties:
    """Give the outputs of a project as the API has it, and what is in it."""
    return {
        "name": project["name"],
        "purpose": project["purpose"].removeprefix("Other: "),
        "description": project["description"],
        "environment": project["environment"],
        "isDefault": project["is_default"],
        "ownerUuid": project.get("owner_uuid", ""),
        "ownerId": project.get("owner_id", 0),
        "createdAt": project["created_at"],
        "updatedAt": project["updated_at"],
        "resources": _resources(api, project["id"]),
    }


def _resources(api: Api, project: str) -> list[str]:
    return [resource["urn"] for resource in api.pages(f"/v2/projects/{project}/resources", "resources")]


def _default(api: Api) -> str:
    return str(api.get("/v2/projects/default")["project"]["id"])


def _move(api: Api, project: str, urns: Iterable[str]) -> None:
    api.post(f"/v2/projects/{project}/resources", {"resources": list(urns)})


def _rearrange(api: Api, project: str, old: list[str], new: list[str]) -> None:
    if gone := [urn for urn in old if urn not in new]:
        _move(api, _default(api), gone)
    if come := [urn for urn in new if urn not in old]:
        _move(api, project, come)
