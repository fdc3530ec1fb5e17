"""What a message says is worked out when it leaves: in its reader's words, and not at all where it is so no more."""

import pytest

from couveuse.core.model import Stage, Temperature
from couveuse.core.notices import NoticeKind, Person, Reason
from couveuse.engine.alerting import LINK_US, Gone, compose
from couveuse.engine.links import Link, Links
from couveuse.store.intents import Intent
from couveuse.store.switches import REHEARSAL, turn
from tests.engine.desk import SECRET, SETTINGS, TEAM, Desk, at
from tests.engine.test_dispatching import ANNA, BEN, IRRELEVANT, anna, machine, merged, of
from tests.engine.town import MODEL, NOW

LABELLED = MODEL.replace(
    "{id: download,", '{id: download, label: {fr: "Document lu", en: "Document read"},'
).replace("{id: low,", '{id: low, label: {fr: Tiède, en: Tepid},')  # fmt: skip
WHO = {"first_name": "Anna", "last_name": "Petit", "company": "Petit SA", "job_title": "Buyer", "phone": "+33 1"}


@pytest.fixture
def desk(database):
    with Desk(database, model=LABELLED) as desk:
        yield desk


def test_it_works(desk):
    desk.come(anna("Traits Set", traits=WHO), anna("Document Downloaded"))
    (notice,) = desk.composed()
    assert (notice.kind, notice.language, notice.timezone) == (NoticeKind.HANDED_OVER, "fr", "Europe/Paris")
    assert notice.lead == Person(ANNA, "Anna Petit", "Petit SA", "Buyer", "+33 1")
    assert (notice.score, notice.band, notice.rate, notice.currency) == (5, "Tiède", 0.05, "EUR")
    assert (notice.temperature, notice.stage) == (Temperature.COLD, Stage.EVALUATION)
    assert notice.why == (Reason("Document lu", 5, NOW),)
    assert (notice.team, notice.treatment, notice.member) == ("Télémarketing", "Détecter un projet", "Alice Martin")
    assert (notice.due_at, notice.because, notice.notes) == (at(13, 1), "", ())
    assert not notice.is_perhaps_known
    assert not notice.is_rehearsal


def test_the_link_opens_the_leads_page_for_a_while(desk):
    desk.come(anna("Document Downloaded"))
    (notice,) = desk.composed()
    place, _, token = notice.url.rpartition("/")
    assert place == "https://couveuse.example.com/l"
    expires_at = (NOW + LINK_US) // 1_000_000 * 1_000_000
    assert Links(SECRET).read(token) == Link(desk.lead(ANNA), expires_at, "fr")


def test_each_reader_has_it_in_their_language_and_zone(desk):
    desk.apply(TEAM.replace("name: Bob Durand,", "name: Bob Durand, hours: {timezone: America/New_York},"))
    desk.come(*(of(email, "Document Downloaded") for email in (ANNA, BEN)))
    assert [(each.language, each.timezone, each.why[0].label) for each in desk.composed()] == [
        ("fr", "Europe/Paris", "Document lu"), ("en", "America/New_York", "Document read"),
    ]  # fmt: skip


def test_a_place_that_is_nobodys_is_told_in_the_language_of_whoever_leads(desk):
    desk.apply(TEAM.replace("alert: [member]", "alert: [board]"))
    desk.come(anna("Document Downloaded"))
    assert [each.language for each in desk.composed()] == ["fr"]


def test_what_is_worth_more_now_is_told_so(desk):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update tasks set rate = 0.25, expected = 250")
    (notice,) = desk.composed()
    assert notice.expected == 250


def test_a_second_try_and_a_rehearsal_are_marked(desk):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update intents set unknowns = 1")
    turn(desk.connection, REHEARSAL, on=True, by="Bob", now=NOW)
    (notice,) = desk.composed()
    assert notice.is_perhaps_known
    assert notice.is_rehearsal


def test_notes_of_what_led_to_a_task_are_told_with_it(desk):
    desk.come(anna("Document Downloaded"), anna("Quote Requested"))
    desk.connection.execute("update tasks set parent_id = 1 where team = 'sales'")
    desk.connection.execute(
        "insert into task_entries (task_id, at, by, did, note) values (1, 1, 'alice', 'tried', 'Call at noon'), "
        "(2, 3, 'carol', 'noted', 'Has budget'), (1, 2, 'alice', 'opened', '')"
    )
    assert [each.notes for each in desk.composed()][-1] == ("Call at noon", "Has budget")


# ---- What is told no more --------------------------------------------------------------------------------------------


def test_of_an_irrelevant_lead_nothing_is_told(database):
    with Desk(database, model=IRRELEVANT) as desk:
        desk.come(anna("Document Downloaded"))
        desk.come(anna("Traits Set", NOW + 1, traits={"job_title": "Spy"}))
        assert desk.composed() == [Gone("the lead is irrelevant")]


@pytest.mark.parametrize("standing", ["closed", "withdrawn"])
def test_of_a_task_that_is_closed_nothing_is_told(desk, standing):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update tasks set standing = %s", [standing])
    assert desk.composed() == [Gone("the task is closed")]


def test_what_was_withdrawn_is_not_told(desk):
    desk.come(anna("Document Downloaded"))
    desk.connection.execute("update alerts set withdrawn_at = 1")
    assert desk.composed() == [Gone("withdrawn")]


def test_of_whom_was_erased_nothing_is_told(desk):
    desk.come(anna("Document Downloaded"))
    intent = Intent(1, "k", "email", "team", "handed_over", {"member": "alice"}, {"alert": 9}, None, 0, 0, 0, 0, 1)
    assert compose(desk.connection, intent, SETTINGS, NOW) == Gone("erased")


def test_what_is_done_or_put_off_is_not_overdue(desk):
    desk.come(anna("Document Downloaded"))
    desk.now = at(13.5, 1)
    desk.mind()
    assert [each.kind for each in desk.composed("overdue")] == ["overdue"]
    desk.connection.execute("update tasks set not_before = %s", [desk.now + 1])
    assert desk.composed("overdue") == [Gone("the task is not overdue any more")]
    desk.connection.execute("update tasks set not_before = null, standing = 'accepted'")
    assert desk.composed("overdue") == [Gone("the task is not overdue any more")]


# ---- Withdrawals and changes -----------------------------------------------------------------------------------------


def test_a_withdrawal_says_why_and_of_whom(desk):
    desk.come(anna("Traits Set", traits=WHO), anna("Document Downloaded", message_id="one"))
    desk.send()
    desk.come(machine("one"))
    (notice,) = desk.composed()
    assert (notice.kind, notice.language) == (NoticeKind.WITHDRAWN, "fr")
    assert notice.because == "une machine avait cliqué, et non la personne"
    assert (notice.lead.name, notice.score, notice.why, notice.due_at) == ("Anna Petit", None, (), None)


@pytest.mark.parametrize(
    ("code", "words"),
    [("corrected", "were corrected"), ("unmerged", "the merge was undone"), ("taken back", "import"),
     ("erased", "was erased"), ("something new", "no longer hold")],
)  # fmt: skip
def test_each_reason_has_words(desk, code, words):
    desk.come(anna("Quote Requested", message_id="one"))
    desk.send()
    desk.connection.execute("update handovers set withdrawn_at = 1, withdrawn_because = %s", [code])
    desk.dispatch()
    assert all(words in each.because for each in desk.composed())


def test_what_another_hand_over_keeps_says_only_what_changed(desk):
    desk.come(*(anna("Page Viewed", NOW - 100 + n) for n in range(21)), anna("Quote Requested", message_id="one"))
    desk.send()
    desk.come(machine("one"))
    notice, _ = desk.composed()
    assert notice.kind is NoticeKind.CHANGED
    assert notice.because.startswith("a machine had clicked, not the person. The task still stands, for: ")


def test_what_had_not_left_tells_of_what_stands(desk):
    desk.come(*(anna("Page Viewed", NOW - 100 + n) for n in range(21)), anna("Quote Requested", message_id="one"))
    assert [cause for _, _, cause, _ in desk.handovers(ANNA)] == ["quote", "high"]
    desk.come(machine("one"))
    assert [each.kind for each in desk.composed()] == [NoticeKind.HANDED_OVER] * 2
    assert desk.rows("select handover_id from alerts") == [(2,)]


def test_after_a_merge_the_alert_tells_of_the_lead_that_stays(desk):
    desk.come(anna("Document Downloaded"), of(BEN, "Page Viewed"))
    merged(desk, ANNA, BEN)
    (notice,) = desk.composed()
    assert notice.lead.key == BEN


# ---- Digests, endpoints, trials --------------------------------------------------------------------------------------


def test_a_digest_tells_all_that_stands(desk):
    desk.apply(
        TEAM.replace("name: Alice Martin,", 'name: Alice Martin, digest: "08:30",').replace("[alice, bob]", "[alice]")
    )
    desk.come(anna("Document Downloaded", message_id="one"), of(BEN, "Document Downloaded"))
    desk.now = at(8.5, 1)
    desk.mind()
    (digest,) = desk.composed()
    assert (digest.kind, digest.language, len(digest.items)) == (NoticeKind.DIGEST, "fr", 2)
    assert {each.lead.key for each in digest.items} == {ANNA, BEN}
    desk.come(machine("one"))
    (digest,) = desk.composed()
    assert [each.lead.key for each in digest.items] == [BEN]
    desk.connection.execute("update tasks set standing = 'closed'")
    assert desk.composed() == [Gone("nothing is left of it")]


def test_endpoints_are_told_the_same(desk):
    desk.connection.execute("insert into endpoints (id, url, sealed, made_at) values ('crm', '', '', 0)")
    desk.come(anna("Document Downloaded", message_id="one"))
    found = desk.composed("lead.handed_over") + desk.composed("task.created")
    assert [(each.kind, each.lead.key, each.score) for each in found] == [(NoticeKind.HANDED_OVER, ANNA, 5)] * 2
    desk.send()
    desk.come(machine("one"))
    (notice,) = desk.composed("handover.withdrawn")
    assert (notice.kind, notice.because) == (NoticeKind.WITHDRAWN, "une machine avait cliqué, et non la personne")


def test_a_trial_needs_nothing(desk):
    intent = Intent(1, "k", "email", "team", "trial", {"member": "alice"}, {}, None, 0, 0, 0, 0, 1)
    notice = compose(desk.connection, intent, SETTINGS, NOW)
    assert (notice.kind, notice.language, notice.url) == (NoticeKind.TRIAL, "fr", SETTINGS.url)
