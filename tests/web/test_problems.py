"""Errors say what happened and what to do, to programs as problems and to people as pages; nothing private is said."""

import psycopg
import pytest

from couveuse.web import database
from couveuse.web.headers import HEADERS
from couveuse.web.problems import MEDIA_TYPE, Kind, Problem
from tests.engine.town import Town
from tests.report.parsed import parsed
from tests.web.asking import Asker


@pytest.mark.parametrize("kind", Kind)
def test_every_problem_says_what_and_how_to_go_on(kind):
    response = Problem(kind).response()
    assert (response.status_code, response["Content-Type"]) == (kind.value.status, MEDIA_TYPE)
    assert kind.type.startswith("urn:couveuse:problem:")
    assert kind.value.cure.endswith(".")
    assert len({each.type for each in Kind}) == len(Kind)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404), ("GET", "/api/v1/leads/", 404), ("GET", "/api/v2/leads", 404),
        ("GET", "/api/v1/leads/1/ledger/x", 404), ("GET", "/api/v1/docs", 404), ("GET", "/api/", 404),
        ("PUT", "/api/v1/leads", 405), ("DELETE", "/api/v1/leads/1", 405), ("GET", "/api/v1/leads/1/merge", 405),
        ("POST", "/api/v1/openapi.json", 405), ("TRACE", "/api/v1/models", 405),
    ],
)  # fmt: skip
def test_a_program_gets_a_problem(api: Asker, method, path, status):
    answer = api.ask(method, path)
    assert (answer.status, answer.headers["content-type"]) == (status, MEDIA_TYPE)
    assert answer.json["status"] == status
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(("language", "said"), [("fr", "Copier le lien entier"), ("en", "Copy the whole link")])
def test_a_person_gets_a_page(api: Asker, language, said):
    answer = api.get("/nothing", lang=language)
    tree = parsed(answer.text)
    assert (answer.status, tree.one("html").attributes["lang"]) == (404, language)
    assert said in tree.one("main").text


def test_a_host_that_is_none_is_refused(api: Asker):
    assert api.get("/", headers={"Host": "a b"}).status == 400
    assert api.get("/api/v1/leads", headers={"Host": "a b"}).json["status"] == 400


def test_what_breaks_is_logged_and_says_nothing_of_itself(api: Asker, monkeypatch, caplog):
    from couveuse.web import asking
    from couveuse.web.api import instance

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the secret of ada@example.com")

    monkeypatch.setattr(instance.versions, "versions", broken)
    monkeypatch.setattr(asking, "who_of", broken)
    answer, page = api.get("/api/v1/models"), api.get("/")
    assert (answer.status, page.status) == (500, 500)
    assert answer.json["type"] == "urn:couveuse:problem:broken"
    assert "Nothing is lost" in page.text
    assert "secret" not in answer.text + page.text
    assert "RuntimeError" in caplog.text


def test_without_a_database_programs_are_told_to_come_again(town: Town, api: Asker, monkeypatch):
    database.close()
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", "postgresql://couveuse@127.0.0.1:1/none")
    answer = api.get("/api/v1/leads")
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert answer.json["type"] == "urn:couveuse:problem:away"
    assert api.get("/").status == 302


def test_a_connection_that_was_cut_is_opened_again(town: Town, api: Asker):
    assert api.get("/api/v1/leads").status == 200
    town.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'couveuse pages'")
    assert api.get("/api/v1/leads").status == 200
    with database.reading() as connection:
        town.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'couveuse pages'")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    with database.reading() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_page_reads_one_instant_and_may_not_write(town: Town, api: Asker):
    with database.reading() as connection:
        assert connection.execute("select count(*) from api_tokens").fetchone() == (1,)
        town.rows("insert into api_tokens (digest, hint, name, scopes) values ('x', 'x', 'x', '[]') returning id")
        assert connection.execute("select count(*) from api_tokens").fetchone() == (1,)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("delete from api_tokens")


@pytest.mark.parametrize("path", ["/", "/nothing", "/l/x", "/api/v1/leads", "/api/v1/nothing", "/api/v1/openapi.json"])
def test_every_answer_is_private(api: Asker, path):
    headers = api.get(path).headers
    for name, value in HEADERS.items():
        if name != "Content-Security-Policy":
            assert headers[name.lower()] == value
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "set-cookie" not in headers
    assert "server" not in headers
