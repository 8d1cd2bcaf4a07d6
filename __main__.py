"""A class-ready JupyterHub on one DigitalOcean droplet: the instructor's twelve steps, in their order."""

import pulumi

import settings as configuration
from components.address import Address, AddressArgs, records_to_make
from components.anaconda import Anaconda
from components.certbot import Certbot, CertbotArgs
from components.host import StepArgs
from components.jupyterhub import HubSecrets, JupyterHub, JupyterHubArgs
from components.roster import Roster
from components.server import Server, ServerArgs, look_up_size, provider, put_in_project
from components.storage import Storage, StorageArgs
from components.student_check import StudentCheck, StudentCheckArgs
from components.sudo_user import SudoUser


def after(*resources: pulumi.Resource) -> pulumi.ResourceOptions:
    """What comes next: steps take their turn."""
    return pulumi.ResourceOptions(depends_on=list(resources))


settings = configuration.load()
account = provider(configuration.cloud())
size = look_up_size(settings, account)
in_account = pulumi.ResourceOptions(provider=account)

server = Server("server", ServerArgs(settings=settings), in_account)
address = Address("address", AddressArgs(settings=settings, droplet=server.droplet), in_account)
put_in_project(settings, server, address.domain_urn, in_account)

step = StepArgs(host=server.host, settings=settings)
hub = JupyterHubArgs(host=server.host, settings=settings, vcpus=size.vcpus, memory_mib=size.memory_mib)
front = CertbotArgs(host=server.host, settings=settings, address=address.ip)
sudo_user = SudoUser("sudo-user", step)
volume = StorageArgs(host=server.host, settings=settings, volume=server.volume.name)
storage = Storage("storage", volume, after(sudo_user))
anaconda = Anaconda("anaconda", step, after(storage))
secrets = HubSecrets("jupyterhub-secrets", step, after(anaconda))
jupyterhub = JupyterHub("jupyterhub", hub, after(secrets))
certbot = Certbot("certbot", front, after(jupyterhub, *address.ready))
roster = Roster("roster", step, after(certbot))
proofs = (sudo_user, storage, anaconda, jupyterhub, certbot)
StudentCheck("student-check", StudentCheckArgs(host=server.host, settings=settings, proves=proofs), after(roster))

pulumi.export("url", f"https://{settings.domain}")
pulumi.export("address", address.ip)
pulumi.export("ssh", address.ip.apply(lambda ip: f"ssh {settings.admin_user}@{ip}"))
pulumi.export("host_key", server.host.host_key)
pulumi.export("seats", settings.seats)
pulumi.export("records_to_make", address.ip.apply(lambda ip: records_to_make(settings, ip)))
