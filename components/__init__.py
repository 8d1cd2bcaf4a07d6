"""What Pulumi declares, a noun a file; importing this creates nothing."""

from components.address import Address, AddressArgs, records_to_make
from components.anaconda import Anaconda
from components.certbot import Certbot, CertbotArgs
from components.content import Content, ContentSecrets
from components.host import StepArgs, after
from components.jupyterhub import HubSecrets, JupyterHub, JupyterHubArgs
from components.roster import Roster
from components.server import Server, ServerArgs, look_up_size, provider, put_in_project
from components.storage import Storage, StorageArgs
from components.student_check import StudentCheck, StudentCheckArgs
from components.sudo_user import SudoUser

__all__ = [
    "Address",
    "AddressArgs",
    "Anaconda",
    "Certbot",
    "CertbotArgs",
    "Content",
    "ContentSecrets",
    "HubSecrets",
    "JupyterHub",
    "JupyterHubArgs",
    "Roster",
    "Server",
    "ServerArgs",
    "StepArgs",
    "Storage",
    "StorageArgs",
    "StudentCheck",
    "StudentCheckArgs",
    "SudoUser",
    "after",
    "look_up_size",
    "provider",
    "put_in_project",
    "records_to_make",
]
