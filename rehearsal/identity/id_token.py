"""ID tokens: who signed in, signed with the provider's own key (OpenID Connect Core 2, RFC 7515, RFC 7517)."""

import base64
import json
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_ALGORITHM = "RS256"  # the one every OpenID provider must offer
_KEY_BITS = 2048


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Signer:
    """An RSA key made when it is first needed; it lives as long as the provider does."""

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)

    def sign(self, claims: dict[str, Any]) -> str:
        """Return ``claims`` as a compact JSON Web Signature."""
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": "rehearsal"}
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_base64url(signature)}"

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        public = self._key.public_key().public_numbers()
        key = {"kty": "RSA", "use": "sig", "alg": _ALGORITHM, "kid": "rehearsal"}
        return {"keys": [key | {"n": _number(public.n), "e": _number(public.e)}]}
