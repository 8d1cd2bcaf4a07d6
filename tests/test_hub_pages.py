"""The hub's pages, rendered on top of JupyterHub's own, as the hub renders them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jinja2
import pytest
from jupyterhub._data import DATA_FILES_PATH

import patterns
from coursehub.roster import Person
from coursehub.status import Seat, Status
from rendering import TEMPLATES, DownPage, Stylesheet

PAGES = TEMPLATES / "opt/course/pages"
STOCK = str(Path(DATA_FILES_PATH) / "templates")
HUB = jinja2.Environment(
    loader=jinja2.ChoiceLoader(
        [jinja2.PrefixLoader({"templates": jinja2.FileSystemLoader(STOCK)}), jinja2.FileSystemLoader([PAGES, STOCK])]
    ),
    autoescape=True,
)
ADA = {"name": "jh-ada", "json_escaped_name": "jh-ada", "spawner": {"options_form": ""}}
NAMES = sorted(path.name for path in PAGES.glob("*.html"))


def page(name: str, **values: Any) -> str:
    known: dict[str, Any] = {
        "college": "Engineering & Co", "announcement": "", "contact": "help@college.edu",
        "logo": True, "now": "09:41 UTC", "user": None if name in ("login.html", "error.html") else ADA,
        "base_url": "/hub/", "login_url": "/hub/login", "static_url": lambda path, **_: f"/hub/static/{path}",
        "login_service": "your college account", "spawn_url": "/hub/spawn/jh-ada", "default_server": {"active": True},
        "oauth_client": {}, "scope_descriptions": [],
        "prefix": "/", "role": "student", "status": Status(seats=24), "check": "none yet", "on": [],
        "rows": [],
        "person": Person("mary@college.edu", "Mary", "jh-mary", "ta", "A"),
    }  # fmt: skip
    return HUB.get_template(name).render(**{**known, **values})


def text(html: str) -> str:
    """What is read, in one line."""
    body = html.partition("<body")[2]
    return " ".join(re.sub(r"<script.*?</script>|<[^>]*>", " ", body, flags=re.DOTALL).split())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "page.html"])
def test_every_page_says_where_one_is_and_whom_to_write_to(name: str) -> None:
    html = page(name, status_code=500, message="")

    assert re.search(r'<html lang="\w+"', html), "a screen reader has to know the language"
    assert "width=device-width" in html, "or a phone shows a page for a desk"
    assert html.count("<h1") == 1, "one heading says what this page is"
    assert html.count("<main") == html.count("</main>") == 1
    title = " ".join(html.partition("<title>")[2].partition("</title>")[0].split())
    assert re.fullmatch(r".+ · Engineering &amp; Co", title), "the tab tells this page from another"
    assert 'href="mailto:help@college.edu"' in html


@pytest.mark.parametrize("name", NAMES)
def test_no_page_asks_anything_of_anybody_else(name: str) -> None:
    html = page(name, status_code=500)

    loaded = r'(?:src|action)\s*=\s*["\']?\s*(?:https?:)?//|<link[^>]*//|url\([^)]*//'
    assert not re.findall(loaded, html), "all comes from the course server"


def test_an_announcement_is_text_and_nothing_else() -> None:
    html = page("login.html", announcement="Lab <script>3</script> is due")

    assert "Lab &lt;script&gt;3&lt;/script&gt; is due" in html


def test_the_sign_in_button_keeps_its_words() -> None:
    assert "Sign in with your college account" in text(page("login.html"))


def test_the_form_for_a_password_is_one_a_password_manager_knows() -> None:
    html = page("login.html", login_service="", login_error="They do not match.", username="<ada>")

    fields = {name: tag for tag in re.findall(r"<input[^>]*>", html) for name in re.findall(r'name="(\w+)"', tag)}
    assert 'autocomplete="username"' in fields["username"]
    assert 'value="&lt;ada&gt;"' in fields["username"], "nobody types it twice, and it is text"
    assert 'autocomplete="current-password"' in fields["password"]
    assert "value" not in fields["password"]
    labels = re.findall(r"<label[^>]*>([^<]*)</label>", html)
    assert labels == ["E-mail", "Password"]
    assert text(html).count("They do not match.") == 1


@pytest.mark.parametrize(("change", "kinds"), [(False, ["new"] * 2), (True, ["current", "new", "new"])])
def test_a_password_is_chosen_where_a_password_manager_can_help(change: bool, kinds: list[str]) -> None:  # noqa: FBT001
    html = page("choose_password.html", change=change, shortest=15, email="ada@college.edu", action="/hub/x", xsrf="x")

    assert re.findall(r'autocomplete="(\w+)-password"', html) == kinds
    assert 'value="ada@college.edu" autocomplete="username"' in html
    assert html.count('minlength="15"') == 2
    for shown in re.findall(r'data-shows="(\w+)"', html):
        assert f'id="{shown}"' in html


def test_a_refusal_is_told_once_with_the_account_and_the_way_to_another() -> None:
    why = "You signed in as eve@college.edu, which is not on the class roster."
    html = page("error.html", status_code=403, status_message=why, message=why)

    assert text(html).count(why) == 1, "what is said twice is read as two things"
    assert "403" in text(html)
    assert "Sign in with another account" in html


@pytest.mark.parametrize("status", [429, 503])
def test_what_passes_is_tried_again_by_itself(status: int) -> None:
    assert "/course-pages/retry.js" in page("error.html", status_code=status, message="")


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_what_does_not_pass_is_not_tried_again(status: int) -> None:
    assert "retry.js" not in page("error.html", status_code=status, message="")


def test_a_failure_says_what_to_tell_and_whom() -> None:
    said = text(page("error.html", status_code=500, message=""))

    assert "write to help@college.edu and say what you did and when: it is 09:41 UTC" in said


def test_a_start_that_fails_at_once_can_be_tried_again() -> None:
    said = text(page("error.html", status_code=500, message="Your account could not be made.", extra_error_html="..."))

    assert "Your server did not start Your account could not be made. Try again" in said


def test_a_failed_start_says_why_and_what_to_do() -> None:
    said = text(page("not_running.html", failed=True, failed_message="Your server could not be started."))

    assert "Your server could not be started. Try again If it happens again, write to help@college.edu" in said


@pytest.mark.parametrize("name", ["spawn_pending.html", "home.html"])
def test_the_hubs_own_script_finds_what_it_fills_in(name: str) -> None:
    html = page(name)
    wanted = set(re.findall(r'\$\("#([\w-]+)"\)', html)) - {"refresh"}  # that is on another page of the hub's

    assert wanted <= set(re.findall(r'id="([\w-]+)"', html)), "it looks for them by their ids"


def test_what_is_pressed_can_be_pressed_with_keys() -> None:
    for name in NAMES:
        for tag in re.findall(r"<a\b[^>]*>", page(name, status_code=500)):
            assert "href" in tag, f"{name}: {tag} cannot be reached with the keyboard"


def test_the_page_for_when_nothing_answers_is_whole_without_the_hub() -> None:
    html = DownPage(college="Engineering & Co", contact="help@college.edu", logo=False).render()

    assert "<title>The course server does not answer · Engineering &amp; Co</title>" in html
    assert "/hub/" not in html, "the hub is what does not answer"
    assert "http-equiv" not in html, "a page that reloads by itself is taken from under a reader"


def test_the_colour_is_the_colleges() -> None:
    assert "--course-colour: #123456;" in Stylesheet(colour="#123456").render()


@pytest.mark.parametrize(
    ("colour", "ratio"), [("#ffffff", 1.0), ("#000000", 21.0), ("#767676", 4.54), ("#777777", 4.48)]
)
def test_contrast_is_what_wcag_says_it_is(colour: str, ratio: float) -> None:
    assert patterns.contrast_with_white(colour) == pytest.approx(ratio, abs=0.005)


def test_the_way_to_class_and_status_is_shown_to_whom_it_is_open() -> None:
    links = {
        role: [name for name in ("class", "status") if f'href="/hub/{name}"' in page("home.html", role=role)]
        for role in ("", "student", "ta", "instructor")
    }

    assert links == {"": [], "student": [], "ta": ["class"], "instructor": ["class", "status"]}


def test_the_class_page_opens_what_runs_and_nothing_else() -> None:
    ada, bob = (Person("", name, f"jh-{name.lower()}", "student", "A") for name in ("Ada", "Bob"))
    html = page("class.html", rows=[{"person": ada, "since": "5 min"}, {"person": bob, "since": None}], on=1)

    assert re.findall(r'href="(/user/[^"]*)"', html) == ["/user/jh-ada/lab"]
    assert "1 of 2 students are on" in text(html)
    assert "Bob A not on" in text(html)


def test_the_status_page_says_how_the_server_is() -> None:
    seat = Seat("jh-ada", 0, 90)
    status = Status(seats=24, on=[seat], memory_mib=8000, memory_free_mib=5000, certificate_days=61)
    said = text(page("status.html", status=status, on=[("Ada", "5 min", seat)]))

    for part in ("1 taken of 24", "5000 MiB free of 8000 MiB", "good for 61 days", "Ada 5 min 90 MiB"):
        assert part in said
