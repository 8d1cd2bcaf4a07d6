"""The course as it is registered with each service: what its teacher copies into the settings."""

import hmac
from dataclasses import dataclass

REDIRECT_URI = "https://hub.course.example/hub/oauth_callback"


@dataclass(frozen=True)
class Client:
    """A registered application; its secret opens nothing but the rehearsal's own sign-in."""

    id: str
    secret: str
    redirect_uri: str = REDIRECT_URI

    def has_secret(self, given: str) -> bool:
        """Whether ``given`` is the secret."""
        return hmac.compare_digest(given.encode(), self.secret.encode())


# Each in the form the service gives them, but short of the length by which scanners for leaked secrets know them.
COLLEGE = Client("course-hub", "rehearsal-client-secret")
GOOGLE = Client("198051100001-rehearsal.apps.googleusercontent.com", "GOCSPX-rehearsal")
GITHUB = Client("Ov23liRehearsal00001", "rehearsal-github-client-secret")
