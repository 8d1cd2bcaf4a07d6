"""The hub's people follow the roster: with JupyterHub's own database and its own answer to what somebody may do."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from jupyterhub import orm, roles, scopes

from coursehub.enrolment import Enrolment, group_of, rights
from coursehub.roster import Person, Roster
from coursehub.spawner import disclosure

if TYPE_CHECKING:
    from pathlib import Path


def person(user: str, role: str = "student", section: str = "") -> Person:
    return Person(email=f"{user}@college.edu", name=user.title(), user=f"jh-{user}", role=role, section=section)


ADA, BOB = person("ada", section="A"), person("bob", section="B")
MARY, JOAN = person("mary", "ta", "A"), person("joan", "ta", "B")
EMMY = person("emmy", "instructor")
CLASS = (ADA, BOB, MARY, JOAN, EMMY)


class Proxy:
    def __init__(self) -> None:
        self.deleted: list[str] = []

    async def delete_user(self, user: Any, _server: str) -> None:
        self.deleted.append(user.name)


class Users:
    """The hub's users, of whom it is known whose server runs."""

    def __init__(self, db: Any) -> None:
        self.db = db
        self.running: set[str] = set()
        self.pending: set[str] = set()
        self.stopped: list[str] = []

    def __getitem__(self, name: str) -> Any:
        async def stop(_server: str) -> None:
            self.stopped.append(name)

        async def delete_spawners() -> None:
            pass

        pending = "spawn" if name in self.pending else None
        spawners = {"": SimpleNamespace(pending=pending, active=True)} if name in self.running else {}
        return SimpleNamespace(name=name, spawners=spawners, stop=stop, delete_spawners=delete_spawners)

    def delete(self, user: Any) -> None:
        self.db.delete(orm.User.find(self.db, user.name))
        self.db.commit()


class Hub:
    """A hub with its database in memory, and a roster it follows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = orm.new_session_factory("sqlite:///:memory:")()
        for role in roles.get_default_roles():
            roles.create_role(self.db, role)
        self.db.add(orm.OAuthClient(identifier="jupyterhub"))  # whose the tokens are that people ask for themselves
        self.users = Users(self.db)
        self.proxy = Proxy()
        self.authenticator = SimpleNamespace(delete_user=lambda _: None)
        self.enrolment = Enrolment(self, Roster(path))

    def follow(self, *people: Person) -> None:
        entries = [vars(one) for one in people]
        self.path.with_suffix(".new").write_text(json.dumps({"students": entries}))
        self.path.with_suffix(".new").replace(self.path)
        self.look()

    def look(self) -> None:
        asyncio.run(self.enrolment.look())

    def user(self, who: Person) -> Any:
        return orm.User.find(self.db, who.user)

    def may(self, who: Person, scope: str, whom: Person) -> bool:
        return self.allows(self.user(who), scope, whom)

    def allows(self, bearer: Any, scope: str, whom: Person) -> bool:
        """Whether a user or token has ``scope`` for somebody's server, by JupyterHub's own reckoning."""
        held = scopes.parse_scopes(scopes.get_scopes_for(bearer))
        if scope not in held:
            return False
        return bool(scopes.check_scope_filter(held[scope], self.user(whom), "user"))


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    hub = Hub(tmp_path / "roster.json")
    hub.follow(*CLASS)
    return hub


@pytest.mark.parametrize("scope", ["access:servers", "read:servers", "list:users"])
@pytest.mark.parametrize(
    ("who", "whom", "allowed"),
    [
        (MARY, ADA, True),
        (MARY, BOB, False),
        (MARY, JOAN, False),
        (MARY, EMMY, False),
        (ADA, BOB, False),
        (ADA, MARY, False),
        (EMMY, ADA, True),
        (EMMY, MARY, True),
    ],
    ids=lambda value: value.user if isinstance(value, Person) else str(value),
)
def test_each_role_reaches_whom_it_should(hub: Hub, who: Person, whom: Person, scope: str, allowed: bool) -> None:  # noqa: FBT001  # a table's column
    assert hub.may(who, scope, whom) is allowed


@pytest.mark.parametrize("scope", ["servers", "delete:servers", "tokens", "admin:users"])
def test_a_ta_looks_and_opens_and_administers_nothing(hub: Hub, scope: str) -> None:
    assert not hub.may(MARY, scope, ADA)


def test_an_instructor_is_the_hubs_administrator_for_as_long_as_the_roster_says(hub: Hub) -> None:
    assert "admin-ui" in scopes.get_scopes_for(hub.user(EMMY))

    hub.follow(ADA, BOB, MARY, JOAN, person("emmy", "student"))

    assert "admin-ui" not in scopes.get_scopes_for(hub.user(EMMY))
    assert not hub.user(EMMY).admin, "a restart would make an administrator of who has the flag"


def test_a_dismissed_tas_token_opens_nothing_any_more(hub: Hub) -> None:
    mary = hub.user(MARY)
    token = orm.APIToken.new(user=mary, scopes=[f"access:servers!user={ADA.user}"])
    bearer = orm.APIToken.find(hub.db, token)
    assert hub.allows(bearer, "access:servers", ADA)

    hub.follow(ADA, BOB, person("mary", "student", "A"), JOAN, EMMY)

    assert not hub.allows(bearer, "access:servers", ADA), "a session that is open holds such a token"
    assert {role.name for role in hub.user(MARY).roles} == {"user"}


def test_a_student_who_moves_is_the_other_sections_tas(hub: Hub) -> None:
    hub.follow(person("ada", section="B"), BOB, MARY, JOAN, EMMY)

    assert not hub.may(MARY, "access:servers", ADA)
    assert hub.may(JOAN, "access:servers", ADA)


def test_a_ta_without_a_section_has_nobody(hub: Hub) -> None:
    hub.follow(person("ada"), BOB, person("mary", "ta"), JOAN, EMMY)

    assert not hub.may(MARY, "access:servers", ADA), "no section is no common section"


def test_who_leaves_is_no_user_any_more_and_their_server_stops(hub: Hub) -> None:
    user = hub.user(ADA)
    token = orm.APIToken.new(user=user)
    hub.users.running.add(ADA.user)

    hub.follow(BOB, MARY, JOAN, EMMY)

    assert (hub.proxy.deleted, hub.users.stopped) == (["jh-ada"], ["jh-ada"])
    assert hub.user(ADA) is None, "their cookie is nobody's"
    assert orm.APIToken.find(hub.db, token) is None


def test_a_server_that_is_being_started_is_seen_off_at_the_next_look(hub: Hub) -> None:
    hub.users.running.add(ADA.user)
    hub.users.pending.add(ADA.user)
    hub.follow(BOB, MARY, JOAN, EMMY)
    assert (hub.users.stopped, scopes.get_scopes_for(hub.user(ADA))) == ([], set()), "rights are gone at once"

    hub.users.pending.clear()
    hub.look()

    assert hub.users.stopped == ["jh-ada"]


def test_a_roster_that_cannot_be_read_gives_no_rights_and_throws_nobody_out(hub: Hub) -> None:
    hub.path.write_text("{")
    hub.look()

    assert not hub.user(EMMY).admin
    assert scopes.get_scopes_for(hub.user(MARY)) == set()
    assert hub.user(ADA) is not None, "it does not say that anybody left"

    hub.follow(*CLASS)

    assert hub.may(MARY, "access:servers", ADA), "mended, it is as it was"


def test_what_was_changed_by_hand_is_set_right(hub: Hub) -> None:
    ada, group = hub.user(ADA), orm.Group.find(hub.db, group_of("A"))
    ada.admin = True
    ada.roles.append(orm.Role.find(hub.db, "admin"))
    group.users.append(hub.user(BOB))
    hub.db.commit()

    hub.look()

    assert "admin-ui" not in scopes.get_scopes_for(hub.user(ADA))
    assert not hub.may(MARY, "access:servers", BOB)


def test_the_probes_stay(hub: Hub) -> None:
    hub.db.add(orm.User(name="jh-probe-1"))
    hub.look()

    probe = orm.User.find(hub.db, "jh-probe-1")
    assert [role.name for role in probe.roles] == ["user"], "the student check acts as they may"


def test_any_name_a_section_has_makes_a_group() -> None:
    sections = ["A", "a", "Δευτέρα", "Lab 2/Tue!group=B", "x" * 500]
    groups = [group_of(section) for section in sections]

    assert len(set(groups)) == len(sections), "two sections never share their students"
    assert all(group.removeprefix("section-").replace("-", "").isalnum() and group.isascii() for group in groups)


def test_nobody_without_a_section_is_in_a_group() -> None:
    assert rights([person("ada"), person("mary", "ta")]).groups == {}


def test_a_student_is_told_who_may_open_their_server(hub: Hub) -> None:
    roster = Roster(hub.path)

    assert disclosure(roster, ADA.user) == (
        "Mary (TA of section A) and Emmy (instructor) can see and open your server."
    )
    assert disclosure(roster, EMMY.user) == ""
