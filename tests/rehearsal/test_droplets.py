"""A droplet of the rehearsal, made through the API as Pulumi makes it, does what DigitalOcean's does."""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from account import Droplet, act, ask, until

from rehearsal import network
from rehearsal.image import SUITES
from rehearsal.places import ACME, ACME_PORT, SIGN_IN

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.rehearsal

ZONE = "droplets.example"
VOLUME = "a-test-volume"
EVERYWHERE = {"addresses": ["0.0.0.0/0", "::/0"]}
RULES = {
    "name": "droplet-test",
    "tags": ["droplet-test"],
    "inbound_rules": [{"protocol": "tcp", "ports": port, "sources": EVERYWHERE} for port in ("22", "80")],
    "outbound_rules": [{"protocol": kind, "ports": "all", "destinations": EVERYWHERE} for kind in ("tcp", "udp")],
}


@pytest.fixture(scope="module", params=sorted(SUITES))
def droplet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Droplet]:
    """A booted droplet with a volume, a firewall, a reserved address and a name."""
    key = tmp_path_factory.mktemp("ssh") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text().strip()
    user_data = (
        f"#cloud-config\nusers:\n- name: teacher\n  sudo: ALL=(ALL) NOPASSWD:ALL\n  ssh_authorized_keys: ['{public}']\n"
    )
    what = {"region": "nyc3", "name": VOLUME, "size_gigabytes": 2, "filesystem_type": "xfs", "filesystem_label": "work"}
    ask("POST", "/tags", {"name": "droplet-test"})
    firewall = ask("POST", "/firewalls", RULES)["firewall"]["id"]
    volume = ask("POST", "/volumes", what)["volume"]["id"]
    wanted = {
        "name": "droplet-test", "region": "nyc3", "size": "s-1vcpu-1gb", "image": request.param,
        "user_data": user_data, "tags": ["droplet-test"], "volumes": [volume],
    }  # fmt: skip
    number = ask("POST", "/droplets", wanted)["droplet"]["id"]
    here = f"/droplets/{number}"
    until(lambda: ask("GET", here)["droplet"]["status"] == "active", 300, "the droplet is active")
    networks = ask("GET", here)["droplet"]["networks"]["v4"]
    made = Droplet(number, next(net["ip_address"] for net in networks if net["type"] == "public"), key)
    until(made.answers, 90, "one can sign in")
    reserved = ask("POST", "/reserved_ips", {"region": "nyc3"})["reserved_ip"]["ip"]
    act(f"/reserved_ips/{reserved}", {"type": "assign", "droplet_id": number})
    ask("POST", "/domains", {"name": ZONE})
    ask("POST", f"/domains/{ZONE}/records", {"type": "A", "name": "hub", "data": reserved, "ttl": 60})
    try:
        yield made
    finally:
        ask("DELETE", here)
        until(lambda: network.namespace(number) not in network.namespaces(), 60, "the droplet is gone")
        until(lambda: not ask("GET", f"/volumes/{volume}")["volume"]["droplet_ids"], 60, "the volume is free")
        leftovers = [f"/reserved_ips/{reserved}", f"/domains/{ZONE}", f"/volumes/{volume}", f"/firewalls/{firewall}"]
        for path in [*leftovers, "/tags/droplet-test"]:
            ask("DELETE", path)


def test_it_boots_to_running_and_its_first_boot_is_done(droplet: Droplet) -> None:
    ended = droplet.shell("cloud-init status --wait || true; cat /run/cloud-init/result.json").stdout
    assert "status: done" in ended, f"cloud-init has to have read the seed: {ended}"
    state = droplet.shell("systemctl is-system-running --wait").stdout.strip()
    assert state == "running", droplet.says("systemctl --failed --no-legend")


def test_the_cloud_firewall_stands_outside_and_drops_what_no_rule_allows(droplet: Droplet) -> None:
    droplet.says("nft flush ruleset; systemd-run --collect python3 -m http.server 8000; sleep 1")
    assert "200 OK" in droplet.says("curl -sI http://127.0.0.1:8000 | head -1"), "the service itself has to answer"
    with pytest.raises(TimeoutError):
        socket.create_connection((droplet.address, 8000), timeout=2)
    with pytest.raises(ConnectionRefusedError):  # allowed, and nobody listens yet
        socket.create_connection((droplet.address, 80), timeout=2)


def test_it_learns_about_itself_from_the_metadata_address(droplet: Droplet) -> None:
    base = "curl -sf http://169.254.169.254/metadata/v1"
    assert droplet.says(f"{base}/id") == str(droplet.id)
    assert droplet.says(f"{base}/user-data").startswith("#cloud-config")
    assert droplet.says(f"{base}/interfaces/public/0/ipv4/address") == droplet.address
    assert droplet.says("ss -Hltn 'sport = :80'") == "", "port 80 has to stay free for the hub's web server"


def test_it_finds_names_of_the_cloud_and_of_the_world(droplet: Droplet) -> None:
    assert droplet.says(f"getent ahostsv4 {SIGN_IN}").startswith("198.51.100.1 ")
    assert droplet.says("getent hosts deb.debian.org"), "the world's names go to this machine's resolver"
    assert droplet.shell(f"getent hosts nobody.{ZONE}").returncode == 2, "a name the zone has not does not exist"


def test_a_formatted_volume_is_mounted_by_name_and_grows_while_attached(droplet: Droplet) -> None:
    device = f"/dev/disk/by-id/scsi-0DO_Volume_{VOLUME}"
    assert droplet.says(f"blkid --output value --match-tag LABEL {device}") == "work"
    assert droplet.says("findmnt -no FSTYPE /mnt/a_test_volume") == "xfs", "as DigitalOcean's images do"
    volume = ask("GET", f"/volumes?name={VOLUME}")["volumes"][0]["id"]
    act(f"/volumes/{volume}", {"type": "resize", "size_gigabytes": 3, "region": "nyc3"})
    assert droplet.says(f"blockdev --getsize64 {device}") == str(3 << 30)


def test_it_has_the_memory_of_its_size_and_of_a_larger_one_after_a_resize(droplet: Droplet) -> None:
    hungry = "systemd-run --quiet --wait --pipe python3 -c 'bytearray(1400 << 20)'"
    assert droplet.shell(hungry).returncode != 0, "1400 MiB do not fit into a droplet with 1 GiB"
    here = f"/droplets/{droplet.id}"
    for action in ({"type": "shutdown"}, {"type": "resize", "size": "s-1vcpu-2gb"}, {"type": "power_on"}):
        act(here, action)
    until(droplet.answers, 60, "one can sign in after the resize")
    assert droplet.shell(hungry).returncode == 0, "they do fit into 2 GiB"


def test_it_comes_back_from_its_own_reboot_with_all_it_had(droplet: Droplet) -> None:
    droplet.says("touch /root/mark /mnt/a_test_volume/mark")
    before = droplet.says("stat -c %Y /proc/1")
    droplet.shell("systemctl reboot")
    until(lambda: droplet.answers() and droplet.says("stat -c %Y /proc/1") != before, 60, "it is up again")
    droplet.says("systemctl is-system-running --wait; ls /root/mark /mnt/a_test_volume/mark")
    with pytest.raises(TimeoutError):
        socket.create_connection((droplet.address, 8001), timeout=2)


def test_certbot_gets_a_certificate_for_its_reserved_address(droplet: Droplet) -> None:
    droplet.says("apt-get -q update && apt-get -qy install --no-install-recommends certbot nginx", 300)
    droplet.says(
        f"certbot certonly --non-interactive --agree-tos --email t@college.example --domain hub.{ZONE} "
        f"--server https://{ACME}:{ACME_PORT}/dir --webroot --webroot-path /var/www/html"
    )
    chain = f"/etc/letsencrypt/live/hub.{ZONE}"
    verified = droplet.says(f"openssl verify -untrusted {chain}/chain.pem {chain}/cert.pem")
    assert verified.endswith("OK"), "the droplet has to trust the authority it got the certificate from"
