"""What the rehearsal's DNS answers for the zones of the cloud."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import dnslib
import pytest

from rehearsal import names
from rehearsal.cloud import Record, Zone
from rehearsal.places import GATEWAY, SIGN_IN


def record(kind: str, name: str, data: str, **more: Any) -> Record:
    rest: dict[str, Any] = {"ttl": 300, "priority": 0, "port": 0, "weight": 0, "flags": 0, "tag": ""} | more
    return Record(type=kind, name=name, data=data, **rest)


ZONES = [
    Zone(
        "course.example",
        (
            record("NS", "course.example", "ns1.digitalocean.com"),
            record("A", "hub.course.example", "198.51.100.200"),
            record("CAA", "hub.course.example", "letsencrypt.org", tag="issue"),
            record("CNAME", "www.course.example", "hub.course.example"),
            record("CNAME", "docs.course.example", "pages.elsewhere.example"),
            record("MX", "course.example", "mail.course.example", priority=10),
            record("TXT", "course.example", "x" * 300),
            record("A", "a.deep.course.example", "198.51.100.9"),
        ),
    ),
    Zone("lab.course.example", (record("A", "lab.course.example", "198.51.100.8"),)),
]


def ask(name: str, kind: str = "A") -> dnslib.DNSRecord:
    reply = names.answer(dnslib.DNSRecord.question(name, kind), ZONES)
    assert reply is not None, f"{name} is in a zone of the cloud"
    return dnslib.DNSRecord.parse(reply.pack())  # what a resolver reads


def told(reply: dnslib.DNSRecord) -> list[tuple[str, str]]:
    return [(dnslib.QTYPE[answer.rtype], str(answer.rdata)) for answer in reply.rr]


def test_an_address_is_answered_with_authority_and_its_own_ttl() -> None:
    reply = ask("hub.course.example")
    assert told(reply) == [("A", "198.51.100.200")]
    assert reply.header.aa == 1
    assert reply.rr[0].ttl == 300


def test_names_are_the_same_in_any_case() -> None:
    assert told(ask("HUB.Course.Example")) == [("A", "198.51.100.200")]


@pytest.mark.parametrize(
    ("name", "kind", "data"),
    [
        ("hub.course.example", "CAA", '0 issue "letsencrypt.org"'),
        ("course.example", "MX", "10 mail.course.example."),
        ("course.example", "NS", "ns1.digitalocean.com."),
    ],
)
def test_other_types_are_answered_in_their_own_form(name: str, kind: str, data: str) -> None:
    assert told(ask(name, kind)) == [(kind, data)]


def test_a_long_text_comes_whole_in_strings_of_at_most_255_bytes() -> None:
    text = ask("course.example", "TXT").rr[0].rdata.data
    assert [len(part) for part in text] == [255, 45]


def test_an_alias_is_followed_within_the_zones() -> None:
    assert told(ask("www.course.example")) == [("CNAME", "hub.course.example."), ("A", "198.51.100.200")]


def test_an_alias_out_of_the_zones_is_left_to_the_asker() -> None:
    reply = ask("docs.course.example")
    assert told(reply) == [("CNAME", "pages.elsewhere.example.")]
    assert reply.header.rcode == dnslib.RCODE.NOERROR


def test_a_name_that_is_not_there_does_not_exist_and_says_for_how_long() -> None:
    reply = ask("nobody.course.example")
    assert reply.header.rcode == dnslib.RCODE.NXDOMAIN
    assert [dnslib.QTYPE[each.rtype] for each in reply.auth] == ["SOA"]


@pytest.mark.parametrize(("name", "kind"), [("hub.course.example", "AAAA"), ("deep.course.example", "A")])
def test_a_name_without_such_a_record_exists_all_the_same(name: str, kind: str) -> None:
    reply = ask(name, kind)
    assert (reply.header.rcode, reply.rr) == (dnslib.RCODE.NOERROR, [])
    assert reply.auth, "an empty answer carries the zone's SOA"


def test_the_most_particular_zone_answers() -> None:
    assert told(ask("lab.course.example")) == [("A", "198.51.100.8")]
    assert ask("hub.lab.course.example").header.rcode == dnslib.RCODE.NXDOMAIN


@pytest.mark.parametrize("name", [SIGN_IN, "accounts.google.com", "www.googleapis.com", "github.com", "api.github.com"])
def test_the_rehearsals_own_services_are_at_the_gateway(name: str) -> None:
    assert told(ask(name)) == [("A", GATEWAY)]


@pytest.mark.parametrize("kind", ["AAAA", "HTTPS", "MX"])
def test_nothing_but_the_gateway_is_told_of_a_played_service(kind: str) -> None:
    reply = ask("github.com", kind)
    assert (reply.header.rcode, reply.rr) == (dnslib.RCODE.NOERROR, []), "the real one is not asked about it either"


def test_the_rest_of_the_world_is_nobodys_zone() -> None:
    assert names.answer(dnslib.DNSRecord.question("deb.debian.org"), ZONES) is None
    assert names.answer(dnslib.DNSRecord.question("notcourse.example"), ZONES) is None, "a suffix is not a parent"


def test_a_resolver_upstream_that_is_silent_is_a_server_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*_: Any, **__: Any) -> bytes:
        raise TimeoutError

    monkeypatch.setattr(dnslib.DNSRecord, "send", silent)
    resolver = names.Resolver(lambda: ZONES, "192.0.2.53")
    reply = resolver.resolve(dnslib.DNSRecord.question("deb.debian.org"), SimpleNamespace(protocol="udp"))
    assert reply.header.rcode == dnslib.RCODE.SERVFAIL


def test_upstream_is_the_first_name_server_of_resolv_conf() -> None:
    text = "# made by hand\nsearch college.example\nnameserver 192.0.2.53\nnameserver 192.0.2.54\n"
    assert names.upstream(text) == "192.0.2.53"
