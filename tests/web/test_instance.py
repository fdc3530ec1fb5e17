"""What the instance has published, and what it could not take."""

import pytest

from couveuse.core.events import Reject
from couveuse.store.rejects import Reject as Row
from couveuse.store.rejects import append_rejects
from tests.engine.town import MODEL, NOW, Town, publish
from tests.web.asking import Asker


def test_models_are_listed_the_newest_first_with_where_they_stand(town: Town, api: Asker):
    publish(town.connection)
    models = list(api.pages("/api/v1/models", "models", limit=1))
    assert [(each["version"], each["standing"], each["published_by"]) for each in models] == [
        (2, "acting", "a test"), (1, "retired", "a test"),
    ]  # fmt: skip


def test_a_model_is_shown_as_it_was_published(town: Town, api: Asker):
    number = publish(town.connection, MODEL, our_domains="example.com,example.org")
    found = api.get(f"/api/v1/models/{number}").json
    assert (found["document"], found["our_domains"]) == (MODEL, ["example.com", "example.org"])
    assert api.get("/api/v1/models/99").status == 404


def test_rejects_are_listed_the_latest_first_with_their_cures(town: Town, api: Asker):
    rows = [Row(NOW + number, "site", reason.value, "", "batch[0]", f'{{"n": {number}}}')
            for number, reason in enumerate(Reject)]  # fmt: skip
    append_rejects(town.connection, rows)
    found = list(api.pages("/api/v1/rejects", "rejects", limit=4))
    assert [each["reason"] for each in found] == [reason.value for reason in reversed(Reject)]
    assert all(each["cure"] for each in found)
    assert (found[0]["body"], found[0]["source"], found[0]["place"]) == ('{"n": 17}', "site", "batch[0]")


def test_a_reject_of_a_reason_that_is_not_known_here_is_shown_without_a_cure(town: Town, api: Asker):
    append_rejects(town.connection, [Row(NOW, "site", "of_tomorrow", "", "", "{}")])
    assert [(each["reason"], each["cure"]) for each in api.get("/api/v1/rejects").json["rejects"]] == [
        ("of_tomorrow", "")
    ]


@pytest.mark.parametrize("path", ["/api/v1/models", "/api/v1/rejects"])
@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 201}, {"cursor": "x"}, {"cursor": "WyJhIl0"}, {"x": 1}])
def test_what_will_not_do_is_named(api: Asker, path, query):
    assert api.get(path, **query).status == 422
