"""DuckDB's SQL: how text and names are written in it, its words of ours, and what it says when it fails."""

from couveuse.core.times import ISO_PATTERN, WHITE


def quoted(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def name_of(column: str) -> str:
    """A column's name as SQL wants it."""
    return '"' + column.replace('"', '""') + '"'


def first_line(error: Exception) -> str:
    """An error's first line, short enough for one of ours."""
    return str(error).strip().partition("\n")[0][:200]


_WHITE = quoted(WHITE)
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?"

# Where day and month stand among the two numbers with which a date of a table begins.
DAY_FIRST, MONTH_FIRST = (r"\1", r"\2"), (r"\2", r"\1")


def _written(day: str, month: str) -> str:
    """SQL for a date and time of a table in the order of ISO 8601; what is written otherwise stays as it is."""
    steps = (
        (r"^\s*(\d)[/.-]", r"0\1/"),
        (r"^\s*(\d\d)[/.-](\d)[/.-]", r"\1/0\2/"),
        (r"^\s*(\d\d)[/.-](\d\d)[/.-](\d{4})", rf"\3-{month}-{day}"),
        (r"^(\d{4}-\d\d-\d\d)[ T]+(\d)[:h]", r"\1 0\2:"),
        (r"^(\d{4}-\d\d-\d\d)[ T]+(\d\d)h", r"\1 \2:"),
    )
    found = "x"
    for pattern, text in steps:
        found = f"regexp_replace({found}, {quoted(pattern)}, {quoted(text)})"
    return found


MACROS = (
    # Text that begins and ends with a visible ASCII letter is clean already: to look costs a tenth of to trim.
    f"""create or replace macro clean(x) as case
        when x >= '!' and x < chr(127) and ascii(right(x, 1)) between 33 and 126 then x
        else nullif(trim(x, {_WHITE}), '') end""",
    # DuckDB makes a dotless i of this letter where Python keeps its dot, and two addresses would be one.
    """create or replace macro email_of(x) as case
        when contains(x, 'İ') then lower(replace(x, 'İ', 'i̇')) else lower(x) end""",
    # What JSON text holds as a key: text clean, a number written out, nothing else.
    """create or replace macro json_key(j) as case
        when j is null then null
        when j[1] = '"' then clean(json_extract_string(j, '$'))
        when not (j[1] between '0' and '9' or j[1] = '-') then null
        when not (contains(j, '.') or contains(j, 'e') or contains(j, 'E')) then j
        when j::double = floor(j::double) and abs(j::double) < 9007199254740992 then j::double::bigint::varchar
        else j::double::varchar end""",
    f"""create or replace macro csv_json(x) as case
        when x is null or x = '' then null
        when regexp_full_match(x, '{_NUMBER}') then x
        when lower(x) = 'true' or lower(x) = 'false' then lower(x)
        else to_json(x)::varchar end""",
    f"""create or replace macro time_parts(x) as
        regexp_extract(trim(x, {_WHITE}), '^{ISO_PATTERN}$', ['d', 't', 'f', 'z'])""",
    f"create or replace macro day_first(x) as {_written(*DAY_FIRST)}",
    f"create or replace macro month_first(x) as {_written(*MONTH_FIRST)}",
    """create or replace macro wall_of(p) as
        epoch_us(try_cast(p.d || ' ' || case length(p.t) when 0 then '00:00:00' when 5 then p.t || ':00' else p.t end
            as timestamp)) + rpad(left(p.f, 6), 6, '0')::bigint""",
    """create or replace macro shift_of(p) as case
        when p.z = '' then null
        when lower(p.z) = 'z' then 0
        else (case left(p.z, 1) when '-' then -1 else 1 end)
            * (substr(p.z, 2, 2)::bigint * 60 + coalesce(try_cast(right(replace(p.z, ':', ''), -3) as bigint), 0))
            * 60000000 end""",
)
