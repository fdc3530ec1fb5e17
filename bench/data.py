# ruff: noqa: E501 - SQL in columns
"""The bench's history: events of many leads in one Parquet file, and the model that scores them.

Made by DuckDB from a counter and a hash, so that every machine makes the same rows.
"""

from pathlib import Path

import duckdb

MODEL = Path(__file__).parent / "model.yaml"
DAYS = 540  # the history's length
DUPLICATES, VERDICTS, CUTS = 0.01, 0.01, 0.01

_ROWS = """
with drawn as (
    select i, hash(i, 11) h1, hash(i, 12) h2, hash(i, 13) h3, hash(i, 14) h4
    from range({rows}) r(i)
), laid as (
    select i, h1, h2, h3, h4,
           (h1 % {leads})::bigint as lead,
           (h2 % 100000) / 1000.0 as share,
           timestamptz '2025-01-01 00:00:00+00' + to_microseconds((h3 % ({days} * 86400000000::ubigint))::bigint) as moment
    from drawn
)
select
    case
        when share < 1 then 'Verdict Given'
        when share < 1.5 then 'Opportunity Lost'
        when share < 2 then 'Score Adjusted'
        when share < 60 then 'Page Viewed'
        when share < 76 then 'Email Opened'
        when share < 86 then 'Email Clicked'
        when share < 90 then 'Link Clicked'
        when share < 94 then 'Document Downloaded'
        when share < 96 then 'Form Submitted'
        when share < 97 then 'Webinar Attended'
        when share < 98 then 'Newsletter Subscribed'
        when share < 98.6 then 'Traits Set'
        when share < 99 then 'Group Joined'
        when share < 99.4 then 'Callback Requested'
        when share < 99.7 then 'Demo Requested'
        else 'Quote Requested'
    end as event,
    moment as occurred_at,
    'lead' || lead || '@example.com' as email,
    case when share < 62 or share >= 76 then 'web' else 'mail' end as source,
    printf('%016x-%08x', h4, i) as message_id,
    case when share >= 2 and share < 60 then
        case (h4 % 16)::int
            when 0 then '/tarifs' when 1 then '/tarifs/pompes' when 2 then '/produits/pompes/' || (h4 // 16 % 40)
            when 3 then '/produits/dosage/' || (h4 // 16 % 40) when 4 then '/devis' when 5 then '/carrieres/' || (h4 // 16 % 9)
            else '/blog/' || (h4 // 16 % 300)
        end
    end as path,
    case when share >= 76 and share < 90 then
        case (h4 % 4)::int when 0 then 'https://www.example.com/devis?m=' || (h4 // 16 % 60)
            else 'https://www.example.com/blog/' || (h4 // 16 % 300) end
    end as url,
    case when share >= 90 and share < 94 then case (h4 % 3)::int when 0 then 'pdf' when 1 then 'video' else 'plan' end end as type,
    case when share < 2 and share >= 1.5 then 'reset' end as kind,
    case when share < 1 then printf('%016x-%08x', hash(v, 14), v) end as "of",
    case when share < 1 then case (h4 % 4)::int when 0 then 'human' when 1 then 'doubtful' else 'machine' end end as verdict,
    case when share >= 98.6 and share < 99 then case (h4 % 2)::int when 0 then 'Inscription Newsletter' else 'Salon' end end as "group",
    case when share >= 98 and share < 98.6 then case (h4 % 4)::int when 0 then 'Directeur technique' when 1 then 'Acheteur'
        when 2 then 'Étudiant' else 'Dirigeant' end end as "traits.job_title"
from (select *, (i // 2)::bigint as v from laid)
"""


def write_events(path: Path, *, rows: int, leads: int) -> None:
    """Write a history of about that many rows, duplicates included; a verdict is on a hit of any lead's.

    A verdict stands with the e-mail of the hit that it corrects, so that it is that lead's.
    """
    base = int(rows * (1 - DUPLICATES))
    made = _ROWS.format(rows=base, leads=leads, days=DAYS)
    made = made.replace(
        "'lead' || lead || '@example.com' as email",
        f"'lead' || case when share < 1 then (hash(v, 11) % {leads})::bigint else lead end || '@example.com' as email",
    )
    again = f"select * from made where hash(message_id, 17) % 100000 < {round(DUPLICATES * 100_000)}"
    with duckdb.connect() as connection:
        connection.execute("set threads = 2; set memory_limit = '2GB'; set preserve_insertion_order = false")
        connection.execute("set timezone = 'UTC'")
        connection.execute(
            f"copy (with made as ({made}) select * from made union all {again}) to '{path}' "
            "(format parquet, compression zstd, row_group_size 122880)"
        )


def write_leads(path: Path, *, leads: int) -> None:
    """Write who the leads are."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""copy (
                select 'lead' || i || '@example.com' as email,
                    case (hash(i, 21) % 6)::int when 0 then 'Directeur général' when 1 then 'Responsable achats'
                        when 2 then 'Technicien' when 3 then 'Étudiante' when 4 then 'CEO' else 'Ingénieur' end as job_title,
                    case (hash(i, 22) % 3)::int when 0 then 'achats' when 1 then 'production' else 'direction' end as department,
                    case (hash(i, 23) % 4)::int when 0 then 'referral' when 1 then 'salon' when 2 then 'ads' else 'web' end as lead_source,
                    (hash(i, 24) % 500)::int as employees,
                    case (hash(i, 25) % 3)::int when 0 then 'FR' when 1 then 'BE' else 'DE' end as country
                from range({leads}) r(i)
            ) to '{path}' (format parquet, compression zstd)"""
        )
