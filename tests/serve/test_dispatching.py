"""Which request goes where, and what the probes say, in this process."""

import asyncio
import json
import sys
import time
import types
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from couveuse import configuration
from couveuse.serve import probes
from couveuse.serve.dispatching import Dispatch, Part
from couveuse.store.processes import SignsOfLife

NOWHERE = "postgresql://couveuse@127.0.0.1:1/couveuse"


def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """A page of Django's, as far as the dispatch is concerned."""
    if environ["PATH_INFO"] == "/broken":
        raise RuntimeError("alice@example.com")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']} {environ['wsgi.input'].read().decode()}".encode()]


@pytest.fixture(autouse=True)
def _pages(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("couveuse.web.wsgi")
    module.application = page  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "couveuse.web.wsgi", module)


def serve(
    database: str,
    ask: Callable[[httpx.AsyncClient], Awaitable[Any]],
    part: Part = Part.ALL,
    backlog: str = "1000000",
    client: str = "127.0.0.1",
) -> Any:
    """What is answered by a dispatch on this database."""
    settings = replace(configuration.read({"COUVEUSE_BACKLOG": backlog}), database_url=database)

    async def run() -> Any:
        dispatch = Dispatch(settings, database, part)
        await dispatch.open()
        try:
            transport = httpx.ASGITransport(app=dispatch, raise_app_exceptions=False, client=(client, 1))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as asking:
                return await ask(asking)
        finally:
            await dispatch.close()

    return asyncio.run(run())


def get(database: str, path: str, part: Part = Part.ALL, **more: str) -> httpx.Response:
    async def ask(client: httpx.AsyncClient) -> httpx.Response:
        return await client.get(path)

    response = serve(database, ask, part, **more)
    assert isinstance(response, httpx.Response)
    return response


def test_it_works(database: str) -> None:
    async def ask(client: httpx.AsyncClient) -> list[tuple[int, str]]:
        answers = [
            await client.post("/v1/track", json={}),
            await client.post("/leads/7", content=b"x"),
            await client.get("/healthz"),
        ]
        return [(answer.status_code, answer.text) for answer in answers]

    event, shown, health = serve(database, ask)
    assert event[0] == 401
    assert "no_write_key" in event[1]
    assert shown == (200, "POST /leads/7 x")
    assert health == (200, "ok\n")


@pytest.mark.parametrize(
    ("part", "intake", "pages"), [(Part.ALL, 401, 200), (Part.INTAKE, 401, 404), (Part.PAGES, 200, 200)]
)
def test_a_process_serves_its_part(database: str, part: Part, intake: int, pages: int) -> None:
    async def ask(client: httpx.AsyncClient) -> list[int]:
        answers = [await client.post("/v1/track", json={}), await client.get("/leads"), await client.get("/healthz")]
        return [answer.status_code for answer in answers]

    assert serve(database, ask, part) == [intake, pages, 200]


def test_a_page_that_breaks_breaks_nothing_else(database: str) -> None:
    async def ask(client: httpx.AsyncClient) -> list[int]:
        return [(await client.get(path)).status_code for path in ("/broken", "/leads", "/healthz")]

    assert serve(database, ask) == [500, 200, 200]


def test_pages_that_cannot_be_loaded_leave_the_rest(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "couveuse.web.wsgi", None)

    async def ask(client: httpx.AsyncClient) -> list[int]:
        return [(await client.get(path)).status_code for path in ("/leads", "/v1/track", "/healthz", "/metrics")]

    assert serve(database, ask) == [503, 405, 200, 200]


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_probes_are_only_read(database: str, path: str) -> None:
    async def ask(client: httpx.AsyncClient) -> int:
        return (await client.post(path)).status_code

    assert serve(database, ask) == 405


def make_ready(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "insert into models (name, version, document, our_domains, our_addresses, standing, published_by,"
            " progress) values ('m', 1, '', '[]', '[]', 'acting', '', '{}')"
        )
        connection.commit()
        SignsOfLife(database, "engine", lambda: {"facts": 5, "failures": 0}).beat(connection)


def test_ready_is_told_with_each_check(database: str) -> None:
    make_ready(database)
    answer = get(database, "/readyz")
    assert answer.status_code == 200
    found = json.loads(answer.text)
    assert found["ready"] is True
    assert list(found["checks"]) == ["database", "migrations", "model", "backlog", "engine"]


def failing(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 503
    found = json.loads(answer.text)
    assert found["ready"] is False
    return {name: check["cure"] for name, check in found["checks"].items() if not check["fine"]}


def test_not_ready_names_what_fails(database: str) -> None:
    assert set(failing(get(database, "/readyz"))) == {"model", "engine"}


def test_a_full_backlog_is_not_ready(database: str) -> None:
    make_ready(database)
    with psycopg.connect(database) as connection:
        connection.execute("insert into inbox (lane, events, received_at, packet) values (0, 7, 1, '')")
    assert set(failing(get(database, "/readyz", backlog="7"))) == {"backlog"}


def test_a_database_without_tables_is_not_ready(server: str) -> None:
    assert "couveuse migrate" in failing(get(server, "/readyz"))["migrations"]


def test_a_database_that_is_away_is_not_ready_and_the_process_lives(database: str) -> None:
    async def ask(client: httpx.AsyncClient) -> list[httpx.Response]:
        return [await client.get(path) for path in ("/readyz", "/metrics", "/healthz")]

    ready, metrics, health = serve(NOWHERE, ask, Part.INTAKE)
    assert set(failing(ready)) == {"database"}
    assert "couveuse_database_up 0.0" in metrics.text
    assert health.status_code == 200


def test_metrics_tell_of_backups(database: str) -> None:
    began = time.monotonic()
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "insert into backups (at, ended_at, place, because, error) values"
            " (extract(epoch from now()) * 1e6 - 3600e6, 1, 'x', 'schedule', ''),"
            " (extract(epoch from now()) * 1e6, 1, 'x', 'schedule', 'the disk is full')"
        )
    lines = dict(line.rsplit(" ", 1) for line in get(database, "/metrics").text.splitlines() if line[0] != "#")
    passed = time.monotonic() - began
    assert 3600 <= float(lines["couveuse_backup_age_seconds"]) <= 3600 + passed
    assert float(lines["couveuse_backups_failed_total"]) == 1


def test_metrics_sum_what_all_processes_have_counted(database: str) -> None:
    make_ready(database)
    with psycopg.connect(database, autocommit=True) as connection:
        counts = {"facts": 2, "rejects": {"no_event": 3}}
        for _ in range(2):
            SignsOfLife(database, "web", lambda: counts).beat(connection)
        connection.execute("insert into inbox (lane, events, received_at, packet) values (0, 7, 1, '')")
    lines = get(database, "/metrics").text.splitlines()
    assert "couveuse_web_facts_total 4.0" in lines
    assert 'couveuse_web_rejects_total{reason="no_event"} 6.0' in lines
    assert "couveuse_engine_facts_total 5.0" in lines
    assert "couveuse_inbox_events 7.0" in lines
    assert 'couveuse_rows{table="events"} 0.0' in lines
    assert "couveuse_wakeups_overdue 0.0" in lines
    oldest = next(line for line in lines if line.startswith("couveuse_inbox_oldest_seconds"))
    assert float(oldest.split()[1]) > 1e9
    assert any(line.startswith("couveuse_database_bytes ") for line in lines)


def test_metrics_tell_of_what_goes_out(database: str) -> None:
    make_ready(database)
    with psycopg.connect(database, autocommit=True) as connection:
        for key, standing in (("a", "waiting"), ("b", "waiting"), ("c", "parked"), ("d", "dead"), ("e", "done")):
            connection.execute(
                "insert into intents (key, channel, audience, kind, target, about, standing, made_at, due_at)"
                " values (%s, 'email', 'team', 'trial', '{}', '{}', %s, 1, 1)",
                [key, standing],
            )
        connection.execute("insert into switches (name, is_on, at, \"by\") values ('stop', true, 1, 'alice')")
    lines = dict(line.rsplit(" ", 1) for line in get(database, "/metrics").text.splitlines() if line[0] != "#")
    assert lines['couveuse_intents_waiting{channel="email"}'] == "2.0"
    assert (lines["couveuse_intents_parked"], lines["couveuse_intents_dead"]) == ("1.0", "1.0")
    assert float(lines["couveuse_intents_oldest_due_seconds"]) > 1e9
    assert lines['couveuse_switched{switch="stop"}'] == "1.0"


@pytest.mark.parametrize(
    ("client", "headers"),
    [("1.2.3.4", {}), ("2a00:1450::1", {}), ("127.0.0.1", {"X-Forwarded-For": "10.0.0.1"}), ("unknown", {})],
)
def test_whoever_asks_from_outside_learns_no_figures(database: str, client: str, headers: dict[str, str]) -> None:
    async def ask(asking: httpx.AsyncClient) -> list[httpx.Response]:
        return [await asking.get(path, headers=headers) for path in ("/metrics", "/readyz", "/healthz")]

    metrics, ready, health = serve(database, ask, client=client)
    assert (metrics.status_code, ready.status_code, health.status_code) == (404, 503, 200)
    assert ready.json() == {"ready": False}


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "10.1.2.3", "fe80::1%eth0"])
def test_the_own_network_learns_the_figures(database: str, client: str) -> None:
    async def ask(asking: httpx.AsyncClient) -> list[httpx.Response]:
        return [await asking.get(path) for path in ("/metrics", "/readyz")]

    metrics, ready = serve(database, ask, client=client)
    assert "couveuse_database_up 1.0" in metrics.text
    assert "checks" in ready.json()


def test_however_often_it_is_asked_the_database_is_asked_once(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0
    connect = probes.Probes._connected

    async def counted(self: probes.Probes) -> Any:
        nonlocal asked
        asked += 1
        return await connect(self)

    monkeypatch.setattr(probes.Probes, "_connected", counted)
    monkeypatch.setattr(probes, "FRESH_SECONDS", 60.0)

    async def ask(client: httpx.AsyncClient) -> None:
        await asyncio.gather(*(client.get("/readyz") for _ in range(20)))

    serve(database, ask)
    assert asked == 1


def test_the_server_is_told_when_it_cannot_begin(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatch = Dispatch(replace(configuration.read({}), database_url=database), database, Part.INTAKE)
    sent: list[str] = []

    async def broken() -> None:
        raise RuntimeError

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    monkeypatch.setattr(dispatch, "open", broken)
    asyncio.run(dispatch({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.failed"]
