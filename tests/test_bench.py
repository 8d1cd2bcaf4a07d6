from typing import Any

import pytest

from rehearsal.bench.deployment import seconds
from rehearsal.bench.figures import Figure, Section, table
from rehearsal.bench.weight import cpu_seconds, part, pss_mib, unit

ROLLUP = """\
55a4c8b2e000-7ffd6a5f3000 ---p 00000000 00:00 0                          [rollup]
Rss:              132096 kB
Pss:              108544 kB
Pss_Anon:         104448 kB
Pss_File:           4096 kB
"""


def test_the_table_sets_ours_beside_stock_and_a_dash_where_there_is_nothing_to_measure() -> None:
    section = Section("one student", "s", [Figure("first cell", 6.0, 12.0), Figure("up again", 7.94)])
    assert table([section]).splitlines() == [
        "                     ours     stock  ours/stock",
        "",
        "one student (s)",
        "  first cell         6.00      12.0        0.50",
        "  up again           7.94         -           -",
    ]


def test_json_holds_the_ratio_that_the_table_shows() -> None:
    [figure] = Section("memory", "MiB", [Figure("hub", 110.0, 100.0)]).as_json()["figures"]
    assert figure == {"name": "hub", "ours": 110.0, "stock": 100.0, "ratio": pytest.approx(1.1)}


def test_a_figure_beside_a_stock_of_nothing_has_no_ratio() -> None:
    assert Figure("hub", 110.0, 0.0).ratio is None, "nothing can be told of a division by zero"


def test_memory_is_the_proportional_set_size_and_no_part_of_it() -> None:
    assert pss_mib(ROLLUP) == 106.0


def test_a_process_without_memory_weighs_nothing() -> None:
    assert pss_mib("") == 0, "a zombie's smaps_rollup is empty"


@pytest.mark.parametrize(
    ("groups", "name"),
    [
        (
            "2:freezer:/libpod-33b6\n1:name=systemd:/libpod-33b6/jupyterhub.slice/jupyterhub-user@jh-ada.service\n",
            "jupyterhub-user@jh-ada.service",
        ),
        ("0::/machine.slice/libpod-33b6.scope/container/system.slice/nginx.service\n", "nginx.service"),
        ("0::/machine.slice/libpod-33b6.scope/container/init.scope\n", ""),
    ],
)
def test_a_process_belongs_to_its_unit_whichever_version_of_cgroups_the_machine_has(groups: str, name: str) -> None:
    assert unit(groups) == name


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("/opt/jupyterhub/current/bin/python -I -m jupyterhub.singleuser", "server"),
        ("/opt/jupyterhub/envs/1/bin/python /opt/jupyterhub/current/bin/jupyterhub-singleuser", "server"),
        ("/opt/course/envs/current/bin/python -m ipykernel_launcher -f /run/jh/kernel-1.json", "kernel"),
        ("/opt/jupyterhub/envs/1/bin/python /opt/jupyterhub/current/bin/jupyterhub --config=x", "hub"),
        ("/opt/jupyterhub/current/bin/python -m coursehub.hub --config=x", "hub"),
        ("/opt/jupyterhub/proxy/current/node /opt/jupyterhub/bin/configurable-http-proxy --port=8000", "proxy"),
        ("/opt/jupyterhub/envs/1/bin/python -m jupyterhub_idle_culler --timeout=5400", "other"),
        ("nginx: worker process", "other"),
    ],
)
def test_the_parts_of_both_hubs_are_told_by_their_command_lines(command: str, name: str) -> None:
    assert part(command.split()) == name


def test_processor_time_is_found_behind_a_name_with_spaces() -> None:
    fields = "S 1 2 3 0 -1 4194560 900 0 7 0 150 50 0 0 20 0 5 0 8123"
    assert cpu_seconds(f"4242 (tmux: a ) b) {fields}") == pytest.approx(2.0), "100 ticks make a second on Linux"


def test_a_step_begins_when_what_it_needs_is_ready_or_with_the_update_that_made_it() -> None:
    def resource(name: str, ready: str, *needs: str) -> dict[str, Any]:
        return {
            "urn": f"urn::{name}",
            "custom": True,
            "created": f"2026-01-01T{ready}Z",
            "dependencies": [f"urn::{need}" for need in needs],
        }

    resources: list[dict[str, Any]] = [
        resource("check", "10:05:00.5", "hub", "droplet"),
        resource("droplet", "09:00:03"),
        resource("hub", "09:01:03", "droplet"),
        {"urn": "urn::server", "created": "2026-01-01T09:00:00Z"},
    ]
    updates = ["2026-01-01T10:05:00Z", "2026-01-01T09:00:00Z"]
    assert seconds(resources, updates) == {"droplet": 3, "hub": 60, "check": 0.5}, (
        "the check was made by a second update: the hour between the two is nobody's"
    )
