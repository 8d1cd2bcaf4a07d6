"""Sign in with Google: a college's Workspace, or private accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oauthenticator.google import GoogleOAuthenticator

from coursehub.sign_in.service import ServiceAuthenticator

if TYPE_CHECKING:
    from collections.abc import MutableMapping

GMAIL = ("gmail.com", "googlemail.com")  # addresses nobody but Google gives out


class GoogleSignIn(ServiceAuthenticator, GoogleOAuthenticator):  # type: ignore[misc]  # oauthenticator publishes no types
    """Whoever Google vouches for and the roster lists, by e-mail address."""

    def user_info_to_username(self, user_info: MutableMapping[str, Any]) -> str:
        """The account of the person Google described; refuse with a sentence that names the account used.

        Of an address that is neither Gmail's nor a Workspace's (it has no ``hd``), Google knows only that its owner
        once could read mail there; that owner may have left the college since. The rule is Google's own:
        https://developers.google.com/identity/gsi/web/guides/verify-google-id-token
        """
        email = str(user_info.get("email") or "")
        if not email:
            raise self.refusal("Google did not tell your e-mail address, which the class roster goes by.")
        if user_info.get("verified_email") is not True:
            raise self.refusal(f"You signed in as {email}, an address Google has not verified.")
        college = str(user_info.get("hd") or "").casefold()
        domain = email.casefold().rpartition("@")[2]
        if self.hosted_domain and college not in self.hosted_domain:
            raise self.refusal(
                f"You signed in as {email}, which is no account of {' or '.join(self.hosted_domain)}. "
                "Sign in again and choose your college account."
            )
        if not college and domain not in GMAIL:
            raise self.refusal(
                f"You signed in as {email}, a private Google account with an address that is not Google's. "
                "Sign in again and choose the account you use for this class."
            )
        user_info["domain"] = domain  # what the library's own checks go by
        return self.by_email(email).user
