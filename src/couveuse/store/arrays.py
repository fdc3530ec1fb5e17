"""Arrays as PostgreSQL reads them, as one text: psycopg's own lists cost a call for each element, and hot statements
take thousands of them. Such a parameter is cast where it stands: `%s::text::bigint[]`.
"""

from collections.abc import Iterable


def numbers(values: Iterable[int | None]) -> str:
    """Whole numbers as an array.

    >>> numbers([1, None, 3])
    '{1,null,3}'
    """
    return "{" + ",".join(["null" if value is None else str(value) for value in values]) + "}"


def uuids(digests: Iterable[bytes]) -> str:
    """Digests of 16 bytes as an array of uuid.

    >>> uuids([bytes(16)])
    '{00000000000000000000000000000000}'
    """
    return "{" + ",".join([digest.hex() for digest in digests]) + "}"
