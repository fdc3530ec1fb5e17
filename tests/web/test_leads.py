"""GET /api/v1/leads: the best first, filtered, page by page, with scores as they are now."""

import pytest

from tests.engine.town import DAY, NOW, Town, accepted


def test_it_works(town: Town, api):
    town.take(accepted("Quote Requested", email="ada@example.com", traits=None),
              accepted("Traits Set", email="ada@example.com", traits={"first_name": "Ada", "company": "Engines"}),
              accepted("Page Viewed", email="bob@example.org"))
    answer = api.get("/api/v1/leads")
    assert answer.status == 200, answer.text
    print(answer.text)
