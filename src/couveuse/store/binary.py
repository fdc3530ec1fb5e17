"""Values as COPY takes them in binary, where psycopg would make something else of them."""


def jsonb(text: str | None) -> bytes | None:
    """JSON text for a column of jsonb, copied as bytes (`bytea`): psycopg would quote the text as a JSON string.

    >>> jsonb('{"a": 1}'), jsonb(None)
    (b'\\x01{"a": 1}', None)
    """
    return None if text is None else b"\x01" + text.encode()  # the version of the format, and the text
