"""A class-ready JupyterHub on one DigitalOcean droplet: the instructor's twelve steps, in their order."""

import pulumi

import components as course
import settings as configuration
from components import after

settings = configuration.load()
account = course.provider(configuration.cloud())
size = course.look_up_size(settings, account)
in_account = pulumi.ResourceOptions(provider=account)

server = course.Server("server", course.ServerArgs(settings=settings, account=account), in_account)
address = course.Address("address", course.AddressArgs(settings=settings, droplet=server.droplet), in_account)
course.put_in_project(settings, server, address.domain_urn, in_account)

host = server.host
step = course.StepArgs(host=host, settings=settings)
volume = course.StorageArgs(host=host, settings=settings, volume=server.volume.name)
hub = course.JupyterHubArgs(host=host, settings=settings, vcpus=size.vcpus, memory_mib=size.memory_mib)
front = course.CertbotArgs(host=host, settings=settings, address=address.ip)
sudo_user = course.SudoUser("sudo-user", step)
storage = course.Storage("storage", volume, after(sudo_user))
deploy_key = course.ContentSecrets("content-secrets", step, after(storage))
content = course.Content("content", step, after(deploy_key))
anaconda = course.Anaconda("anaconda", step, after(content))
secrets = course.HubSecrets("jupyterhub-secrets", step, after(anaconda))
jupyterhub = course.JupyterHub("jupyterhub", hub, after(secrets))
certbot = course.Certbot("certbot", front, after(jupyterhub, *address.ready))
roster = course.Roster("roster", step, after(certbot))
steps = (sudo_user, storage, anaconda, jupyterhub, certbot)
course.StudentCheck("student-check", course.StudentCheckArgs(host=host, settings=settings, proves=steps), after(roster))

pulumi.export("url", f"https://{settings.domain}")
pulumi.export("redirect_uri", settings.redirect_uri)
pulumi.export("address", address.ip)
pulumi.export("ssh", address.ip.apply(lambda ip: f"ssh {settings.admin_user}@{ip}"))
pulumi.export("host_key", host.host_key)
pulumi.export("seats", settings.seats)
pulumi.export("records_to_make", address.ip.apply(lambda ip: course.records_to_make(settings, ip)))
