"""Sign in at the college's own service: OpenID Connect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauthenticator.generic import GenericOAuthenticator
from traitlets import Bool, Dict

from coursehub.sign_in.service import ServiceAuthenticator

if TYPE_CHECKING:
    from collections.abc import Mapping


class OpenIDSignIn(ServiceAuthenticator, GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator publishes no types
    """Whoever the service vouches for and the roster lists, by e-mail address."""

    require_verified_email = Bool(
        default_value=True, help="Whether the service must say that it has verified the address."
    ).tag(config=True)

    required_claims = Dict(help="What the service must say of everybody who gets in: values by claim.").tag(config=True)

    def user_info_to_username(self, user_info: Mapping[str, Any]) -> str:
        """The account of the person the service described; refuse with a sentence that names the account used."""
        email = user_info.get("email")
        if not isinstance(email, str) or not email:
            raise self.refusal(
                "Your sign-in provider did not tell your e-mail address, which the class roster goes by."
            )
        verified = user_info.get("email_verified")
        if self.require_verified_email and verified is not True and verified != "true":  # some send it as a text
            raise self.refusal(f"You signed in as {email}, an address your sign-in provider has not verified.")
        for claim, wanted in self.required_claims.items():
            if (found := user_info.get(claim)) != wanted:
                self.log.warning("%s came with %s=%r, not %r", email, claim, found, wanted)
                raise self.refusal(f"You signed in as {email}, which does not come from where this class signs in.")
        return self.by_email(email).user
