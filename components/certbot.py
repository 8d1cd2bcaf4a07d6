"""nginx in front of the hub, with a certificate certbot keeps fresh."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.host import Step, StepArgs
from manifest import Manifest
from rendering import CertbotScript, NginxHttp, NginxHttps, copied


@dataclass(frozen=True, kw_only=True)
class CertbotArgs(StepArgs):
    """The step's host and settings, and the address the domain must point to."""

    address: pulumi.Input[str]


class Certbot(Step):
    """Ports 80 and 443."""

    def __init__(self, name: str, args: CertbotArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        manifest = pulumi.Output.from_input(args.address).apply(lambda address: _manifest(args, address))
        super().__init__(name, args.host, manifest, opts)


def _manifest(args: CertbotArgs, address: str) -> Manifest:
    settings = args.settings
    script = CertbotScript(
        domain=settings.domain,
        address=address,
        email=settings.letsencrypt_email,
        acme_directory=settings.acme_directory,
    )
    files = [
        NginxHttp(domain=settings.domain).file(),
        NginxHttps(domain=settings.domain).file(),
        *copied("etc/systemd/system/nginx.service.d"),
        *copied("usr/local/libexec/course-certificate-renewed"),
    ]
    return Manifest(step="certbot", files=files, script=script.render(), limit=900)
