from tests.collect.doors import a_track


def test_it_works(door):
    kept = door.send("/v1/track", a_track(properties={"plan": "pro"}))
    assert kept.fact.event == "Demo Requested"
