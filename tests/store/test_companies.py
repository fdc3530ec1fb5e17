import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from couveuse.store.companies import companies_of, company_domain, is_disposable, is_free


@pytest.mark.parametrize(
    ("email", "domain"),
    [
        ("ana@example.com", "example.com"),
        (" Ana@MAIL.Example.com ", "example.com"),
        ("ana@mail.example.co.uk", "example.co.uk"),
        ("ana@exemple.gouv.fr", "exemple.gouv.fr"),
        ("ana@münchen.de", "münchen.de"),
        ("ana@example.com.", "example.com"),
    ],
)
def test_it_works(email: str, domain: str) -> None:
    assert company_domain(email) == domain


@pytest.mark.parametrize("email", ["ana@gmail.com", "ana@free.fr", "ana@eu.yahoo.com"])
def test_free_mail_tells_of_no_company(email: str) -> None:
    assert is_free(email.partition("@")[2])
    assert company_domain(email) is None


def test_a_disposable_address_tells_of_no_company() -> None:
    assert is_disposable("mailinator.com")
    assert not is_disposable("example.com")
    assert company_domain("ana@mailinator.com") is None


@pytest.mark.parametrize(
    "email", ["ana@co.uk", "ana@localhost", "ana@[10.0.0.1]", "ana@a.invalid-suffix-x", "ana", "", "@"]
)
def test_what_is_no_registered_domain_tells_of_no_company(email: str) -> None:
    assert company_domain(email) is None


def test_the_list_of_suffixes_is_never_fetched_nor_written(tmp_path: Path) -> None:
    code = (
        "import socket\n"
        "def refuse(*_): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "from couveuse.store.companies import company_domain\n"
        "print(company_domain('ana@mail.example.co.uk'))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "TLDEXTRACT_CACHE": ""},
    )  # fmt: skip
    assert run.stdout.strip() == "example.co.uk"
    assert not list(tmp_path.iterdir())


def test_companies_are_made_once_and_known_by_their_domain(database: str) -> None:
    emails = ["ana@example.com", "bob@mail.example.com", "carl@other.example", "dora@beispiel.de", "eve@gmail.com"]
    with psycopg.connect(database) as connection:
        first = companies_of(connection, emails)
        assert companies_of(connection, reversed(emails)) == first
        assert first.keys() == {"ana@example.com", "bob@mail.example.com", "dora@beispiel.de"}
        assert first["ana@example.com"] == first["bob@mail.example.com"] != first["dora@beispiel.de"]
        found = connection.execute("select domain from companies order by domain").fetchall()
        assert found == [("beispiel.de",), ("example.com",)]
        assert companies_of(connection, []) == {}
