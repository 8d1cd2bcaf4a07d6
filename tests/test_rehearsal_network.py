"""The packet filter of the rehearsal, as text for nftables."""

import re

from rehearsal.cloud.machines import EVERYWHERE, OPEN, FirewallRule
from rehearsal.network import Firewall, render, wire

SSH = FirewallRule("tcp", "22", ("192.0.2.0/24", "2001:db8::/32"))
WEB = FirewallRule("tcp", "8000-8010", EVERYWHERE)
PING = FirewallRule("icmp", "", EVERYWHERE)


def chain(text: str, name: str) -> list[str]:
    """Return the rules of one chain."""
    body = re.search(rf"chain {name} {{\n(.*?)\n  }}", text, re.DOTALL)
    assert body, f"there is no chain {name} in\n{text}"
    return [line.strip() for line in body[1].splitlines()]


def test_a_droplet_without_a_firewall_is_open() -> None:
    assert "drop" not in render({}).split(), "nothing may be dropped for a droplet no firewall covers"


def test_known_connections_pass_first_and_what_no_rule_allows_is_dropped_last() -> None:
    rules = chain(render({7: Firewall((SSH,), ())}), "into_7")
    assert rules[0] == "ct state established,related return"
    assert rules[-1] == "drop", "DigitalOcean's firewall drops without an answer"


def test_addresses_of_both_families_are_matched_by_their_own_keyword() -> None:
    rules = chain(render({7: Firewall((SSH,), ())}), "into_7")
    assert "ip saddr { 192.0.2.0/24 } tcp dport 22 return" in rules
    assert "ip6 saddr { 2001:db8::/32 } tcp dport 22 return" in rules


def test_everywhere_needs_no_address() -> None:
    rules = chain(render({7: Firewall((WEB,), ())}), "into_7")
    assert "meta nfproto ipv4 tcp dport 8000-8010 return" in rules


def test_icmp_has_no_ports() -> None:
    rules = chain(render({7: Firewall((PING,), ())}), "into_7")
    assert "meta nfproto ipv4 meta l4proto { icmp, ipv6-icmp } return" in rules


def test_outbound_rules_look_at_the_destination() -> None:
    rules = chain(render({7: Firewall((), (SSH,))}), "out_of_7")
    assert "ip daddr { 192.0.2.0/24 } tcp dport 22 return" in rules


def test_traffic_between_droplets_has_to_pass_both_their_firewalls() -> None:
    rules = chain(render({7: Firewall(OPEN, OPEN), 8: Firewall(OPEN, OPEN)}), "between")
    leaving = rules.index('iifname "course7" jump out_of_7')
    assert leaving < rules.index('oifname "course8" jump into_8'), "a rule that allows returns to the caller's next one"


def test_the_metadata_address_is_answered_before_any_firewall() -> None:
    text = render({7: Firewall((), ())})
    assert "ip daddr 169.254.169.254 tcp dport 80 dnat ip to 198.51.100.1:" in chain(text, "way_in")[1]
    assert chain(text, "to_this_machine")[1] == "ct original ip daddr 169.254.169.254 accept"


def test_putting_it_in_force_replaces_what_was_there_in_one_transaction() -> None:
    first = render({}).splitlines()[:3]
    assert first == [
        "table inet course_rehearsal",
        "delete table inet course_rehearsal",
        "table inet course_rehearsal {",
    ]


def test_the_name_of_a_wire_fits_a_droplet_id_of_nine_digits() -> None:
    assert len(wire(987_654_321)) <= 15, "Linux allows an interface name 15 characters"
