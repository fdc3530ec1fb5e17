"""Whose rows are whose, over a whole history: the rule of `couveuse.core.identities`, asked of a database.

The rounds are the core's: outwards from the e-mails, then outwards from the user ids that no e-mail reached. A law's
test holds the two together.
"""

from collections.abc import Callable

SORTS = {"email": 0, "user_id": 1, "anonymous_id": 2}


def resolve_owners(sql: Callable[[str], list[tuple[object, ...]]], rows: str) -> None:
    """Fill `owners` (sort, key, osort, okey) from rows with three keys and a place in canonical order."""
    pairs = " union all ".join(
        f"select {SORTS[one]}::tinyint as sort, {one} as key, {SORTS[other]}::tinyint as nsort, {other} as near, "
        f"inst, kind, source, mid from rows_with_keys where {one} is not null and {other} is not null"
        for one in SORTS
        for other in SORTS
        if one != other
    )
    sql(
        f"""create table standings as
        with rows_with_keys as (
            select * from ({rows})
            where (email is not null)::int + (user_id is not null)::int + (anonymous_id is not null)::int > 1
        )
        select sort, key, nsort, near, min({{inst: inst, kind: kind, source: source, mid: mid}}) as place
        from ({pairs}) group by all"""
    )
    sql("create table owners (sort tinyint, key varchar, osort tinyint, okey varchar)")
    for root in (SORTS["email"], SORTS["user_id"]):
        _spread(sql, root)


def _spread(sql: Callable[[str], list[tuple[object, ...]]], root: int) -> None:
    sql(
        f"""create or replace table ring as select distinct sort, key, sort as osort, key as okey from standings
        where sort = {root} and not exists (from owners o where o.sort = standings.sort and o.key = standings.key)"""
    )
    while True:
        sql("insert into owners select * from ring")
        sql(
            f"""create or replace table ring as
            select s.sort, s.key, first(r.osort order by s.place, s.nsort, s.near) as osort,
                first(r.okey order by s.place, s.nsort, s.near) as okey
            from standings s join ring r on r.sort = s.nsort and r.key = s.near
            where s.sort != {root}
                and not exists (from owners o where o.sort = s.sort and o.key = s.key)
            group by s.sort, s.key"""
        )
        if not sql("select 1 from ring limit 1"):
            return
