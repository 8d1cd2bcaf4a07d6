"""The stand-in's tables, held against the official digitalocean plugin's facts and the installed Python package."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rehearsal.plugins.command.provider import CONNECTION_DEFAULTS, INPUTS
from rehearsal.plugins.digitalocean.lookups import FUNCTIONS
from rehearsal.plugins.digitalocean.provider import RESOURCES

FACTS = Path(__file__).parents[2] / "shared" / "data" / "digitalocean-plugin-facts.json"
# What the installed package knows beyond the facts, which are of an earlier version; the program uses none of it.
NEWER = {"gpuPartitionMode"}
# The API's own name is looked up in the program's place: `find images by slug or id` is all the stand-in does.
LOOKED_UP_OTHERWISE = {"digitalocean:index/getImage:getImage": {"name", "source"}}


@cache
def facts() -> dict[str, Any]:
    if not FACTS.exists():
        warnings.warn(f"NOT CHECKED against the official plugin: there is no {FACTS}", stacklevel=2)
        pytest.skip(f"the official plugin's facts are not at {FACTS}")
    loaded: dict[str, Any] = json.loads(FACTS.read_text())
    return loaded


def short(kind: str) -> str:
    """Give a type without the module it is from: list[FirewallInboundRule]."""
    return re.sub(r"(\w+):(\w+)", r"\2", kind)


@pytest.mark.parametrize("token", RESOURCES)
def test_inputs_are_the_official_plugins(token: str) -> None:
    official = facts()["resources"][token]["inputs"]
    ours = RESOURCES[token].inputs
    assert set(ours) == set(official), "the same inputs, none left out and none invented"
    for name, fact in official.items():
        assert ours[name].type == short(fact["type"]), name
        assert ours[name].required == fact.get("required", False), name
        assert ours[name].replace == fact.get("replace", False), f"a change of {name} replaces, or does not"
        assert not fact.get("secret"), "a secret input would have to be marked in the state"


@pytest.mark.parametrize("token", RESOURCES)
def test_outputs_are_the_official_plugins(token: str) -> None:
    resource = RESOURCES[token]
    ours = {name: rule.type for name, rule in resource.inputs.items()} | dict(resource.outputs)
    official = {name: short(kind) for name, kind in facts()["resources"][token]["outputs"].items()}
    assert ours == official
    assert not set(resource.outputs) & set(resource.inputs), "each property is told once"


@pytest.mark.parametrize("token", FUNCTIONS)
def test_functions_are_the_official_plugins(token: str) -> None:
    assert token in facts()["functions"]


@pytest.mark.parametrize("token", RESOURCES)
def test_the_installed_package_offers_the_same_inputs(token: str) -> None:
    module = importlib.import_module("pulumi_digitalocean")
    arguments = inspect.signature(getattr(module, token.rpartition(":")[2])._internal_init).parameters
    offered = {re.sub("_(.)", lambda found: found[1].upper(), name) for name in arguments} - {"resourceName", "opts"}
    assert {name for name in offered if not name.startswith(("_", "Props"))} - NEWER == set(RESOURCES[token].inputs)


def test_the_installed_command_package_offers_the_same_inputs() -> None:
    for token, inputs in INPUTS.items():
        module = importlib.import_module("pulumi_command." + token.split(":")[1])
        arguments = inspect.signature(module.Command._internal_init).parameters
        offered = {re.sub("_(.)", lambda found: found[1].upper(), name) for name in arguments}
        absent = {"assetPaths", "archivePaths"} & offered
        assert {name for name in offered if not name.startswith("_")} - {"resourceName", "opts"} - absent == set(inputs)


def test_the_installed_command_package_has_the_same_connection_defaults() -> None:
    arguments = importlib.import_module("pulumi_command.remote").ConnectionArgs(host="h")
    filled = {"port": arguments.port, "user": arguments.user, "dialErrorLimit": arguments.dial_error_limit}
    assert filled | {"perDialTimeout": arguments.per_dial_timeout} == CONNECTION_DEFAULTS
