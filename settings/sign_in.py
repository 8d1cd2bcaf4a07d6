"""Who vouches for students: the college's sign-in service."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

import patterns
from settings.group import Group

HttpsUrl = Annotated[str, AfterValidator(patterns.https_url)]
Text = Annotated[str, Field(min_length=1)]


class SignIn(Group):
    """How the hub reaches the sign-in service, and what it calls it."""

    oidc_authorize_url: HttpsUrl = Field(examples=["https://login.college.edu/oauth2/authorize"])
    oidc_exchange_url: HttpsUrl = Field(examples=["https://login.college.edu/oauth2/token"])
    oidc_userinfo_url: HttpsUrl = Field(examples=["https://login.college.edu/oauth2/userinfo"])
    oidc_client_id: Text = Field(examples=["the id your college's sign-in service gave this course"])
    oidc_client_secret: SecretStr = Field(min_length=1, examples=["pulumi config set --secret oidc-client-secret"])
    oidc_require_verified_email: bool
    sign_in_name: Text
    sign_in_probe: bool
