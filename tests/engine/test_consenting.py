from collections.abc import Iterator

import pytest

from couveuse.core.consent import Purpose, Refusal, why_not
from couveuse.core.times import DAY_US
from couveuse.store.consents import load_standings
from couveuse.store.packets import Flag
from tests.engine.town import NOW, Town, accepted

EMAIL = Purpose.MARKETING_EMAIL


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    with Town(database) as found:
        yield found


def refusal(town: Town, key: str, purpose: Purpose = EMAIL) -> Refusal | None:
    lead = town.lead(key)
    assert lead is not None
    return why_not(purpose, load_standings(town.connection, [lead])[lead])


def suppressions(town: Town) -> list[tuple[object, ...]]:
    return town.rows(
        "select i.key, s.channel, s.reason, s.source from suppressions s left join identities i using (digest)"
    )


def test_it_works(town: Town) -> None:
    given = {"purpose": "marketing_email", "basis": "consent", "wording": "v2", "proof": {"form": "f1"}}
    town.take(
        accepted("Consent Given", email="ana@example.com", **given),
        accepted("Page Viewed", email="bob@example.com"),
    )
    assert refusal(town, "ana@example.com") is None
    assert refusal(town, "bob@example.com") is Refusal.NOT_GIVEN
    rows = town.rows("select purpose, is_given, at, basis, source, wording, proof, is_claim, is_declared from consents")
    assert rows == [("marketing_email", True, NOW, "consent", "web", "v2", {"form": "f1"}, False, False)]


def test_an_unsubscription_withdraws_marketing_e_mail_and_nothing_else(town: Town) -> None:
    for purpose in ("newsletter", "phone"):
        town.take(accepted("Consent Given", NOW - DAY_US, email="ana@example.com", purpose=purpose))
    town.take(accepted("Unsubscribed", email="ana@example.com"))
    assert refusal(town, "ana@example.com") is Refusal.WITHDRAWN
    assert refusal(town, "ana@example.com", Purpose.PHONE) is None


def test_the_same_fact_twice_is_said_once(town: Town) -> None:
    fact = accepted("Unsubscribed", email="ana@example.com")
    town.take(fact, fact)
    town.take(fact)
    assert town.rows("select count(*) from consents") == [(1,)]


def test_a_complaint_withdraws_and_suppresses_the_address(town: Town) -> None:
    town.take(accepted("Email Complained", email="ana@example.com", source="mailer"))
    assert refusal(town, "ana@example.com") is Refusal.WITHDRAWN
    assert suppressions(town) == [("ana@example.com", "email", "complained", "mailer")]


def test_a_bounce_for_good_suppresses_the_e_mail_of_a_person_known_by_another_key(town: Town) -> None:
    town.take(accepted("Page Viewed", email="ana@example.com", user_id="u1"))
    town.take(
        accepted("Email Bounced", user_id="u1", type="hard"), accepted("Email Bounced", user_id="u1", type="soft")
    )
    assert suppressions(town) == [("ana@example.com", "email", "bounced", "web")]


def test_a_bounce_of_a_person_without_an_address_suppresses_nothing(town: Town) -> None:
    town.take(
        accepted("Email Bounced", user_id="u1", type="hard"), accepted("Email Bounced", anonymous_id="d", type="hard")
    )
    assert suppressions(town) == []


def test_a_public_key_withdraws_gives_nothing_for_a_known_lead_and_suppresses_no_address(town: Town) -> None:
    town.take(accepted("Page Viewed", email="ana@example.com"))
    town.take(accepted("Consent Given", email="ana@example.com", purpose="newsletter", flags=Flag.CLAIM))
    assert refusal(town, "ana@example.com") is Refusal.NOT_GIVEN
    town.take(accepted("Consent Given", email="ana@example.com", purpose="newsletter"))
    assert refusal(town, "ana@example.com") is None
    town.take(accepted("Email Complained", NOW + 1, email="ana@example.com", flags=Flag.CLAIM))
    assert refusal(town, "ana@example.com") is Refusal.WITHDRAWN
    assert suppressions(town) == []


def test_consents_of_a_visitor_are_the_leads_once_it_is_one(town: Town) -> None:
    town.take(accepted("Consent Withdrawn", anonymous_id="d1", purpose="web tracking"))
    town.take(accepted("Form Submitted", anonymous_id="d1", email="ana@example.com"))
    assert refusal(town, "ana@example.com", Purpose.WEB_TRACKING) is Refusal.WITHDRAWN


def test_routes_are_stored_as_a_list_for_pages(town: Town) -> None:
    town.take(accepted("Quote Requested", email="ana@example.com"))
    found = town.rows("select jsonb_typeof(routes), routes -> 0 ->> 'team' from lead_states")
    assert found == [("array", "sales")]


def test_our_own_people_are_internal(database: str) -> None:
    from tests.engine.town import publish

    with Town(database) as town:
        town.model_id = publish(town.connection, our_domains="ours.example", our_addresses="eve@example.com")
        for email in ("ana@ours.example", "bob@mail.ours.example", "eve@example.com", "carl@example.com"):
            town.take(accepted("Quote Requested", email=email))
        found = town.rows(
            "select r.key, s.class from lead_states s join leads l on l.id = s.lead_id "
            "join identities r on r.id = l.root_id order by r.key"
        )
        assert dict(found) == {
            "ana@ours.example": "internal", "bob@mail.ours.example": "internal", "carl@example.com": None,
            "eve@example.com": "internal",
        }  # fmt: skip
        assert not town.handovers("ana@ours.example")
        assert town.handovers("carl@example.com")


def test_leads_belong_to_the_company_of_their_e_mail(town: Town) -> None:
    town.take(
        accepted("Page Viewed", email="ana@example.com"), accepted("Page Viewed", email="bob@mail.example.com"),
        accepted("Page Viewed", email="carl@gmail.com"), accepted("Page Viewed", user_id="u1"),
    )  # fmt: skip
    found = town.rows(
        "select r.key, c.domain from leads l join identities r on r.id = l.root_id "
        "left join companies c on c.id = l.company_id"
    )
    assert dict(found) == {
        "ana@example.com": "example.com", "bob@mail.example.com": "example.com", "carl@gmail.com": None, "u1": None,
    }  # fmt: skip
