"""SSH keys: the instructor's, read and understood before anything is made, and the droplet's first host key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
    load_ssh_public_key,
)

if TYPE_CHECKING:
    from pathlib import Path

# The order of NIST P-256 (SEC 2, version 2.0, section 2.4.2): private scalars are 1 ... order - 1.
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class KeyProblem(ValueError):
    """Why a key cannot be used, in words."""


class Protected(KeyProblem):
    """A key that wants a passphrase."""


@dataclass(frozen=True, repr=False)
class SshKey:
    """The instructor's key: ``private`` as it stands in the file, ``public`` as one authorized_keys line."""

    private: str
    public: str
    passphrase: str
    seed: bytes


@dataclass(frozen=True, repr=False)
class HostKey:
    """An ECDSA host key: ``private`` in OpenSSH's format, ``public`` as one line."""

    private: str
    public: str


def read(path: Path, passphrase: str = "") -> SshKey:
    """Read a private key in OpenSSH's format; raise ``KeyProblem`` for everything that is not one."""
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyProblem(f"{path} cannot be read ({error}); ssh-keygen -t ed25519 makes a key") from error
    if text.startswith("PuTTY-User-Key-File"):
        raise KeyProblem(
            f"{path} is a PuTTY key; in PuTTYgen choose Conversions, Export OpenSSH key, and name that file"
        )
    if text.startswith(("ssh-", "ecdsa-", "sk-")):
        raise KeyProblem(f"{path} is the public half; name the private one, usually the same without .pub")
    try:
        key = load_ssh_private_key(text.encode(), passphrase.encode() or None)
    except TypeError as error:  # cryptography's word for: a password is needed, or none is
        raise _about_passphrase(path, passphrase) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        if passphrase:
            raise KeyProblem(f"{path} does not open with ssh-key-passphrase; try: ssh-keygen -y -f {path}") from error
        raise KeyProblem(f"{path} is not a private key in OpenSSH's format; ssh-keygen -t ed25519 makes one") from error
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    seed = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SshKey(private=text, public=public, passphrase=passphrase, seed=seed)


def _about_passphrase(path: Path, passphrase: str) -> KeyProblem:
    if passphrase:
        return KeyProblem(
            f"{path} has no passphrase, but ssh-key-passphrase is set; pulumi config rm ssh-key-passphrase"
        )
    return Protected(
        f"{path} is protected by a passphrase; run: pulumi config set --secret ssh-key-passphrase, "
        "or use a key of its own for this server: ssh-keygen -t ed25519 -f ~/.ssh/course -N ''"
    )


def public_line(text: str) -> str:
    """One authorized_keys line, checked; raise ``KeyProblem``."""
    try:
        load_ssh_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyProblem(
            f"{text[:30]!r} is not a public key; a good one looks like ssh-ed25519 AAAAC3Nz... ta"
        ) from error
    return text.strip()


def first_contact(key: SshKey, droplet: str) -> HostKey:
    """The host key a new droplet shows at first contact, derived from the instructor's key.

    Derived, so it needs no state and no further secret; of another type (ECDSA) than the key the droplet makes for
    itself (Ed25519), so sshd offers both and the hand-over can be interrupted anywhere. User-data carries it, which
    every process on the droplet can read: it is taken out of service right after first contact.
    """
    label = f"course-server first contact {droplet}".encode()
    material = HKDF(algorithm=SHA256(), length=48, salt=None, info=label).derive(key.seed)
    # 48 bytes against a 32-byte order: the bias of the remainder is below 2^-128
    private = ec.derive_private_key(int.from_bytes(material, "big") % (P256_ORDER - 1) + 1, ec.SECP256R1())
    return HostKey(
        private=private.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        public=private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
    )
