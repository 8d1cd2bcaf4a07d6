"""Certificates of the rehearsal: an authority for its own services, and the folder of trust a droplet gets."""

from __future__ import annotations

import datetime as dt
import ipaddress
import re
import shutil
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rehearsal.commands import run

if TYPE_CHECKING:
    from pathlib import Path

_LIFETIME = dt.timedelta(days=365)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)


def authority(folder: Path) -> Path:
    """Return the authority's certificate, made on first use; its key lies beside it, readable by root alone."""
    certificate = folder / "authority.pem"
    if not certificate.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Course server rehearsal authority")])
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signing = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        unsigned = (
            _statement(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(signing, critical=True)
            .add_extension(identifier, critical=False)
        )
        _write_key(folder / "authority.key", key)
        certificate.write_bytes(unsigned.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return certificate


def server(folder: Path, name: str, address: str, *more: str) -> tuple[Path, Path]:
    """Return certificate and key of a server of the rehearsal at ``address``, made on first use.

    It has a ``name`` and perhaps ``more`` of them.
    """
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    if not certificate.exists():
        issuer = x509.load_pem_x509_certificate(authority(folder).read_bytes())
        signing_key = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), password=None)
        if not isinstance(signing_key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{folder / 'authority.key'} is not the key this rehearsal made; remove the folder")
        key = ec.generate_private_key(ec.SECP256R1())
        names = [*map(x509.DNSName, (name, *more)), x509.IPAddress(ipaddress.ip_address(address))]
        issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key())
        unsigned = (
            _statement(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), issuer.subject, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(issuer_key, critical=False)
        )
        _write_key(private, key)
        certificate.write_bytes(unsigned.sign(signing_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return certificate, private


def bundle(file: Path, *parts: Path) -> None:
    """Write the certificates of ``parts`` into one file, each once."""
    found = [match.strip() for part in parts for match in _PEM.findall(part.read_text())]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join([*dict.fromkeys(found), ""]))


def trust(folder: Path, bundle_file: Path) -> None:
    """Fill ``folder``, a droplet's /etc/ssl/certs, so that every client there finds the bundle's authorities.

    Some read the one file, some (OpenSSL, so Python and nginx) look an authority up by the hash of its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(bundle_file, folder / "ca-certificates.crt")
    for number, certificate in enumerate(_PEM.findall(bundle_file.read_text())):
        (folder / f"authority-{number:03}.pem").write_text(certificate)
    run("openssl", "rehash", folder)


def _statement(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + _LIFETIME)
    )


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
