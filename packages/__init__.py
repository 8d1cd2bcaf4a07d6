"""The course's packages: what students' Python is made of, from a list and from a file a teacher already has.

A file is pip's (``requirements.txt``) or conda's (``environment.yml``). It is read and checked in full on the teacher's
machine; the droplet gets one package a line, so that a preview shows a changed package as a changed line.
"""

from packages.changes import words
from packages.environment import DEFAULT, Environment
from packages.file import PackagesProblem, read

__all__ = ["DEFAULT", "Environment", "PackagesProblem", "read", "words"]
