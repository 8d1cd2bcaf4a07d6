"""What the tests share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from program_under_test import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the certificates of the played sign-in services, made once for all tests."""
    return tmp_path_factory.mktemp("authority")


@pytest.fixture
def texts(tmp_path: Path) -> dict[str, str]:
    """A whole, good configuration as the engine hands it over: Pulumi.yaml's defaults and what a teacher sets."""
    key = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    (tmp_path / "id_ed25519").write_bytes(key)
    (tmp_path / "roster.csv").write_text("email,name,section,role\nada@college.edu,Ada,A,student\n")
    declared = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    defaults = {key: _text(setting["default"]) for key, setting in declared.items()}
    return {
        **defaults,
        "domain": "hub.course.example",
        "sign-in": "oidc",
        "oidc-authorize-url": "https://login.college.edu/authorize",
        "oidc-exchange-url": "https://login.college.edu/token",
        "oidc-userinfo-url": "https://login.college.edu/userinfo",
        "client-id": "course-hub",
        "client-secret": "the-client-secret",
        "roster": str(tmp_path / "roster.csv"),
        "letsencrypt-email": "teacher@college.edu",
        "ssh-key-file": str(tmp_path / "id_ed25519"),
        "course-folder": str(ROOT / "course"),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
