from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

import keys

if TYPE_CHECKING:
    from pathlib import Path

    Private = Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

PASSPHRASE = "correct horse"


def written(folder: Path, key: Private, passphrase: str = "") -> Path:
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    path = folder / "key"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, protection))
    return path


def refusal(path: Path, passphrase: str = "") -> str:
    with pytest.raises(keys.KeyProblem) as caught:
        keys.read(path, passphrase)
    return str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        Ed25519PrivateKey.generate(),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        ec.generate_private_key(ec.SECP256R1()),
    ],
    ids=["ed25519", "rsa", "ecdsa"],
)
def test_a_key_gives_its_public_half_as_one_line(tmp_path: Path, key: Private) -> None:
    read = keys.read(written(tmp_path, key))

    assert read.public == key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    assert "\n" not in read.public, "it becomes one line of authorized_keys"


def test_a_key_with_a_passphrase_opens_with_it(tmp_path: Path) -> None:
    path = written(tmp_path, Ed25519PrivateKey.generate(), PASSPHRASE)

    assert keys.read(path, PASSPHRASE).passphrase == PASSPHRASE, "the connection needs it too"


def test_what_is_not_a_usable_key_is_refused_with_what_to_do(tmp_path: Path) -> None:
    protected = written(tmp_path, Ed25519PrivateKey.generate(), PASSPHRASE)
    assert "pulumi config set --secret ssh-key-passphrase" in refusal(protected)
    assert "does not open with ssh-key-passphrase" in refusal(protected, "wrong")
    assert PASSPHRASE not in refusal(protected, PASSPHRASE[:-1]), "no part of a passphrase is shown"

    plain = written(tmp_path, Ed25519PrivateKey.generate())
    assert "has no passphrase, but ssh-key-passphrase is set" in refusal(plain, PASSPHRASE)

    other = tmp_path / "other"
    other.write_text("PuTTY-User-Key-File-3: ssh-ed25519\n")
    assert "is a PuTTY key; in PuTTYgen choose Conversions, Export OpenSSH key" in refusal(other)
    other.write_text("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI ada@college\n")
    assert "is the public half; name the private one" in refusal(other)
    other.write_text("hello\n")
    assert "is not a private key in OpenSSH's format" in refusal(other)
    assert "cannot be read" in refusal(tmp_path / "nowhere")


@pytest.mark.parametrize("line", ["", "hello", "ssh-ed25519 AAAA", "-----BEGIN OPENSSH PRIVATE KEY-----"])
def test_a_further_key_must_be_a_public_one(line: str) -> None:
    with pytest.raises(keys.KeyProblem, match="is not a public key; a good one looks like ssh-ed25519"):
        keys.public_line(line)


def test_the_first_host_key_needs_no_memory(tmp_path: Path) -> None:
    key = keys.read(written(tmp_path, Ed25519PrivateKey.generate()))

    assert keys.first_contact(key, "hub") == keys.first_contact(key, "hub"), "every run derives the same"
    assert keys.first_contact(key, "hub") != keys.first_contact(key, "lab"), "each droplet has its own"


def test_another_instructors_droplet_has_another_first_host_key(tmp_path: Path) -> None:
    mine, theirs = (keys.read(written(tmp_path, Ed25519PrivateKey.generate())) for _ in range(2))

    assert keys.first_contact(mine, "hub") != keys.first_contact(theirs, "hub"), "nobody else can answer as my droplet"


def test_the_first_host_key_is_of_another_type_than_the_one_the_droplet_keeps(tmp_path: Path) -> None:
    host_key = keys.first_contact(keys.read(written(tmp_path, Ed25519PrivateKey.generate())), "hub")
    private = load_pem_private_key(host_key.private.encode(), None)

    assert host_key.public.startswith("ecdsa-sha2-nistp256 "), "sshd offers both, so the hand-over can be interrupted"
    assert private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == host_key.public, (
        "the halves belong together"
    )
