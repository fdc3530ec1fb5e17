"""Hours made ready to count working time: with the public holidays of their country, a year at a time."""

from datetime import date
from functools import lru_cache

from couveuse.core.roster import Hours
from couveuse.core.working import Working


@lru_cache(maxsize=256)
def working_of(hours: Hours) -> Working:
    """The working time of some hours; a document is read only where the holidays that it names are known."""
    country = hours.holidays
    return Working(hours, lambda on: bool(country) and on in _holidays(country, on.year))


@lru_cache(maxsize=2048)
def _holidays(country: str, year: int) -> frozenset[date]:
    # Made anew for each year: the package's own growing calendar says of a year that another thread is filling that
    # it has no holidays.
    from holidays import country_holidays

    code, _, region = country.partition("-")
    return frozenset(country_holidays(code, subdiv=region or None, years=year))
