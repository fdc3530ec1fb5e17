"""`couveuse user` and `couveuse welcome`: accounts without a page, and never a password as an argument."""

import io
import json
from collections.abc import Callable

import psycopg
import pytest

from couveuse.cli import run
from couveuse.cli.commands.users import UserRole
from couveuse.store.accounts import people

PASSWORD = "heron-cendre-1887"
Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def couveuse(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """The exit code, the answer and what was said beside it; `password` is what the standard input says."""
    monkeypatch.setenv("COUVEUSE_DATABASE_URL", database)
    monkeypatch.setenv("COUVEUSE_SECRET_KEY", "s" * 40)

    def said(*words: str, password: str = PASSWORD) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
        code = run(words)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return said


def make(couveuse: Said, email: str, role: str, *more: str) -> tuple[int, str, str]:
    words = ("user", "create", "--email", email, "--name", "Alice Martin", "--role", role, "--password-stdin", *more)
    return couveuse(*words)


def listed(couveuse: Said) -> dict[str, dict[str, object]]:
    rows = [json.loads(line) for line in couveuse("user", "list", "-f", "json")[1].splitlines()]
    return {row["email"]: row for row in rows}


def checks(database: str, email: str, password: str) -> bool:
    from couveuse.store.accounts.models import User

    return bool(User.objects.get(email=email).check_password(password))


def test_an_account_is_made_and_its_password_lets_in(couveuse: Said, database: str) -> None:
    code, out, err = make(couveuse, " Alice@Example.com ", "owner", "--lang", "en")
    assert (code, out) == (0, "")
    assert "alice@example.com may sign in now, as owner." in err
    assert checks(database, "alice@example.com", PASSWORD)
    row = listed(couveuse)["alice@example.com"]
    assert (row["name"], row["role"], row["standing"], row["second_factor"]) == (
        "Alice Martin", "owner", "active", False,
    )  # fmt: skip
    assert "alice@example.com" in couveuse("user", "list")[1]
    assert couveuse("user", "list", "-f", "csv")[1].splitlines()[1].startswith("alice@example.com,Alice Martin,owner")


def test_what_will_not_do_is_refused_in_one_line_with_its_cure(couveuse: Said) -> None:
    make(couveuse, "alice@example.com", "owner")
    for words, cure in [
        (("alice@example.com", "reader"), "couveuse user list"),
        (("alice", "reader"), "name@example.com"),
        (("bob@example.com", "sales", "--member", "nobody"), "couveuse team show"),
        (("bob@example.com", "sales", "--timezone", "Mars/Base"), "Europe/Paris"),
        (("bob@example.com", "king"), "'owner'"),
    ]:
        code, out, err = make(couveuse, *words)
        assert (code, out, err.count("\n")) == (2, "", 1), err
        assert cure in err


@pytest.mark.parametrize("password", ["short", "1234567890123", "passwordpassword1"[:8], "alice@example.com"])
def test_a_password_that_is_easy_to_guess_is_refused(couveuse: Said, password: str) -> None:
    words = ("user", "create", "--email", "alice@example.com", "--name", "A", "--role", "owner", "--password-stdin")
    code, _, err = couveuse(*words, password=password)
    assert (code, err.count("\n")) == (2, 1)
    assert listed(couveuse) == {}


def test_without_a_terminal_the_password_has_to_come_by_the_standard_input(couveuse: Said) -> None:
    code, _, err = couveuse("user", "create", "--email", "a@example.com", "--name", "A", "--role", "owner")
    assert code == 2
    assert "--password-stdin" in err


def test_no_command_takes_a_password_as_an_argument(couveuse: Said) -> None:
    assert couveuse("user", "password", "a@example.com", "secret-of-mine")[0] == 2
    assert couveuse("user", "create", "--password", "secret-of-mine")[0] == 2


def test_another_password_ends_all_sessions(couveuse: Said, database: str) -> None:
    from django.test import Client

    from couveuse.store.accounts.models import User

    make(couveuse, "alice@example.com", "owner")
    browser = Client()
    browser.force_login(User.objects.get(email="alice@example.com"))
    assert couveuse("user", "password", "alice@example.com", "--password-stdin", password="aigrette-garzette")[0] == 0
    assert checks(database, "alice@example.com", "aigrette-garzette")
    found = User.objects.get(email="alice@example.com")
    assert found.session_generation == 1
    assert browser.session.get("_auth_user_hash") != found.get_session_auth_hash()


def test_the_last_owner_stays_one(couveuse: Said) -> None:
    make(couveuse, "alice@example.com", "owner")
    make(couveuse, "bob@example.com", "reader")
    for words in (("role", "alice@example.com", "reader"), ("deactivate", "alice@example.com")):
        code, _, err = couveuse("user", *words)
        assert (code, "last owner" in err) == (2, True)
    assert couveuse("user", "role", "bob@example.com", "owner")[0] == 0
    assert couveuse("user", "deactivate", "alice@example.com")[0] == 0
    assert listed(couveuse)["alice@example.com"]["standing"] == "deactivated"
    assert couveuse("user", "activate", "alice@example.com")[0] == 0
    assert listed(couveuse)["alice@example.com"]["standing"] == "active"


def test_somebody_gets_another_e_mail_and_the_one_of_before_is_told(
    couveuse: Said, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(couveuse, "alice@example.com", "owner")
    make(couveuse, "bob@example.com", "sales")
    monkeypatch.setenv("COUVEUSE_MAIL_URL", "smtp://127.0.0.1:1")
    code, _, err = couveuse("user", "email", "Bob@example.com", "Robert@Example.org")
    assert code == 0
    assert "bob@example.com signs in as robert@example.org now" in err
    assert checks(database, "robert@example.org", PASSWORD)
    with psycopg.connect(database) as connection:
        told = connection.execute("select kind, target ->> 'address' from intents").fetchall()
    assert told == [("email_changed", "bob@example.com")]
    for old, new in (("robert", "alice@example.com"), ("robert", "x"), ("nobody", "y@example.org")):
        assert couveuse("user", "email", f"{old}@example.org", new)[0] == 2, (old, new)
    assert listed(couveuse).keys() == {"alice@example.com", "robert@example.org"}


def test_an_account_is_deleted_where_it_is_meant_and_the_last_owner_stays(couveuse: Said) -> None:
    make(couveuse, "alice@example.com", "owner")
    make(couveuse, "bob@example.com", "sales")
    code, _, err = couveuse("user", "delete", "bob@example.com")  # nobody is here to be asked
    assert code == 2
    assert "--yes" in err
    assert couveuse("user", "delete", "bob@example.com", "--yes")[0] == 0
    assert listed(couveuse).keys() == {"alice@example.com"}
    code, _, err = couveuse("user", "delete", "alice@example.com", "--yes")
    assert code == 2
    assert "last owner" in err
    assert couveuse("user", "delete", "bob@example.com", "--yes")[0] == 2


def test_the_link_of_the_first_visitor_is_there_until_there_is_an_account(couveuse: Said) -> None:
    code, out, _ = couveuse("welcome")
    assert code == 0
    assert out.startswith("http://127.0.0.1:8000/welcome/")
    assert couveuse("welcome")[1] == out
    make(couveuse, "alice@example.com", "owner")
    code, out, err = couveuse("welcome")
    assert (code, out) == (1, "")
    assert "couveuse user create" in err


def test_sessions_are_listed_and_ended(couveuse: Said) -> None:
    make(couveuse, "alice@example.com", "owner")
    assert "signed in nowhere" in couveuse("user", "sessions", "alice@example.com")[2]
    assert couveuse("user", "sessions", "alice@example.com", "--end")[0] == 0
    assert couveuse("user", "forget-factors", "alice@example.com")[0] == 0


def test_what_is_done_stands_in_the_audit(couveuse: Said, database: str) -> None:
    make(couveuse, "alice@example.com", "owner")
    make(couveuse, "bob@example.com", "reader")
    couveuse("user", "role", "bob@example.com", "sales")
    with psycopg.connect(database) as connection:
        done = connection.execute("select by, did, about from audit order by id").fetchall()
    assert [(by, did) for by, did, _ in done] == [
        ("command line", did) for did in ("user added",) * 2 + ("role changed",)
    ]
    assert "bob" not in str(done[-1][2])


def test_the_roles_are_the_same_everywhere(database: str) -> None:
    from couveuse.store.accounts.models import Role

    assert [role.value for role in UserRole] == list(people.ROLES) == [role.value for role in Role]
