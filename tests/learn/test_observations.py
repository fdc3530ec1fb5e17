import numpy as np
import pytest

from couveuse.errors import BadInput
from couveuse.learn.observations import Observations
from tests.learn.columns import some_observations


def test_it_works() -> None:
    observations = some_observations(3, ended=[True, False, True], score=[1, 2, 3])
    assert len(observations) == 3
    assert observations.known().score.tolist() == [1, 3]


def test_a_lead_may_stand_at_several_landmarks() -> None:
    assert len(some_observations(3, lead=[7, 7, 7], landmark=[0, 1, 2])) == 3


def test_nothing_is_a_history_too() -> None:
    assert len(some_observations(0).known()) == 0


@pytest.mark.parametrize(
    ("columns", "cure"),
    [
        ({"lead": [1, 2, 1], "landmark": [5, 5, 5]}, "lead 1 stands twice at landmark 5; give one row"),
        ({"lead": [1, 1, 2]}, "lead 1 stands twice at landmark -1"),
        ({"score": [0, np.nan, 0]}, "leave out leads that have no score"),
        ({"score": [0, np.inf, 0]}, "not a finite number"),
        ({"band": [0, -1, 0]}, "give the index of one of the model's bands"),
        ({"ended": [True, True]}, "ended has 2 rows and lead 3"),
        ({"landmark": [[1], [2], [3]]}, "landmark is 2-dimensional int64; give one column of int64"),
    ],
)
def test_what_cannot_be_is_refused(columns: dict[str, object], cure: str) -> None:
    with pytest.raises(BadInput, match=cure):
        some_observations(3, **columns)


def test_another_type_is_refused() -> None:
    good = some_observations(1)
    with pytest.raises(BadInput, match="band is 1-dimensional float64; give one column of int16"):
        Observations(good.lead, good.landmark, good.score, good.score, good.converted, good.ended)  # type: ignore[arg-type]
