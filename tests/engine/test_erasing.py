"""Whoever is erased is nowhere any more (law 11), nobody else loses a thing; what is restored is gone over again."""

import itertools
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from couveuse.core.consent import Channel
from couveuse.engine.batches import Folder
from couveuse.engine.erasing import Erased, Eraser
from couveuse.engine.live import LiveModels
from couveuse.engine.merging import merge
from couveuse.errors import BadInput
from couveuse.store import consents, erasure_journal, erasures, rejects
from couveuse.store.leads import give_traits
from couveuse.store.packets import Flag, unpack
from couveuse.store.payloads import Compressor
from tests.engine.town import DAY, NOW, Town, accept, accepted
from tests.processes import until

ALICE, ALIAS, BOB = "alice.martin@example.com", "a.martin@example.org", "bob@example.com"
USER, PHONE, TABLET = "crm-7788", "phone-of-alice", "tablet-of-both"
NAME = "Alice Martinelli"
LATER = NOW + 1000
KEYS = (ALICE, ALIAS, USER, PHONE, NAME, "martinelli")


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as town:
        yield town


def eraser(town: Town, folder: Path) -> Eraser:
    return Eraser(town.url, folder)


def erase(town: Town, folder: Path, word: str) -> Erased:
    return eraser(town, folder).erase(word, by="Claire", now=LATER)


def everything_of_alice(town: Town) -> None:
    """Alice in every table that may hold her: live, merged, handed over, told of, rejected, waiting."""
    town.take(
        accepted("Page Viewed", anonymous_id=PHONE),
        accepted("Page Viewed", NOW + 1, email=ALICE, anonymous_id=PHONE, user_id=USER),
        accepted("Traits Set", NOW + 2, email=ALICE, traits={"name": NAME, "job_title": "CEO"}),
        accepted("Quote Requested", NOW + 3, user_id=USER, message=f"Call {NAME}"),
        accepted("Consent Given", NOW + 4, email=ALICE, purpose="marketing_email", proof={"name": NAME}),
        accepted("Email Complained", NOW + 5, email=ALICE),
        accepted("Document Downloaded", NOW - 90 * DAY, email=ALIAS),
        accepted("Group Joined", NOW + 6, email=ALIAS, group="Lecteurs"),
        accepted("Page Viewed", NOW + 7, email=BOB, anonymous_id=TABLET),
        accepted("Document Downloaded", NOW + 8, email=BOB),
        accepted("Page Viewed", NOW + 9, email=ALICE, anonymous_id=TABLET),
    )
    connection = town.connection
    lead, alias = town.lead(ALICE), town.lead(ALIAS)
    assert lead is not None
    assert alias is not None
    [(identity,)] = town.rows("select id from identities where key = %s", ALICE)
    merge(connection, Folder(town.url), LiveModels(), alias, lead, by="Claire", now=NOW)
    give_traits(connection, [(identity, 1, json.dumps({"company": f"{NAME} SARL"}), [], "crm", "r1")])
    connection.execute("insert into imported values (1, %s)", [identity])
    connection.execute("insert into archived_identities values (%s, '{24300}')", [identity])
    connection.execute("insert into archived_standings values (%s, '{77}', 0, 0, %s, 1, 'web', 'm')", [identity, NOW])
    connection.execute(
        "insert into refolds (lead_id, live) values (%s, %s)", [lead, json.dumps([[NOW, 1, "web", "of-crm-7788"]])]
    )
    connection.execute("insert into holds (lead_id, at, by, because) values (%s, 1, 'Claire', %s)", [lead, NAME])
    connection.execute("insert into findable (lead_id, words) values (%s, to_tsvector('simple', %s))", [lead, ALICE])
    connection.execute("insert into findable_due values (%s) on conflict do nothing", [lead])
    connection.execute(
        "insert into uploads (name, kind, bytes, digest, format, compression, preview, at, by)"
        " values ('leads.csv', 'leads', 9, '\\x01', 'csv', '', %s, 1, 'Claire')",
        [json.dumps({"rows": [[ALICE, NAME]]})],
    )
    connection.execute("insert into upload_pieces values (1, 1, %s)", [f"email\n{ALICE}\n".encode()])
    connection.execute("insert into allowances (per_day, made_at, because) values (5, 1, 'a test')")
    connection.execute("insert into allowed (allowance_id, lead_id) select id, %s from allowances", [lead])
    told_of(town, lead)
    rejects.append_rejects(
        connection,
        [
            rejects.Reject(NOW, "web", "no_event", "", "0", json.dumps({"email": ALICE.upper(), "name": NAME})),
            rejects.Reject(NOW, "web", "no_event", "", "1", json.dumps({"userId": USER})),
            rejects.Reject(NOW, "web", "no_event", "", "2", json.dumps({"email": BOB})),
            rejects.Reject(NOW, "web", "no_event", "", "3", json.dumps({"userId": USER + "9"})),
        ],
    )
    accept(
        connection,
        accepted("Page Viewed", NOW + 20, email=ALICE, title=NAME),
        accepted("Page Viewed", NOW + 21, anonymous_id=PHONE),
        accepted("Page Viewed", NOW + 22, email=BOB),
    )


def told_of(town: Town, lead: int) -> None:
    """A task with a note, an alert that was sent, one that waits for a digest, and a webhook."""
    connection = town.connection
    [(episode, handover), *_] = town.rows("select episode_id, id from handovers where lead_id = %s", lead)
    [(task,)] = connection.execute(
        "insert into tasks (lead_id, episode_id, handover_id, team, treatment, opened_at, due_at, rate, value,"
        " expected, score) values (%s, %s, %s, 'sales', 'call', 1, 2, 0.5, 10, 5, 30) returning id",
        [lead, episode, handover],
    ).fetchall()
    connection.execute(
        "insert into task_entries (task_id, at, by, did, note) values (%s, 1, 'anna', 'tried', %s)", [task, NAME]
    )
    [(alert,)] = connection.execute(
        "insert into alerts (kind, key, lead_id, handover_id, team, at)"
        " values ('ripe', 'handed_over:1', %s, %s, 'sales', 1) returning id",
        [lead, handover],
    ).fetchall()
    connection.execute("insert into digest_items (alert_id, member, due_at) values (%s, 'bert', 1)", [alert])
    connection.execute(
        "insert into intents (key, channel, audience, kind, target, about, alert_id, standing, made_at, due_at) values"
        " ('alert:1', 'email', 'team', 'ripe', '{\"member\": \"anna\"}', '{}', %s, 'done', 1, 1),"
        " ('webhook:1', 'webhook', 'outside', 'task', '{\"endpoint\": \"crm\"}', %s, null, 'waiting', 1, 1),"
        " ('list:1', 'email', 'outside', 'ripe', %s, '{}', null, 'done', 1, 1),"
        " ('of-bob', 'email', 'team', 'ripe', '{\"member\": \"anna\"}', '{}', null, 'waiting', 1, 1)",
        [alert, json.dumps({"task": task}), json.dumps({"address": ALICE})],
    )
    connection.execute(
        "insert into quiet_targets (channel, target, until) values ('email', %s, 1)", [json.dumps({"address": ALICE})]
    )
    connection.execute(
        "insert into answers (token_id, key, digest, at, status, sealed)"
        " values (1, gen_random_uuid(), gen_random_uuid(), 1, 200, '\\x01')"
    )
    connection.execute(
        "insert into intent_attempts (intent_id, number, at, answer) select id, 1, 1, '250' from intents"
    )


def tables(town: Town) -> set[str]:
    """Every table; a partition is told by its parent."""
    rows = town.rows(
        "select table_name from information_schema.tables t where table_schema = 'public'"
        " and not exists (select from pg_inherits where inhrelid = t.table_name::regclass)"
    )
    return {name for (name,) in rows}


def dump(town: Town) -> dict[str, list[str]]:
    """Every column of every row as text, what is packed unpacked."""
    payloads = Compressor()
    found: dict[str, list[str]] = {}
    for table in sorted(tables(town)):
        rows = town.connection.execute(
            sql.SQL("select * from {}").format(sql.Identifier(table)), binary=False
        ).fetchall()
        texts = []
        for value in itertools.chain.from_iterable(rows):
            if isinstance(value, bytes):
                texts.append(value.decode("utf-8", "replace"))
                if table in ("events", "lead_states"):
                    texts.append(unpacked(payloads, value))
                elif table == "inbox":
                    texts += [unpacked(payloads, fact.payload) for fact in unpack(value)]
            else:
                texts.append(json.dumps(value, default=str, ensure_ascii=False))
        found[table] = [text.lower() for text in texts]
    return found


def unpacked(payloads: Compressor, value: bytes) -> str:
    try:
        return payloads.grow(value)
    except Exception:  # noqa: BLE001 - a state may stand as it is
        return value.decode("utf-8", "replace")


def naming(found: dict[str, list[str]], keys: Sequence[str] = KEYS) -> set[str]:
    """The tables in which one of these words stands."""
    # The reject of another user, whose id only begins like hers, is not about her.
    return {
        table
        for table, texts in found.items()
        for text in texts
        if any(key.lower() in text.replace(USER + "9", "") for key in keys)
    }


def test_it_works(town: Town, tmp_path: Path) -> None:
    everything_of_alice(town)
    before = naming(dump(town))
    assert {"events", "identities", "leads", "given_traits", "consents", "rejects", "task_entries"} <= before
    assert {"intents", "inbox", "refolds"} <= before
    erased = erase(town, tmp_path, ALICE)
    assert naming(dump(town)) == set()
    assert erased.told == ("anna",)
    [(proof, digests)] = town.rows("select proof, digests from erasures")
    assert proof == erased.proof
    assert {table for table, rows in proof.items() if rows} == {*erasures.GOES}
    assert len(digests) == 4
    assert town.rows("select did, by from audit where did = 'erase'") == [("erase", "Claire")]


def test_every_table_of_the_schema_was_considered(town: Town) -> None:
    assert set(erasures.GOES) & set(erasures.STAYS) == set()
    assert tables(town) == set(erasures.GOES) | set(erasures.STAYS)


def test_nobody_else_loses_a_thing(town: Town, tmp_path: Path) -> None:
    everything_of_alice(town)
    erase(town, tmp_path, ALICE)
    assert town.score(BOB) == pytest.approx(6)
    assert town.rows("select key, lead_id from identities order by key") == [
        (BOB, town.lead(BOB)),
        (TABLET, town.lead(BOB)),
    ]
    assert len(town.rows("select from rejects")) == 2
    assert town.rows("select key from intents") == [("of-bob",)]
    town.work()
    assert town.score(BOB) == pytest.approx(7)


def test_a_shared_device_is_the_other_persons_from_then_on(town: Town, tmp_path: Path) -> None:
    town.take(
        accepted("Page Viewed", email=ALICE, anonymous_id=TABLET),
        accepted("Page Viewed", NOW + 1, anonymous_id=TABLET),
        accepted("Page Viewed", NOW + 2, email=BOB, anonymous_id=TABLET),
    )
    assert town.lead(TABLET) == town.lead(ALICE)
    erase(town, tmp_path, ALICE)
    assert town.lead(TABLET) == town.lead(BOB)
    assert town.score(BOB) == pytest.approx(1)  # what the device did while it was hers is gone
    town.take(accepted("Page Viewed", NOW + 3, anonymous_id=TABLET))
    assert town.score(BOB) == pytest.approx(2)


def test_a_user_id_that_a_browser_claims_stays_with_whom_it_was_claimed_for(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Page Viewed", user_id=USER), accepted("Page Viewed", NOW + 1, email=BOB, user_id="other"))
    town.take(accepted("Page Viewed", NOW + 2, email=BOB, user_id=USER, flags=Flag.CLAIM))
    assert town.lead(USER) != town.lead(BOB)
    erase(town, tmp_path, USER)
    assert town.lead(USER) == town.lead(BOB)
    assert town.score(BOB) == pytest.approx(2)


@pytest.mark.parametrize("word", [ALICE, f" {ALICE.upper()} ", ALIAS, USER, PHONE])
def test_each_key_means_the_whole_person(town: Town, tmp_path: Path, word: str) -> None:
    everything_of_alice(town)
    erase(town, tmp_path, word)
    assert naming(dump(town), [*KEYS[:2], NAME]) == set()


def test_a_number_means_the_lead_that_has_the_facts_now(town: Town, tmp_path: Path) -> None:
    everything_of_alice(town)
    [(merged,)] = town.rows("select lead_id from merges")
    assert merged != town.lead(ALICE)
    erase(town, tmp_path, str(merged))
    assert naming(dump(town)) == set()


def test_a_visitor_can_be_erased(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Page Viewed", anonymous_id=PHONE))
    assert erase(town, tmp_path, PHONE).proof["events"] == 1
    assert naming(dump(town)) == set()


def test_who_is_not_known_is_refused_and_nothing_is_written(town: Town, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing is recorded of such a person"):
        erase(town, tmp_path, "nobody@example.com")
    assert town.rows("select from erasures") == town.rows("select from suppressions") == []
    assert erasure_journal.read(tmp_path) == []


def test_who_only_waits_or_was_rejected_is_erased_too(town: Town, tmp_path: Path) -> None:
    accept(town.connection, accepted("Page Viewed", email=ALICE))
    assert erase(town, tmp_path, ALICE).proof["inbox"] == 1
    town.work()
    assert naming(dump(town)) == set()


def test_a_word_that_means_two_persons_is_refused(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Page Viewed", email=BOB))
    town.take(accepted("Page Viewed", user_id=str(town.lead(BOB))))
    with pytest.raises(BadInput, match="several persons"):
        erase(town, tmp_path, str(town.lead(BOB)))


def test_a_journal_that_cannot_be_written_is_told_before_anything_goes(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Page Viewed", email=ALICE))
    (tmp_path / "file").write_text("")
    with pytest.raises(erasure_journal.NoJournal, match="COUVEUSE_BACKUPS"):
        erase(town, tmp_path / "file", ALICE)
    assert town.score(ALICE) == 1


def test_who_comes_back_is_a_new_lead_that_is_left_alone(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Quote Requested", email=ALICE, message_id="old"))
    before = town.lead(ALICE)
    erase(town, tmp_path, ALICE)
    town.take(accepted("Quote Requested", email=ALICE, message_id="old"))
    assert town.lead(ALICE) is None  # a copy of what was erased brings nobody back
    town.take(accepted("Page Viewed", NOW + 2 * DAY, email=ALICE))
    assert town.lead(ALICE) not in (None, before)
    assert town.score(ALICE) == 1
    assert consents.suppressed_among(town.connection, Channel.EMAIL, [ALICE, BOB]) == {ALICE}


def test_hand_overs_of_others_that_her_facts_had_opened_are_withdrawn(town: Town, tmp_path: Path) -> None:
    """A device's facts counted for whom it belonged to; nobody else's hand-over may rest on them."""
    town.take(accepted("Page Viewed", email=BOB))
    town.take(accepted("Document Downloaded", NOW + 1, email=BOB, anonymous_id=TABLET))
    town.take(accepted("Page Viewed", NOW - DAY, email=ALICE, anonymous_id=TABLET))
    erase(town, tmp_path, ALICE)
    assert town.handovers(BOB) == [("telemarketing", "rule", "download", False)]


def test_what_is_restored_is_gone_over_again(town: Town, tmp_path: Path) -> None:
    everything_of_alice(town)
    entry = erasures.Entry(NOW + DAY, "Claire", (erasures.digest_of((0, ALICE)),), (erasures.digest_of((0, ALICE)),))
    made = eraser(town, tmp_path).replay([entry, entry], now=NOW + 2 * DAY)
    assert made == [entry]
    assert naming(dump(town)) == set()
    assert consents.suppressed_among(town.connection, Channel.EMAIL, [ALICE]) == {ALICE}
    assert eraser(town, tmp_path).replay(erasure_journal.read(tmp_path), now=NOW + 3 * DAY) == []


def test_who_came_after_the_backup_is_left_alone_after_it_is_restored(town: Town, tmp_path: Path) -> None:
    digest = erasures.digest_of((0, ALICE))
    rejects.append_rejects(
        town.connection, [rejects.Reject(NOW, "web", "no_event", "", "0", json.dumps({"email": ALICE}))]
    )
    eraser(town, tmp_path).replay([erasures.Entry(NOW, "Claire", (digest,), (digest,))], now=NOW)
    assert consents.suppressed_among(town.connection, Channel.EMAIL, [ALICE]) == {ALICE}
    assert naming(dump(town)) == set()


def test_the_journal_holds_digests_alone_and_each_erasure_once(town: Town, tmp_path: Path) -> None:
    everything_of_alice(town)
    erase(town, tmp_path, ALICE)
    text = (tmp_path / erasure_journal.NAME).read_text()
    assert not any(key in text for key in KEYS)
    erasure_journal.append(tmp_path, erasures.entries(town.connection))
    assert len(erasure_journal.read(tmp_path)) == 1
    with (tmp_path / erasure_journal.NAME).open("a") as file:
        file.write('{"at": 1')  # cut short
    town.take(accepted("Page Viewed", email=BOB))
    erase(town, tmp_path, BOB)
    assert len(erasure_journal.read(tmp_path)) == 2


def test_whoever_makes_tasks_of_a_hand_over_meanwhile_is_waited_for(town: Town, tmp_path: Path) -> None:
    """What a dispatcher makes in its transaction goes with the rest."""
    everything_of_alice(town)
    with psycopg.connect(town.url) as dispatcher, ThreadPoolExecutor(1) as aside:
        dispatcher.execute("select from handovers for update")
        erasing = aside.submit(erase, town, tmp_path, ALICE)
        waits = "select from pg_stat_activity where application_name = 'couveuse erase' and wait_event_type = 'Lock'"
        until(lambda: bool(town.rows(waits)))
        dispatcher.execute(
            "insert into tasks (lead_id, episode_id, team, treatment, opened_at, due_at, rate, value, expected, score)"
            " select lead_id, episode_id, 'others', 'call', 1, 2, 0.5, 10, 5, 30 from handovers where lead_id = %s"
            " limit 1",
            [town.lead(ALICE)],
        )
        dispatcher.commit()
        assert erasing.result(60).proof["tasks"] == 2
    assert town.rows("select from tasks") == []


def test_it_works_where_no_model_is_published(town: Town, tmp_path: Path) -> None:
    town.take(accepted("Page Viewed", email=ALICE, anonymous_id=TABLET))
    town.take(accepted("Page Viewed", NOW + 1, email=BOB, anonymous_id=TABLET))
    town.connection.execute("update models set standing = 'retired'")
    erase(town, tmp_path, ALICE)
    assert naming(dump(town)) == set()
