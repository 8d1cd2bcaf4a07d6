"""Figures of the running rehearsal: ``python -m rehearsal.bench``.

Beside ours, wherever that makes sense, stands a stock JupyterHub: the same version from the same environment, with its
default spawner (``LocalProcessSpawner``) and default settings, run as root on the same droplet for as long as the
measurement lasts. Rounds of the two take turns, both hubs are up during all of them, and the same client plays the
students from outside the droplet's limits. What is equal, and what is not:

up                        There is no stock: nobody has automated these steps there.
click to first cell       The same for both: asking for the server, waiting for it, JupyterLab's page, a kernel of the
                          course's own Python, the output of ``import this``. Ours before that: DNS, TLS, nginx and two
                          redirects to the college's sign-in page and back. Stock: a form on the hub that takes any
                          password, over plain HTTP, straight to its proxy. Ours starts a systemd unit with its own
                          mounts and limits; stock forks. Ours lets a few start at once; stock lets up to 100.
memory and processors     Counted alike for both. What ours has besides (nginx, the idle culler) has a line of its own.
                          Ours allows two threads for numeric libraries, stock one for each processor, and threads
                          cost memory.

Times are those of this machine with whatever else runs on it; the load it had is told with them.
"""
