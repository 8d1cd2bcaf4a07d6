"""How a password is kept: scrypt, in a text that says by which parameters it was made.

The parameters are one of the equally strong sets of OWASP's Password Storage Cheat Sheet, the one with 32 MiB: two at
a time (``sign_in/password.py``) are 64 MiB of the hub's memory, however many sign in at once. One takes about 0.2 s.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata

COST, BLOCK, PARALLEL = 2**15, 8, 3  # https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
_SALT, _KEY = 16, 32  # bytes
_MEMORY = 2 * 128 * COST * BLOCK  # bytes, OpenSSL's limit: what it takes is half of that and a little


def kept(password: str) -> str:
    """``password`` as it is kept: ``scrypt$32768$8$3$SALT$KEY``, the last two in base64; another one every time."""
    salt = secrets.token_bytes(_SALT)
    key = _key(password, salt, COST, BLOCK, PARALLEL)
    return "$".join(("scrypt", str(COST), str(BLOCK), str(PARALLEL), _text(salt), _text(key)))


def matches(password: str, text: str) -> bool:
    """Whether ``text`` was made of ``password``, by the parameters it names; raise ``ValueError`` if it is none."""
    name, cost, block, parallel, salt, key = text.split("$")
    if name != "scrypt":
        raise ValueError(f"passwords are kept by scrypt here, not by {name!r}")
    found = _key(password, base64.b64decode(salt), int(cost), int(block), int(parallel))
    return hmac.compare_digest(found, base64.b64decode(key))


def _key(password: str, salt: bytes, cost: int, block: int, parallel: int) -> bytes:
    # the same letters are the same bytes, whatever keyboard they come from (NIST SP 800-63B-4, 3.1.1.2)
    plain = unicodedata.normalize("NFKC", password).encode()
    return hashlib.scrypt(plain, salt=salt, n=cost, r=block, p=parallel, maxmem=_MEMORY, dklen=_KEY)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


NOBODY = kept(secrets.token_urlsafe())  # compared where there is nobody, so that an answer takes as long as any other
