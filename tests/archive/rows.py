"""Rows of an archive, for tests."""

from random import Random
from uuid import UUID

from couveuse.archive.layout import ArchivedRow

MONTH = "2026-01"
START = 1_767_225_600_000_000  # 1 January 2026


def a_row(identity_id: int = 1, at: int = START, **said: object) -> ArchivedRow:
    row = ArchivedRow(identity_id, at, at + 5, "Page Viewed", "web", 0, None, "m1", '{"path":"/a"}', None, None, False)
    return row._replace(**said)


def many(count: int, identities: int) -> list[ArchivedRow]:
    """So many rows in order."""
    dice = Random(3)
    found = [
        a_row(
            dice.randrange(identities) * 3 + 2, START + dice.randrange(2_678_400_000_000),
            event=dice.choice(("Page Viewed", "Email Opened")), import_id=dice.choice((None, 4)),
            message_id=str(UUID(int=dice.getrandbits(128), version=4)), is_kept=dice.random() < 0.1,
            properties=dice.choice((None, '{"path":"/é"}')), received_at=START + 2_678_400_000_000,
        )
        for _ in range(count)
    ]  # fmt: skip
    return sorted(found)
