"""The rehearsal's authority, its servers' certificates, and what a droplet trusts."""

import re
import socket
import ssl
import threading
from pathlib import Path

import pytest

from rehearsal import certificates

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def hello(folder: Path, trust: ssl.SSLContext, name: str, *more: str) -> None:
    """Do a TLS handshake with a server that has a certificate from ``folder``, for ``more`` names perhaps."""
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(*certificates.server(folder, "login.college.example", "192.0.2.1", *more))
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            serving.wrap_socket(theirs, server_side=True).close()
        except ssl.SSLError:
            theirs.close()

    server = threading.Thread(target=answer)
    server.start()
    try:
        trust.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        server.join()


def test_a_client_that_trusts_the_authority_trusts_its_servers_by_name_and_address(tmp_path: Path) -> None:
    trust = ssl.create_default_context(cafile=certificates.authority(tmp_path))
    hello(tmp_path, trust, "login.college.example")
    hello(tmp_path, trust, "192.0.2.1")


def test_a_certificate_can_be_good_for_several_names(tmp_path: Path) -> None:
    trust = ssl.create_default_context(cafile=certificates.authority(tmp_path))
    for name in ("login.college.example", "github.com", "api.github.com"):
        hello(tmp_path, trust, name, "github.com", "api.github.com")


def test_a_certificate_is_good_for_no_other_name(tmp_path: Path) -> None:
    trust = ssl.create_default_context(cafile=certificates.authority(tmp_path))
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        hello(tmp_path, trust, "login.elsewhere.example")


def test_a_client_that_trusts_only_the_system_refuses_it(tmp_path: Path) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        hello(tmp_path, ssl.create_default_context(), "login.college.example")


def test_what_was_made_once_is_kept(tmp_path: Path) -> None:
    first = certificates.server(tmp_path, "login.college.example", "192.0.2.1")[0].read_bytes()
    assert certificates.server(tmp_path, "login.college.example", "192.0.2.1")[0].read_bytes() == first


def test_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    _, key = certificates.server(tmp_path, "login.college.example", "192.0.2.1")
    assert [file.stat().st_mode & 0o777 for file in (key, tmp_path / "authority.key")] == [0o600, 0o600]


def test_a_bundle_has_each_certificate_once(tmp_path: Path) -> None:
    authority = certificates.authority(tmp_path)
    bundle = tmp_path / "bundle.pem"
    certificates.bundle(bundle, authority, authority)
    assert bundle.read_text().count("BEGIN CERTIFICATE") == 1


def test_the_folder_of_trust_serves_clients_of_files_and_clients_of_hashes(tmp_path: Path) -> None:
    folder = tmp_path / "trust"
    certificates.trust(folder, certificates.authority(tmp_path))
    hello(tmp_path, ssl.create_default_context(cafile=folder / "ca-certificates.crt"), "login.college.example")
    assert any(re.fullmatch(r"[0-9a-f]{8}\.0", file.name) for file in folder.iterdir()), "OpenSSL looks up by hash"
    by_hash = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    by_hash.load_verify_locations(capath=folder)
    hello(tmp_path, by_hash, "login.college.example")
