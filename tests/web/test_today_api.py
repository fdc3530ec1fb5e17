"""The numbers of the first page, and the journal of what leads crossed, as programs ask for them."""

from couveuse.engine.rolling_up import roll_up
from tests.engine.town import NOW, Town, accepted
from tests.web.asking import Asker


def hot(email: str) -> list[object]:
    return [accepted("Quote Requested", email=email), accepted("Page Viewed", NOW + 1, email=email)]


def test_today_is_counted(town: Town, api: Asker) -> None:
    town.take(*hot("anna@example.com"), accepted("Page Viewed", email="ben@example.com"))
    assert api.get("/api/v1/today").json["counted"] is None
    roll_up(town.connection, NOW)
    said = api.get("/api/v1/today").json
    assert (said["ripened"], said["late"], said["unseen"]) == (0, 0, 0)  # that was long ago
    counted = said["counted"]
    assert counted["leads"] == 2
    assert counted["temperatures"] == {"cold": 1, "warm": 0, "hot": 1, "irrelevant": 0}
    assert counted["stages"] == {"none": 0, "discovery": 1, "evaluation": 0, "decision": 1}
    assert [(each["id"], each["leads"]) for each in counted["bands"]] == [("low", 1), ("mid", 0), ("high", 1)]
    assert {each["step"]: each["last_7"] for each in counted["steps"]}["hot"] == 1


def test_crossings_are_read_page_by_page_and_followed(town: Town, api: Asker) -> None:
    town.take(accepted("Page Viewed", email="anna@example.com"))
    town.take(*hot("anna@example.com"))
    first = api.get("/api/v1/crossings", limit=1).json
    assert [each["band_was"] for each in first["crossings"]] == [None]
    second = api.get("/api/v1/crossings", limit=1, cursor=first["next"]).json
    (crossing,) = second["crossings"]
    assert (crossing["band_was"], crossing["band"]) == ("low", "high")
    assert (crossing["stage_was"], crossing["stage"]) == ("discovery", "decision")
    assert (crossing["temperature_was"], crossing["temperature"]) == ("cold", "hot")
    assert (crossing["cause"], crossing["by_time"], crossing["class"]) == ("quote", False, None)
    assert second["next"] is None
    assert api.get("/api/v1/crossings", cursor=second["here"]).json["crossings"] == []
    town.take(*hot("ben@example.com"))
    assert len(api.get("/api/v1/crossings", cursor=second["here"]).json["crossings"]) == 1


def test_crossings_of_a_lead_and_into_a_temperature(town: Town, api: Asker) -> None:
    town.take(accepted("Page Viewed", email="anna@example.com"), *hot("ben@example.com"))
    ben = town.lead("ben@example.com")
    assert [each["lead_id"] for each in api.get("/api/v1/crossings", temperature="hot").json["crossings"]] == [ben]
    assert len(api.get("/api/v1/crossings", lead=ben).json["crossings"]) == 1


def test_what_will_not_do_is_refused(town: Town, api: Asker) -> None:
    for query in (
        {"cursor": "x"},
        {"limit": 0},
        {"limit": 501},
        {"temperature": "tepid"},
        {"colour": "red"},
        {"lead": 0},
    ):
        answer = api.get("/api/v1/crossings", **query)
        assert answer.status == 422, query
        assert answer.json["cure"]


def test_without_a_model_there_is_no_today(town: Town, api: Asker) -> None:
    town.connection.execute("update models set standing = 'retired'")
    assert api.get("/api/v1/today").status == 409
    assert api.get("/api/v1/crossings").json["crossings"] == []
