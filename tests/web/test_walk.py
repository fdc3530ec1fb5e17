"""Every address of the application, walked with every role and with nobody: who may is let in, nobody else is."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from couveuse.store.accounts.models import Role
from couveuse.web.asking import Guard
from couveuse.web.permissions import ALLOWED
from tests.engine.town import Town
from tests.web.people import a_person, nobody, signed_in

# Addresses that are nobody's page: what they ask for instead is tested where they are.
ELSEWHERE = ("api/", "assets/", "l/", "inbox")
# What stands in an address where it names something; nothing is there by that name.
_VALUES = {"int": "999999999", "str": "nothing", "path": "nothing", "slug": "nothing", "uuid": "0" * 32}


def patterns(within: list[Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for each in within:
        place = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, place)
        elif isinstance(each, URLPattern):
            yield place, each.callback


def _ours() -> list[tuple[str, Any]]:
    """Our own views; what stands below account/ without a guard is allauth's (tests/web/test_accounts.py)."""
    return [
        (place, view)
        for place, view in patterns(get_resolver().url_patterns)
        if not place.startswith(ELSEWHERE) and not (place.startswith("account/") and not hasattr(view, "guard"))
    ]


def _address(place: str) -> str:
    found = place
    while "<" in found:
        before, _, rest = found.partition("<")
        inside, _, after = rest.partition(">")
        kind = inside.partition(":")[0] if ":" in inside else "str"
        found = before + _VALUES[kind] + after
    return "/" + found


def test_every_page_says_who_may_see_it() -> None:
    """A view without the decorator would be open to anybody."""
    bare = [place for place, view in _ours() if not isinstance(getattr(view, "guard", None), Guard) and place]
    assert bare == []


@pytest.mark.usefixtures("town")
def test_nobody_is_let_in_anywhere() -> None:
    """Who has not signed in is sent to do so, whatever the address and the method."""
    client = nobody()
    for place, view in _ours():
        guard = getattr(view, "guard", None)
        if guard is None or guard.permission is None:
            continue
        for method in sorted(guard.methods):
            answer = client.generic(method, _address(place))
            assert answer.status_code == 302, (place, method, answer.status_code)
            assert answer.headers["Location"].startswith("/account/login/"), (place, method)


@pytest.mark.parametrize("role", list(Role), ids=str)
def test_each_role_sees_its_own_pages_and_no_others(town: Town, role: Role) -> None:
    """What a role may not is refused with 403; what it may is never."""
    client = signed_in(a_person("Somebody", role))
    for place, view in _ours():
        guard = getattr(view, "guard", None)
        if guard is None or guard.permission is None:
            continue
        for method in sorted(guard.methods):
            answer = client.generic(method, _address(place))
            allowed = guard.permission in ALLOWED[role]
            assert (answer.status_code != 403) is allowed, (place, method, str(role), answer.status_code)
            assert answer.status_code < 500 or answer.status_code == 503, (place, method, answer.status_code)


@pytest.mark.usefixtures("town")
def test_no_address_takes_a_method_that_it_does_not_name() -> None:
    """A page that only shows does nothing when it is posted to."""
    client = signed_in(a_person("Alice", Role.OWNER))
    for place, view in _ours():
        guard = getattr(view, "guard", None)
        if guard is None:
            continue
        for method in {"GET", "POST", "PUT", "DELETE"} - guard.methods:
            assert client.generic(method, _address(place)).status_code == 405, (place, method)
