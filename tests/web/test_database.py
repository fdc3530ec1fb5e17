"""Each thread has a connection of its own, and answers do not mix."""

from concurrent.futures import ThreadPoolExecutor

from couveuse.web import database
from tests.engine.town import Town, accepted
from tests.web.asking import Asker

KEYS = [f"p{number}@example.com" for number in range(8)]


def test_several_threads_answer_at_once(town: Town, api: Asker):
    town.take(*(accepted("Page Viewed", email=key, path=f"/{key}/{n}") for key in KEYS for n in range(40)))
    leads = {key: town.lead(key) for key in KEYS}

    def once(key: str) -> tuple[object, ...]:
        path = f"/api/v1/leads/{leads[key]}"
        (listed,) = api.get("/api/v1/leads", email=key).json["leads"]
        keys = {each["identity"]["key"] for each in api.get(f"{path}/facts").json["facts"]}
        return listed["lead"], api.get(f"{path}/ledger").json["agrees"], *keys

    def ask(key: str) -> set[tuple[object, ...]]:
        try:
            return {once(key) for _ in range(5)}
        finally:
            database.close()

    with ThreadPoolExecutor(len(KEYS)) as threads:
        assert list(threads.map(ask, KEYS)) == [{(key, True, key)} for key in KEYS]


def test_a_connection_that_was_idle_for_long_is_opened_anew(town: Town, api: Asker, monkeypatch):
    def pid() -> int:
        with database.reading() as connection:
            return connection.info.backend_pid

    assert pid() == pid()
    monkeypatch.setattr(database, "IDLE_SECONDS", -1.0)
    assert pid() != pid()


def test_a_glance_is_asked_anew_where_its_connection_was_ended(town: Town):
    def pid() -> int:
        return database.glance(lambda connection: connection.execute("select pg_backend_pid()").fetchone()[0])

    before = pid()
    assert before == pid()
    town.connection.execute("select pg_terminate_backend(%s)", [before])
    assert pid() != before
