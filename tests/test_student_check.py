"""The student check passes on a good hub, and says of each bad one what is wrong with it."""

import asyncio
import json
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from fake_hub import SERVICE_TOKEN, FakeHub, Faults

from coursehub import command
from coursehub.commands import check as check_command
from coursehub.session import HubError, Session
from coursehub.student import Student
from coursehub.student_check import Report, check_with_probes, zen
from rehearsal import certificates, visitor


def checked(hub: FakeHub, token: str = SERVICE_TOKEN) -> tuple[Report, list[str]]:
    """Run the check against ``hub``; return the report and the lines a teacher sees."""
    lines: list[str] = []
    report = Report(say=lines.append)

    async def story() -> None:
        async with TestServer(hub.app()) as server:
            await check_with_probes(str(server.make_url("")), token, report)

    asyncio.run(story())
    return report, lines


def test_the_expected_text_is_what_python_prints() -> None:
    printed = subprocess.run([sys.executable, "-c", "import this"], capture_output=True, text=True, check=True).stdout
    assert zen() == printed


def test_on_a_good_hub_every_part_passes_and_nothing_is_left_behind() -> None:
    hub = FakeHub(Faults())
    report, lines = checked(hub)
    assert report.failure is None
    assert [part.name for part in report.parts] == [
        "reach the hub",
        "put away what an earlier check left",
        "start a server",
        "open JupyterLab",
        "run `import this`",
        "import pint, serial, numpy",
        "save a notebook",
        "stop the server and start it again",
        "find the notebook again",
        "start a second student's server",
        "keep the second student out of the first one's notebook",
        "clean up",
    ]
    assert len(lines) == len(report.parts), "one short line a part"
    assert report.first_cell_seconds is not None
    assert hub.starts == 3, "the first student's server is started twice, the second one's once"
    assert (hub.files, hub.running, hub.tokens) == ({}, set(), {}), "no notebook, server or token is left"


def test_a_server_left_over_from_a_check_that_was_killed_is_stopped_first() -> None:
    hub = FakeHub(Faults())
    hub.running.add("jh-probe-1")
    assert checked(hub)[0].failure is None
    assert hub.starts == 3, "the left-over server does not count as one that started"


@pytest.mark.parametrize(
    ("faults", "part", "sentence"),
    [
        (Faults(token_status=403), "reach the hub", "gives no token for the probe account jh-probe-1: Missing or"),
        (Faults(start_refused="No seat is free."), "start a server", "refused to start the server: No seat is free."),
        (Faults(start_failed="Spawn failed: no home"), "start a server", "did not start: Spawn failed: no home"),
        (Faults(lab="<h1>Welcome to nginx</h1>"), "open JupyterLab", "In place of JupyterLab came another page"),
        (Faults(printed="Hello\n"), "run `import this`", "something else than the Zen of Python: 'Hello\\n'"),
        (Faults(socket_status=400), "run `import this`", "was refused with HTTP status 400"),
        (Faults(kernel_dies=True), "run `import this`", "The kernel died while it ran `import this`"),
        (Faults(missing="serial"), "import pint, serial, numpy", "ModuleNotFoundError: No module named 'serial'."),
        (Faults(save_status=500), "save a notebook", "could not be saved: No space left on device."),
        (Faults(forgets=True), "find the notebook again", "could not be read: No such file"),
        (Faults(garbles=True), "find the notebook again", "what was saved in it is not"),
        (Faults(open_to_all=True), "keep the second student out", "through the hub (HTTP status 200)"),
        (Faults(homes_open=True), "keep the second student out", "can read the file /home/jh-probe-1/a.ipynb"),
        (Faults(delete_status=500), "clean up", "could not be deleted: HTTP status 500."),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failure_names_the_part_and_says_why(faults: Faults, part: str, sentence: str) -> None:
    hub = FakeHub(faults)
    report, _ = checked(hub)
    assert report.failure is not None
    assert report.failure.part.startswith(part)
    assert sentence in report.failure.why
    assert hub.running == set(), "a failed check leaves no server running either"
    assert hub.tokens == {}, "nor a token"


def test_a_wrong_service_token_is_a_failure_of_reaching_the_hub() -> None:
    report, _ = checked(FakeHub(Faults()), token="an old one")
    assert report.failure is not None
    assert report.failure.part == "reach the hub"


def test_a_check_that_could_not_begin_has_not_passed() -> None:
    hub = FakeHub(Faults(stop_status=500))
    hub.running.add("jh-probe-1")
    report, _ = checked(hub)
    assert report.failure is not None
    assert report.failure.part == "put away what an earlier check left"
    assert "refused to stop the server" in report.failure.why


def test_a_server_that_takes_too_long_is_given_up_with_the_hubs_last_words() -> None:
    async def story() -> None:
        hub = FakeHub(Faults(start_seconds=5))
        hub.tokens["token-of-ada"] = "jh-ada"
        async with (
            TestServer(hub.app(), shutdown_timeout=0) as server,
            Session(str(server.make_url("")), token="token-of-ada") as session,
        ):
            await Student(session, "jh-ada").start_server(limit=0.2)

    with pytest.raises(HubError, match=r"did not start within 0 s; the last the hub said: Server requested"):
        asyncio.run(story())


def failure_of(hub: str, **how: Any) -> str:
    async def story() -> None:
        async with Session(hub, **how) as session:
            await session.get("/hub/health")

    with pytest.raises(HubError) as failure:
        asyncio.run(story())
    return str(failure.value)


def test_a_hub_that_is_down_is_told_apart_from_one_whose_name_nobody_knows() -> None:
    assert "Nothing answers at http://127.0.0.1:1" in failure_of("http://127.0.0.1:1")
    nobody = failure_of("https://hub.course.example", resolver=visitor.Names({}))
    assert "The name hub.course.example is not known in the DNS" in nobody


def test_a_certificate_that_nobody_trusts_is_named(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificates.server(tmp_path, "hub.course.example", "127.0.0.1"))

    async def story() -> None:
        server = TestServer(web.Application(), scheme="https")
        await server.start_server(ssl=context)
        try:
            async with Session(str(server.make_url(""))) as session:
                await session.get("/")
        finally:
            await server.close()

    with pytest.raises(HubError, match=r"The certificate of 127\.0\.0\.1 is not trusted"):
        asyncio.run(story())


def test_a_token_is_sent_to_the_hub_and_to_nobody_else() -> None:
    seen: list[str] = []

    async def elsewhere(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        return web.Response()

    async def story() -> None:
        app = web.Application()
        app.add_routes([web.get("/", elsewhere)])
        async with (
            TestServer(app) as other,
            Session("https://hub.course.example", token="secret") as session,
        ):
            await session.get(str(other.make_url("/")))

    asyncio.run(story())
    assert seen == [""]


def test_the_course_command_prints_why_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, token = tmp_path / "check.json", tmp_path / "check-token"
    settings.write_text(
        json.dumps({"url": "https://hub.course.example:1", "address": "127.0.0.1", "imports": ["pint"]})
    )
    token.write_text(f"{SERVICE_TOKEN}\n")
    monkeypatch.setattr(check_command, "_SETTINGS", settings)
    monkeypatch.setattr(check_command, "_TOKEN", token)
    monkeypatch.setattr(check_command, "LAST", tmp_path / "last-check.json")
    assert command.main(["check"]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "failed at: reach the hub. Nothing answers at https://hub.course.example:1" in said
    assert command.main(["check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["failure"]["part"] == "reach the hub"
