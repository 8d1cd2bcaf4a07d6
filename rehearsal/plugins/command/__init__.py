"""Stand-in for the plugin ``pulumi-resource-command``: commands on this machine and, over SSH, on others.

What the official plugin does, step for step: when a command runs, with which variables, what is kept and shown.
Not there, and refused by name: ``remote.CopyToRemote``, ``remote.CopyFile``, ``local.run``, ``assetPaths``,
``archivePaths``, a connection through a ``proxy``, and a connection through an SSH agent.
"""
