"""No page asks the database more than twelve times, whatever it shows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.urls import get_resolver

from couveuse.store.accounts.models import Role
from couveuse.web import database
from couveuse.web.asking import Guard
from tests.engine.town import Town, accepted
from tests.web.people import a_person, signed_in
from tests.web.test_walk import patterns

MOST = 12


def _pages() -> list[str]:
    """Every page that can be asked for without naming anything."""
    found = set()
    for place, view in patterns(get_resolver().url_patterns):
        guard = getattr(view, "guard", None)
        if isinstance(guard, Guard) and guard.permission is not None and "GET" in guard.methods and "<" not in place:
            found.add(f"/{place}")
    return sorted(found)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile, Django's and ours."""
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def counting(self: Any, query: Any, *rest: Any, **named: Any) -> Any:
        words = query if isinstance(query, str) else query.decode() if isinstance(query, bytes) else str(query)
        sent.append(words)
        return execute(self, query, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Cursor, "execute", counting)
        yield sent


@pytest.mark.parametrize("role", [Role.OWNER, Role.TELEMARKETING], ids=str)
def test_a_page_asks_twelve_times_at_most(town: Town, monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    for number in range(5):
        town.take(
            accepted("Quote Requested", email=f"lead{number}@example.com"),
            accepted("Page Viewed", email=f"lead{number}@example.com"),
        )
    client = signed_in(a_person("Somebody", role))
    lead = town.connection.execute("select min(id) from leads").fetchone()[0]
    too_many = {}
    for address in [*_pages(), f"/leads/{lead}", f"/leads/{lead}?panel=1"]:
        client.get(address)  # what is read once for a process (the model, names of events) is read now
        with counted(monkeypatch) as sent:
            answer = client.get(address)
        if answer.status_code == 200 and len(sent) > MOST:
            too_many[address] = [each.split("\n")[0][:80] for each in sent]
    database.close()
    assert too_many == {}
