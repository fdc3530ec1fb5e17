import gc

from couveuse.engine.collector import collecting_seldom


def test_the_collector_looks_seldom_only_as_long_as_it_was_asked_to() -> None:
    before = gc.get_threshold()
    with collecting_seldom():
        assert gc.get_threshold()[0] > 10 * before[0]
        assert gc.isenabled()
    assert gc.get_threshold() == before
