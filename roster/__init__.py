"""The class roster: a CSV the teacher keeps, the only door to the course server.

Names on the server follow from the e-mail address (or GitHub name) alone, so they are the same every time and for ever;
the column ``user`` overrides that where two people would get the same one.
"""

from roster.changes import words
from roster.person import PROBES, USER, Person, document, from_document, github_user_name, user_name
from roster.table import RosterProblem, parse, read

__all__ = [
    "PROBES",
    "USER",
    "Person",
    "RosterProblem",
    "document",
    "from_document",
    "github_user_name",
    "parse",
    "read",
    "user_name",
    "words",
]
