"""Sign in with GitHub. A name there can be changed, and taken by somebody else; the number of an account cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oauthenticator.github import GitHubOAuthenticator
from traitlets import Unicode

from coursehub.applier import write_atomically
from coursehub.sign_in.service import ServiceAuthenticator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coursehub.roster import Person, Roster

ACCOUNTS = Path("/srv/course/hub/github.json")


class Impostor(Exception):
    """A GitHub name on the roster that is another account's by now."""


class Accounts:
    """Which GitHub account each of our accounts belongs to, kept on the volume from the first sign-in on.

    ``{"jh-octocat": {"id": 583231, "github": "octocat"}}``; ``github`` is the roster's name at that time, so that a
    line the teacher changes is taken at its word. A file that cannot be read is an error: nobody may inherit a home.
    """

    def __init__(self, path: Path = ACCOUNTS) -> None:
        self._path = path

    def person(self, number: int, login: str, roster: Roster) -> Person | None:
        """Who on the roster the account ``number``, by now called ``login``, is; None for nobody.

        Raises:
            Impostor: the name is on the roster, but was another account's when its owner first signed in.

        """
        known = self._read()
        for user, entry in known.items():
            person = roster.by_user(user) if entry["id"] == number else None
            if person and person.github == entry["github"]:  # else the teacher has given the line to another account
                return person
        person = roster.by_github(login)
        if person is None:
            return None
        earlier = known.get(person.user)
        if earlier and earlier["id"] != number and earlier["github"] == person.github:
            raise Impostor(login)
        self._keep(known, person, number)
        return person

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            known: dict[str, dict[str, Any]] = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return known

    def _keep(self, known: dict[str, dict[str, Any]], person: Person, number: int) -> None:
        entry = {"id": number, "github": person.github}
        if known.get(person.user) == entry:
            return
        text = json.dumps({**known, person.user: entry}, indent=1, sort_keys=True)
        write_atomically(self._path, text.encode(), 0o600)


class GitHubSignIn(ServiceAuthenticator, GitHubOAuthenticator):  # type: ignore[misc]  # oauthenticator publishes no types
    """Whoever GitHub vouches for and the roster lists, by GitHub name; in one of the organisations if there are any."""

    accounts_path = Unicode(str(ACCOUNTS), help="Where the numbers of GitHub accounts are kept.").tag(config=True)

    def user_info_to_username(self, user_info: Mapping[str, Any]) -> str:
        """The account of the person GitHub described; refuse with a sentence that names the account used."""
        number, login = user_info.get("id"), user_info.get("login")
        if not isinstance(number, int) or not isinstance(login, str):
            raise self.refusal("GitHub did not tell which account you have.")
        try:
            person = Accounts(Path(self.accounts_path)).person(number, login, self.roster)
        except Impostor as impostor:
            raise self.refusal(
                f"You signed in to GitHub as {login}, a name on the class roster that was another account's before."
            ) from impostor
        if person is None:
            raise self.refusal(
                f"You signed in to GitHub as {login}, which is not on the class roster. "
                "Is it the account you use for this class?"
            )
        return person.user

    async def check_allowed(self, username: str, auth_model: Mapping[str, Any] | None) -> bool:
        """The roster's people, if there are organisations only those in one of them."""
        if not await super().check_allowed(username, auth_model):
            return False
        if auth_model is None or not self.allowed_organizations:
            return True
        state = auth_model["auth_state"]
        login, told = state[self.user_auth_state_key]["login"], state["token_response"]
        for name in sorted(self.allowed_organizations):
            # the library's own question to GitHub's API; its check_allowed would ask for our account's name
            if await self._check_membership_allowed_organizations(
                name, login, told["access_token"], told["token_type"]
            ):
                return True
        names = " or ".join(sorted(self.allowed_organizations))
        raise self.refusal(f"You signed in to GitHub as {login}, which is not a member of {names}.")
