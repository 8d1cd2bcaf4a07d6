"""What a student is told in JupyterLab, server side: a Jupyter server extension that runs in the student's own server.

Switched on in /etc/jupyter/jupyter_server_config.py; the page's side is the lab extension in
/opt/course/share/jupyter/labextensions/course. If either fails, JupyterLab opens without it.
"""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Where Jupyter finds the extension: this module."""
    return [{"module": "coursehub.lab"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Jupyter calls this once, with the server about to run."""
    from coursehub.lab.checkpoints import Checkpoints  # late: to be found by Jupyter needs none of it
    from coursehub.lab.deaths import Deaths, Watch
    from coursehub.lab.handlers import handlers
    from coursehub.lab.memory import own_group
    from coursehub.lab.signatures import forgive

    forgive(server.contents_manager)
    server.contents_manager.checkpoints_class = Checkpoints
    group = own_group()
    if group is None:
        server.log.warning("No memory group of this server's own: memory is not shown")
    deaths = Deaths(server.kernel_manager, Watch(group))
    deaths.follow(server.event_logger)
    server.web_app.settings["course_deaths"] = deaths
    server.web_app.settings["course_memory"] = group
    server.web_app.add_handlers(".*$", handlers(server.web_app.settings["base_url"]))
