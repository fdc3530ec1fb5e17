"""What is wanted of rows, and where it may stand."""

from couveuse.history.columns import Dates
from couveuse.history.readings import NOTHING, Wanted, splits


def test_a_dotted_path_is_looked_for_whole_first() -> None:
    assert splits("a.b.c") == [("a.b.c",), ("a", "b.c"), ("a", "b", "c")]


def test_a_field_stands_in_the_part_that_it_names_else_among_properties() -> None:
    wanted = Wanted(("path",))
    assert wanted.part_of("traits.job.title") == ("traits", "job.title")
    assert wanted.part_of("page.path") == ("properties", "page.path")


def test_a_column_that_is_left_out_is_none_of_the_file_unless_another_is_renamed_to_it() -> None:
    left_out = frozenset({"email"})
    assert Wanted((), left_out=left_out).in_file("email") == NOTHING
    assert Wanted((), {"email": "courriel"}, left_out=left_out).in_file("email") == "courriel"


def test_a_time_is_rewritten_where_a_file_says_its_dates_in_another_order() -> None:
    assert Wanted(()).when("x") == "x"
    assert Wanted((), dates=Dates.DAY_FIRST).when("x") == "day_first(x)"
