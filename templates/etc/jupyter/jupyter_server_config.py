"""Every student's JupyterLab server. Students cannot override this: the launcher disables configuration in homes."""

import sys

c = get_config()  # noqa: F821  # Jupyter provides it

# Visits of TAs and instructors end when their rights do.
sys.path.append("/opt/course/lib")
c.ServerApp.authorizer_class = "coursehub.visitors.Visitors"

# What a student is told: memory, room, why a kernel died. Its other half is a lab extension, found by its place.
c.ServerApp.jpserver_extensions = {"coursehub.lab": True}

# What is deleted makes room at once: the trash would be a hidden folder of the same disk, which nobody finds.
c.FileContentsManager.delete_to_trash = False

# By default kernels talk over TCP ports of this machine, where another student's process can listen in.
c.KernelManager.transport = "ipc"

# What the course needs is installed by the teacher; the server's environment belongs to root.
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None

# A terminal is a login shell, as over SSH.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash", "-l"]}

# Seconds a server relies on what the hub said of a visitor: so long can a TA who is none any more still come in.
c.HubAuth.cache_max_age = 20
