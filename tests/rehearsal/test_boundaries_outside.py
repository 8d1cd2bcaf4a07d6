"""From the outside the droplet is a web site over HTTPS and, for the teacher with a key, SSH; it is nothing else."""

from __future__ import annotations

import http.client
import re
import shlex
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from typing import TYPE_CHECKING

import pytest
from account import ask
from intruder import the_droplet

from coursehub.names import PROBES
from rehearsal import places, visitor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from account import Droplet

pytestmark = pytest.mark.rehearsal

# sshd of Debian 13 shuts out for a while whoever fails often: the attacks get an address of their own, inside the
# rehearsal's admin-addresses, so that the teacher's stays welcome.
COLLEAGUE = "198.51.100.66"
STRANGER = "198.18.0.7"  # for tests (RFC 2544), outside admin-addresses
LISTENER = "boundary-listener.service"
SECONDS = 2
# web and SSH; mail and RPC, found open on many a machine; the proxy, its API, the hub, and Jupyter's usual port
PORTS = (22, 80, 443, 25, 111, 8000, 8001, 8081, 8888)
SSH = [
    *("ssh", "-F", "none", "-b", COLLEAGUE, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"),
    *("-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes"),
]


@pytest.fixture(scope="module")
def droplet() -> Droplet:
    return the_droplet()


@contextmanager
def at(address: str) -> Iterator[None]:
    """Let this machine be at one more address; the droplet's answers come back through its gateway."""
    subprocess.run(["ip", "address", "replace", f"{address}/32", "dev", "lo"], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "address", "del", f"{address}/32", "dev", "lo"], check=True)


@pytest.fixture
def _colleague() -> Iterator[None]:
    with at(COLLEAGUE):
        yield


@pytest.fixture
def _stranger() -> Iterator[None]:
    with at(STRANGER):
        yield


def answering(addresses: Iterable[str], ports: Iterable[int], source: str = "") -> set[tuple[str, int]]:
    """Where a connection is taken; one that is refused in place of the silence that is due is an error."""
    everything = list(product(addresses, ports))
    with ThreadPoolExecutor(len(everything)) as at_once:
        taken = at_once.map(lambda where: _opens(where, source), everything)
        return {where for where, is_open in zip(everything, taken, strict=True) if is_open}


def _opens(where: tuple[str, int], source: str) -> bool:
    try:
        socket.create_connection(where, SECONDS, (source, 0)).close()
    except TimeoutError:
        return False
    return True


@pytest.fixture(scope="module")
def addresses(droplet: Droplet) -> list[str]:
    """The reserved address that students use, and the droplet's own."""
    networks = ask("GET", f"/droplets/{droplet.id}")["droplet"]["networks"]["v4"]
    return sorted({droplet.address, *(net["ip_address"] for net in networks if net["type"] == "public")})


@pytest.fixture
def listener(droplet: Droplet) -> Iterator[int]:
    """The port of a program on the droplet that would answer everybody, and does answer the droplet itself."""
    port = 9999
    droplet.says(f"systemd-run --quiet --unit {LISTENER} python3 -m http.server {port} --bind 0.0.0.0")
    try:
        droplet.says(
            f"timeout 10 bash -c 'until curl -so /dev/null http://{droplet.address}:{port}; do sleep 0.1; done'"
        )
        yield port
    finally:
        droplet.says(f"systemctl stop {LISTENER}")


@pytest.mark.usefixtures("_stranger")
def test_of_all_ports_the_web_sites_alone_answer_everybody(addresses: list[str], listener: int) -> None:
    assert answering(addresses, [*PORTS, listener], STRANGER) == set(product(addresses, (80, 443)))


def test_an_admin_address_reaches_ssh_besides_and_nothing_else(addresses: list[str], listener: int) -> None:
    assert answering(addresses, [*PORTS, listener]) == set(product(addresses, (22, 80, 443)))


def test_hub_and_proxy_would_not_be_reached_without_a_firewall_either(droplet: Droplet) -> None:
    sockets = [line.split()[3] for line in droplet.says("ss -Hltn").splitlines()]
    reachable = {address.rpartition(":")[2] for address in sockets if not address.startswith(("127.", "[::1]"))}
    assert reachable == {"22", "80", "443"}


@pytest.mark.usefixtures("_colleague")
def test_a_password_is_not_even_asked_for_over_ssh(droplet: Droplet) -> None:
    passwords = ["-o", "PreferredAuthentications=password,keyboard-interactive", "-o", "PubkeyAuthentication=no"]
    refused = subprocess.run(
        [*SSH, *passwords, f"{droplet.user}@{droplet.address}", "true"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 255
    assert refused.stderr.strip().endswith("Permission denied (publickey)."), "a key is the only way on offer"


@pytest.mark.usefixtures("_colleague")
@pytest.mark.parametrize("account", ["root", PROBES[0]])
def test_only_the_teacher_comes_in_over_ssh(account: str, droplet: Droplet, own_key: Path) -> None:
    before = droplet.says("date +%s")
    refused = subprocess.run(
        [*SSH, "-i", own_key, f"{account}@{droplet.address}", "true"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 255
    assert refused.stderr.strip().endswith("Permission denied (publickey).")
    log = droplet.says(f"journalctl --sync; journalctl --unit ssh --since @{before} --output cat")
    assert f"User {account} from {COLLEAGUE} not allowed because not listed in AllowUsers" in log


@pytest.fixture
def own_key(account: str, droplet: Droplet, tmp_path: Path) -> Iterator[Path]:
    """A key the account itself has let in, as far as it can."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "boundary", "-f", key], check=True)
    public = shlex.quote(key.with_suffix(".pub").read_text().strip())
    droplet.says(
        f"runuser -u {account} -- bash -c 'mkdir -pm 700 ~/.ssh; umask 077; cat >> ~/.ssh/authorized_keys' <<< {public}"
    )
    yield key
    droplet.says(f"sed -i '/ boundary$/d' ~{account}/.ssh/authorized_keys")


def test_plain_http_is_sent_to_https_at_the_same_place(droplet: Droplet) -> None:
    connection = http.client.HTTPConnection(droplet.address, timeout=SECONDS)
    connection.request("GET", "/user/jh-ada/lab?reset=1&next=%2F", headers={"Host": visitor.COURSE})
    answer = connection.getresponse()
    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{visitor.COURSE}/user/jh-ada/lab?reset=1&next=%2F"
    connection.close()


def test_plain_http_under_another_name_gets_no_answer(droplet: Droplet) -> None:
    connection = http.client.HTTPConnection(droplet.address, timeout=SECONDS)
    connection.request("GET", "/", headers={"Host": "elsewhere.example"})
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()


def greeted(droplet: Droplet, context: ssl.SSLContext, name: str = visitor.COURSE) -> ssl.SSLSocket:
    """Shake hands with the web server, as one who looks for ``name``."""
    with socket.create_connection((droplet.address, 443), SECONDS) as plain:
        return context.wrap_socket(plain, server_hostname=name)


def asked(droplet: Droplet, host: str) -> bytes:
    """Return all the course's web server sends to whoever came for the course and asks for ``host``."""
    with greeted(droplet, visitor.trust(places.ours())) as secure:
        secure.sendall(f"GET /hub/login HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: secure.recv(65536), b""))


def test_https_under_another_name_shows_no_certificate(droplet: Droplet) -> None:
    with pytest.raises(ssl.SSLError) as refused:
        greeted(droplet, visitor.trust(places.ours()), "elsewhere.example")
    assert refused.value.reason == "TLSV1_UNRECOGNIZED_NAME"


def test_https_gets_no_answer_for_another_name_than_it_came_with(droplet: Droplet) -> None:
    assert asked(droplet, "elsewhere.example") == b""


def test_browsers_are_told_to_stay_with_https(droplet: Droplet) -> None:
    header = asked(droplet, visitor.COURSE).partition(b"\r\n\r\n")[0].decode()
    assert re.search(r"^Strict-Transport-Security: max-age=[1-9]", header, re.MULTILINE), header


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_before_1_2_is_refused(droplet: Droplet) -> None:
    def only(version: ssl.TLSVersion) -> ssl.SSLContext:
        context = visitor.trust(places.ours())
        context.set_ciphers("DEFAULT:@SECLEVEL=0")  # or our own side would refuse first
        context.minimum_version = context.maximum_version = version
        return context

    greeted(droplet, only(ssl.TLSVersion.TLSv1_2)).close()
    with pytest.raises(ssl.SSLError) as refused:
        greeted(droplet, only(ssl.TLSVersion.TLSv1_1))
    # which of the two is the image's OpenSSL's choice
    assert refused.value.reason in {"TLSV1_ALERT_PROTOCOL_VERSION", "SSLV3_ALERT_HANDSHAKE_FAILURE"}
