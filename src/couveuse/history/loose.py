"""Rows as the files hold them, under the same columns whatever the format: SQL for DuckDB, no row is judged yet.

A loose row has `ref` (which row of which file), its keys as clean text, its time as `wall` (microseconds on its own
clock) with `shift` (that clock's offset, null where the file does not say), the fields that the model reads as
`f0, f1, ...`, a `flaw` where the row is broken as such, and `whole`, the row as JSON, where somebody has to see it.
"""

from collections.abc import Sequence

import duckdb

from couveuse.core.events import CHANGES, MOST_POINTS, Adjustment, Change, Verdict
from couveuse.history.duck import quoted
from couveuse.history.formats.csv import csv
from couveuse.history.formats.ndjson import ndjson
from couveuse.history.formats.parquet import parquet
from couveuse.history.inputs import Format, Input
from couveuse.history.readings import Reading, Wanted

# The event's name, clean: much is asked of it, and it is cleaned once.
EVENT = "event_of_row"
# A row's number within its file stands in the low bits of `ref`.
REF_BITS = 40


def reading_of(file: Input, wanted: Wanted, connection: duckdb.DuckDBPyConnection) -> Reading:
    """How a file is read."""
    if file.format is Format.PARQUET:
        return parquet(file, wanted, connection)
    return csv(file, wanted) if file.format is Format.CSV else ndjson(file, wanted)


def select(reading: Reading, wanted: Wanted, number: int, *, as_text: Sequence[bool], among: str | None = None) -> str:
    """The loose rows of one file, the `number`-th; a field is plain text where all files hold it so.

    `among` names a table of `ref`s, for which alone the rows are wanted: the others are passed over unread.
    """
    ref = f"({number}::bigint << {REF_BITS}) + {reading.row_number}"
    source = reading.source
    if among is not None:
        source = f"(select * from {source} where {ref} in (select ref from {among}))"
    source = f"(select *, {reading.key('event')} as {EVENT} from {source})"
    fields = [
        sql if plain else (f"to_json({sql})::varchar" if is_text else sql)
        for sql, is_text, plain in zip(reading.fields, reading.is_text, as_text, strict=True)
    ]
    columns = [f"{sql} as f{index}" for index, sql in enumerate(fields)]
    mid = reading.key("message_id")
    changes = ", ".join(quoted(name) for name in CHANGES)
    shows = "true" if wanted.whole else f"flaw is not null or mid is null or event in ({changes})"
    inner = ", ".join(
        (
            f"{ref} as ref",
            f"{EVENT} as event",
            f"{mid} as mid",
            f"{reading.key('source')} as source",
            f"{reading.key('email')} as email",
            f"{reading.key('user_id')} as user_id",
            f"{reading.key('anonymous_id')} as anonymous_id",
            f"{reading.wall} as wall",
            f"{reading.shift} as shift",
            f"{reading.has_time} as has_time",
            f"{reading.flaw} as flaw",
            f"{_is_incomplete(reading)} as is_incomplete",
            f"{reading.whole} as everything",
            f"json_key({reading.word('of')}) as said_of",
            f"json_key({reading.word('of_source')}) as said_of_source",
            *columns,
        )
    )
    outer = ", ".join(f"f{index}" for index in range(len(columns)))
    return (
        "select ref, event, mid, coalesce(source, '') as source, email_of(email) as email, user_id, anonymous_id, "
        f"wall, shift, has_time, flaw, is_incomplete, case when {shows} then everything end as whole, "
        "case when event = 'Verdict Given' then said_of end as of_mid, "
        f"case when event = 'Verdict Given' then said_of_source end as of_source{', ' + outer if outer else ''} "
        f"from (select {inner} from {source})"
    )


def _is_incomplete(reading: Reading) -> str:
    """What `couveuse.core.events.is_complete` says, negated, of rows that change something; a law's test compares."""

    def key(word: str) -> str:
        return f"json_key({reading.word(word)})"

    def is_number(word: str) -> str:
        number = (
            f"case when regexp_matches({reading.word(word)}, '^[-0-9]') then abs(({reading.word(word)})::double) end"
        )
        return f"coalesce({number} <= {MOST_POINTS}, false)"

    kinds = ", ".join(quoted(kind) for kind in Adjustment)
    verdicts = ", ".join(quoted(verdict) for verdict in Verdict)
    needs = {
        Change.TRAITS: reading.has_traits,
        Change.KEYS: "true",
        Change.JOIN: f"{key('group')} is not null",
        Change.LEAVE: f"{key('group')} is not null",
        Change.CONSENT: f"{key('purpose')} is not null",
        Change.ADJUST: f"{key('kind')} in ({kinds}) "
        f"and ({key('kind')} = '{Adjustment.RESET}' or {is_number('points')})",
        Change.VERDICT: f"{key('of')} is not null and {key('verdict')} in ({verdicts})",
        Change.NOTE: "true",
    }
    cases = " ".join(f"when {quoted(name)} then {needs[change]}" for name, change in CHANGES.items())
    event, names = EVENT, ", ".join(map(quoted, CHANGES))
    # Most rows change nothing, and are not asked further.
    return f"case when {event} in ({names}) then not coalesce(case {event} {cases} end, false) else false end"
