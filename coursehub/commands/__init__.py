"""The sub-commands of ``course``, a file each: ``SUMMARY``, ``add_arguments(parser)`` and ``run(options)``.

``run`` returns the exit code; every sub-command takes ``--json``, and a sentence for a teacher is a ``Problem``.
"""


class Problem(Exception):
    """Why a sub-command cannot do what it was asked, and what to try."""
