"""Who vouches for students: Google, GitHub, the college's own sign-in service, or the course itself with passwords."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

import patterns
from settings.group import Group, few
from sign_in_probe import ADDRESSES, Service

if TYPE_CHECKING:
    from collections.abc import Iterator

Domain = Annotated[str, AfterValidator(patterns.domain)]
Organisation = Annotated[str, AfterValidator(patterns.github_organisation)]
Claim = Annotated[str, AfterValidator(patterns.claim)]
Scope = Annotated[str, AfterValidator(patterns.scope)]
Way = Literal["google", "github", "oidc", "password"]

NAMES = {"google": "Google", "github": "GitHub", "oidc": "your college account", "password": ""}  # on the button
TESTERS = 100  # people an app of Google's publishing status "Testing" may list: https://support.google.com/cloud/answer/15549945
ONLY = {"google_domains": "google", "github_organisations": "github"} | dict.fromkeys(
    ("oidc_authorize_url", "oidc_exchange_url", "oidc_userinfo_url", "oidc_required_claims"), "oidc"
)


class SignIn(Group):
    """How students sign in. What a way needs is asked for; what belongs to another way is refused, not left out."""

    sign_in: Way = Field(examples=["google, github, oidc or password"])
    client_id: str = Field(examples=["the id the sign-in service gave this course"])
    client_secret: SecretStr = Field(examples=["pulumi config set --secret client-secret"])
    google_domains: tuple[Domain, ...] = Field(examples=['["college.edu"]'])
    github_organisations: tuple[Organisation, ...] = Field(examples=['["engr101-fall", "college:engr101"]'])
    oidc_authorize_url: str = Field(examples=["https://login.college.edu/oauth2/authorize"])
    oidc_exchange_url: str = Field(examples=["https://login.college.edu/oauth2/token"])
    oidc_userinfo_url: str = Field(examples=["https://login.college.edu/oauth2/userinfo"])
    oidc_scopes: tuple[Scope, ...] = Field(examples=['["openid", "email", "profile"]'])
    oidc_required_claims: tuple[Claim, ...] = Field(examples=['["idp=https://idp.college.edu/idp/shibboleth"]'])
    oidc_require_verified_email: bool
    sign_in_name: str
    sign_in_probe: bool

    @field_validator("client_id", "client_secret")
    @classmethod
    def _client_is_known(cls, value: Any, others: ValidationInfo) -> Any:
        way = others.data.get("sign_in")
        given = value.get_secret_value() if isinstance(value, SecretStr) else value
        if way == "password" and given:
            key = str(others.field_name).replace("_", "-")
            raise ValueError(f"is for a sign-in service, and sign-in is password; take it away: pulumi config rm {key}")
        if way not in (None, "password") and not given:
            raise ValueError("is not set")
        return value

    @field_validator(*ONLY)
    @classmethod
    def _belongs_to_the_way(cls, value: Any, others: ValidationInfo) -> Any:
        way, key = others.data.get("sign_in"), str(others.field_name)
        if way and value and way != ONLY[key]:
            rm = f"pulumi config rm {key.replace('_', '-')}"
            raise ValueError(f"is for sign-in {ONLY[key]}, and sign-in is {way}; take it away: {rm}")
        return value

    @field_validator("oidc_authorize_url", "oidc_exchange_url", "oidc_userinfo_url")
    @classmethod
    def _is_oidc_address(cls, value: str, others: ValidationInfo) -> str:
        return patterns.https_url(value) if value or others.data.get("sign_in") == "oidc" else value

    @field_validator("oidc_scopes")
    @classmethod
    def _says_openid(cls, scopes: tuple[str, ...]) -> tuple[str, ...]:
        if not {"openid", "email"} <= set(scopes):
            raise ValueError("lacks openid or email, without which the service does not tell who signed in")
        return scopes

    @property
    def required_claims(self) -> dict[str, str]:
        """What the service must say of everybody who gets in: values by claim."""
        return dict(claim.split("=", 1) for claim in self.oidc_required_claims)

    @property
    def sign_in_words(self) -> str:
        """What stands on the button after "Sign in with"; empty for passwords, which have a form."""
        return "" if self.sign_in == "password" else self.sign_in_name or NAMES[self.sign_in]

    def service(self, redirect_uri: str) -> Service | None:
        """The sign-in service, for a probe; None where the course has passwords of its own."""
        if self.sign_in == "password":
            return None
        authorize_url, exchange_url = ADDRESSES.get(self.sign_in, (self.oidc_authorize_url, self.oidc_exchange_url))
        return Service(
            authorize_url=authorize_url,
            exchange_url=exchange_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            redirect_uri=redirect_uri,
            scope=" ".join(self.oidc_scopes if self.sign_in == "oidc" else ("openid", "email")),
        )

    def advice(self, emails: tuple[str, ...]) -> Iterator[str]:
        """What a teacher should know of this way before the class finds out; ``emails`` are the roster's."""
        if self.sign_in != "google":
            return
        yield (
            f"sign-in: an app whose publishing status at Google is Testing admits the {TESTERS} people it lists, and "
            f"forgets each after 7 days; the roster has {len(emails)}. Have it Internal or In production "
            "(docs/sign-in.md)"
        )
        elsewhere = [email for email in emails if self.google_domains and not _at(email, self.google_domains)]
        if elsewhere:
            yield (
                f"sign-in: {few(elsewhere)} will be refused unless Google counts them to "
                f"{' or '.join(self.google_domains)} (google-domains)"
            )


def _at(email: str, domains: tuple[str, ...]) -> bool:
    """Whether an address is in one of the ``domains``, or below it."""
    return any(re.search(rf"[@.]{re.escape(domain)}$", email.casefold()) for domain in domains)
