"""People who look at pages: Alice owns, Bob calls leads, Charlie only reads, and who else is needed."""

from django.conf import settings
from django.test import Client

from couveuse.store.accounts.models import Role, User

PASSWORD = "correct horse battery"


def a_person(name: str, role: Role, *, member: str | None = None, language: str = "en") -> User:
    """Somebody with an account, whose e-mail is their name's."""
    return User.objects.create_user(
        f"{name.lower()}@example.com",
        PASSWORD,
        name=name,
        role=role,
        member=member,
        language=language,
        timezone="Europe/Paris",
    )


def alice() -> User:
    """She owns the instance."""
    return a_person("Alice", Role.OWNER)


def bob(member: str | None = "bob") -> User:
    """He calls leads, in the team of his member of the document."""
    return a_person("Bob", Role.TELEMARKETING, member=member)


def charlie() -> User:
    """He may only read."""
    return a_person("Charlie", Role.READER)


def signed_in(person: User) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[1])
    return client


def nobody() -> Client:
    """A browser in which nobody has."""
    return Client()
