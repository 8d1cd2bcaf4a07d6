"""The cloud on this machine: one process that is DigitalOcean, the registrar's DNS and all sign-in services."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from rehearsal import acme, certificates, cloud, git, metadata, names
from rehearsal.clients import BUNDLE
from rehearsal.droplets import Droplets
from rehearsal.identity import Services, control
from rehearsal.places import (
    API_PORT,
    API_TOKEN,
    FILES_PORT,
    GATEWAY,
    GIT,
    GIT_PORT,
    METADATA_PORT,
    PLAYED,
    PLAYED_PORT,
    PROXY_PORT,
    REPOSITORY,
    SIGN_IN,
    SIGN_IN_PORT,
    ours,
)
from rehearsal.proxy import Proxy

if TYPE_CHECKING:
    from rehearsal.places import Places

log = logging.getLogger("rehearsal")
_DELAY = 0.0  # seconds an action of the cloud takes on top of the work itself


def main() -> None:
    """Serve until asked to stop; the network must be there already."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    places = ours()
    for folder in (places.run, places.logs):
        folder.mkdir(parents=True, exist_ok=True)
    pid_file = places.run / "daemon.pid"
    pid_file.write_text(f"{os.getpid()}\n")
    try:
        asyncio.run(_serve(places))
    finally:
        pid_file.unlink(missing_ok=True)


async def _serve(places: Places) -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)

    authority = certificates.authority(places.authority)
    machines = Droplets(places, log.info)
    api = cloud.make_app(places.cloud, machines, token=API_TOKEN, delay=_DELAY)
    services = Services(f"https://{SIGN_IN}:{SIGN_IN_PORT}")
    api.add_routes(control.routes(services))
    resolvers = names.serve(lambda: cloud.zones(api[cloud.STATE]), Path("/etc/resolv.conf"))
    await asyncio.to_thread(acme.start, places)
    certificates.bundle(places.bundle, Path(BUNDLE), authority, *sorted(places.pebble.glob("root-*.pem")))

    await asyncio.to_thread(machines.resume)
    files = web.Application()
    files.router.add_static("/", REPOSITORY / "rehearsal" / "anaconda")
    runners = [
        await _start(services.college.site(), SIGN_IN_PORT, _secure(places, SIGN_IN)),
        await _start(services.played(), PLAYED_PORT, _secure(places, *PLAYED)),
        await _start(git.make_app(places.git), GIT_PORT, _secure(places, GIT)),
        await _start(files, FILES_PORT),
        await _start(metadata.make_app(machines.metadata), METADATA_PORT),
        await _start(api, API_PORT),
    ]
    git_over_ssh = await git.serve_ssh(places.git)
    proxy = await Proxy(lambda: cloud.zones(api[cloud.STATE])).serve(GATEWAY, PROXY_PORT)
    log.info("the cloud is open at http://%s:%d", GATEWAY, API_PORT)
    await stopped.wait()
    log.info("the cloud closes")
    proxy.close()
    git_over_ssh.close()
    for runner in runners:
        await runner.cleanup()
    for resolver in resolvers:
        resolver.stop()


def _secure(places: Places, name: str, *more: str) -> ssl.SSLContext:
    """Return the TLS of a server that has these names."""
    secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    secure.load_cert_chain(*certificates.server(places.authority, name, GATEWAY, *more))
    return secure


async def _start(app: web.Application, port: int, secure: ssl.SSLContext | None = None) -> web.AppRunner:
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, GATEWAY, port, ssl_context=secure).start()
    return runner


if __name__ == "__main__":
    main()
