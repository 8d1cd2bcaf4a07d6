"""The certificate authority that stands in for Let's Encrypt: Pebble, Let's Encrypt's own test server.

It runs beside the daemon, not inside it: Pebble keeps its accounts and its root in memory, and a droplet that has an
account there should still have one after the daemon was started again.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING

from rehearsal import certificates, processes
from rehearsal.places import ACME, ACME_PORT, GATEWAY

if TYPE_CHECKING:
    from pathlib import Path

    from rehearsal.places import Places

_MANAGEMENT_PORT = 15000
_PATIENCE = 10  # seconds; Pebble answers within one


def start(places: Places) -> None:
    """Run Pebble unless it runs already, and keep its root among those the rehearsal trusts."""
    pid_file = places.run / "pebble.pid"
    if not processes.alive(pid_file, "pebble"):
        settings = places.pebble / "pebble.json"
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(configuration(*certificates.server(places.authority, ACME, GATEWAY)))
        # No pauses and no refused nonces: Pebble's way to test clients, and certbot is not what is rehearsed here.
        quick = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
        with (places.logs / "pebble.log").open("ab") as log:
            pebble = subprocess.Popen(  # outlives this process
                ["pebble", "-config", settings, "-dnsserver", f"{GATEWAY}:53"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=quick, start_new_session=True,
            )  # fmt: skip
        pid_file.write_text(f"{pebble.pid}\n")
        root = _root(certificates.authority(places.authority))
        (places.pebble / f"root-{int(time.time())}.pem").write_text(root)


def configuration(certificate: Path, key: Path) -> str:
    """Return Pebble's settings: it answers on the gateway and validates at the real ports."""
    settings = {
        "listenAddress": f"{GATEWAY}:{ACME_PORT}",
        "managementListenAddress": f"{GATEWAY}:{_MANAGEMENT_PORT}",
        "certificate": str(certificate),
        "privateKey": str(key),
        "httpPort": 80,
        "tlsPort": 443,
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    return json.dumps({"pebble": settings}, indent=2)


def _root(authority: Path) -> str:
    """Return the root certificate Pebble made for itself when it started."""
    trust = ssl.create_default_context(cafile=authority)
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            address = f"https://{GATEWAY}:{_MANAGEMENT_PORT}/roots/0"
            with urllib.request.urlopen(address, context=trust, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError as problem:
            if time.monotonic() > deadline:
                raise RuntimeError("pebble does not answer; its log is .rehearsal/logs/pebble.log") from problem
            time.sleep(0.1)
