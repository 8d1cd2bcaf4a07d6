"""What a test can order of the accounts and services of a rehearsal, by the interface that is the rehearsal's alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from cloud_under_test import TOKEN, NoMachines
from oauthenticator.github import GitHubOAuthenticator
from played import Stage, on_stage

from rehearsal import cloud
from rehearsal.identity import Services, control

if TYPE_CHECKING:
    from pathlib import Path


async def order(stage: Stage, body: dict[str, Any] | None, method: str = "POST", token: str = TOKEN) -> tuple[int, Any]:
    """Ask the cloud's API, as the daemon has it."""
    api = cloud.make_app(stage.authority.with_name("cloud.json"), NoMachines(), token=TOKEN, delay=0)
    api.add_routes(control.routes(stage.services))
    async with TestClient(TestServer(api)) as client:
        answer = await client.request(method, control.PATH, json=body, headers={"Authorization": f"Bearer {token}"})
        return answer.status, await answer.json()


async def numbers(stage: Stage, *logins: str) -> list[tuple[str, int]]:
    """The user name and the number the hub learns of each who signs in."""
    found = []
    for login in logins:
        await stage.browser.get("https://github.com/logout")
        model = await stage.sign_in(stage.authenticator(GitHubOAuthenticator), login)
        assert model
        user = model["auth_state"]["github_user"]
        found.append((user["login"], user["id"]))
    return found


def test_an_account_is_renamed_and_its_name_registered_by_somebody_else(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        assert await numbers(stage, "octocat") == [("octocat", 9100018)]
        taken = await order(stage, {"register": "octocat"})
        assert taken[0] == 422
        assert "'octocat' is taken at GitHub; rename its owner first" in taken[1]["message"]
        assert (await order(stage, {"rename": "octocat", "to": "mona"}))[1]["github_id"] == 9100018
        status, newcomer = await order(stage, {"register": "octocat"})
        assert status == 200
        told = await numbers(stage, "mona", "octocat@elsewhere.example", "octocat", newcomer["login"])
        assert told == [("mona", 9100018), ("mona", 9100018), *[("octocat", newcomer["github_id"])] * 2]
        assert newcomer["github_id"] not in {person.github_id for person in Services("").accounts.everybody("github")}

    on_stage(authority, visit)


def test_a_renamed_account_keeps_its_token_and_its_organisations(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        settings = {"scope": ["read:org"], "allow_all": False, "allowed_organizations": {"rehearsal-college"}}
        model = await stage.sign_in(stage.authenticator(GitHubOAuthenticator, **settings), "ada@college.example")
        assert model
        await order(stage, {"rename": "rehearsal-ada", "to": "countess"})
        headers = {"Authorization": f"Bearer {model['auth_state']['access_token']}"}
        user = await (await stage.browser.get("https://api.github.com/user", headers=headers)).json()
        assert user["login"] == "countess"
        for name, status in (("countess", 204), ("rehearsal-ada", 404)):
            path = f"https://api.github.com/orgs/rehearsal-college/members/{name}"
            assert (await stage.browser.get(path, headers=headers)).status == status

    on_stage(authority, visit)


def test_an_account_is_disabled_at_some_services_and_enabled_again(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        ada = "ada@college.example"
        _, state = await order(stage, {"disable": ada, "at": ["college", "google"]})
        assert state["disabled"][ada] == ["college", "google"]
        assert await numbers(stage, ada) == [("rehearsal-ada", 9100001)], "GitHub is none of the college's business"
        _, state = await order(stage, {"disable": ada})
        assert state["disabled"][ada] == ["college", "github", "google"]
        with pytest.raises(AssertionError, match="has been disabled"):
            await numbers(stage, ada)
        await order(stage, {"enable": ada})
        assert await numbers(stage, ada) == [("rehearsal-ada", 9100001)]

    on_stage(authority, visit)


def test_a_service_goes_down_alone_and_comes_up_again(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        async def statuses() -> list[int]:
            pages = (
                "https://github.com/logout",
                "https://api.github.com/users/octocat",
                "https://accounts.google.com/Logout",
            )
            return [(await stage.browser.get(page)).status for page in pages]

        assert (await order(stage, {"down": "github"}))[1]["down"] == ["github"]
        assert await statuses() == [503, 503, 200]
        await order(stage, {"up": "github"})
        assert await statuses() == [200, 200, 200]

    on_stage(authority, visit)


def test_all_of_it_can_be_taken_back(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        _, before = await order(stage, None, "GET")
        orders: list[dict[str, Any]] = [
            {"down": "google"},
            {"disable": "alan@college.example"},
            {"rename": "octocat", "to": "mona"},
            {"register": "octocat"},
            {"testing": ["ada@college.example"]},
            {"restrict": "Rehearsal-College"},
        ]
        for body in orders:
            assert (await order(stage, body))[0] == 200
        _, changed = await order(stage, None, "GET")
        assert all(changed[key] != before[key] for key in before)
        assert await order(stage, None, "DELETE") == (200, before)

    on_stage(authority, visit)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"down": "facebook"},
        {"rename": "nobody-at-all", "to": "mona"},
        {"rename": "octocat"},
        {"rename": "octocat", "to": "rehearsal-ADA"},
        {"disable": "nobody@college.example"},
        {"disable": "ada@college.example", "at": "google"},
        {"disable": "ada@college.example", "at": ["facebook"]},
    ],
)
def test_an_order_that_cannot_be_carried_out_is_refused(authority: Path, body: dict[str, Any]) -> None:
    async def visit(stage: Stage) -> None:
        status, told = await order(stage, body)
        assert status == 422
        assert told["message"].startswith("no such order: ")

    on_stage(authority, visit)


def test_nobody_orders_anything_without_the_clouds_token(authority: Path) -> None:
    async def visit(stage: Stage) -> None:
        assert (await order(stage, {"down": "github"}, token="guess"))[0] == 401
        assert not stage.services.github.down

    on_stage(authority, visit)
