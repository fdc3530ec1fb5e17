"""Whose public holidays can be told: countries and their regions, as the package `holidays` knows them.

The package takes a moment to import, and is only when a document names a country.
"""

from difflib import get_close_matches

from couveuse.documents.sentences import Sentence, said, write

PATTERN = "^[A-Z]{2}(-[A-Za-z0-9 ]+)?$"


def trouble(code: str) -> tuple[Sentence, Sentence] | None:
    """What is wrong with a country, or a country and a region, and the cure; None where its holidays are known.

    >>> trouble("FR"), trouble("FR-57"), [str(each) for each in trouble("XX")]
    (None, None, ['"XX" is no country whose holidays are known', 'write two letters, as FR, or none'])
    """
    from holidays import list_supported_countries

    country, _, region = code.partition("-")
    regions = list_supported_countries().get(country) if len(country) == 2 else None
    if regions is None:
        near = country.strip().upper()
        is_known = len(near) == 2 and near in list_supported_countries()
        cure = said("hours.or_none", code=near) if is_known else said("hours.two_letters")
        return said("hours.unknown_country", value=said("value.text", text=code[:60])), cure
    if region in regions or code == country:
        return None
    known = get_close_matches(region, regions, n=1) or list(regions)[:12]
    listed = ", ".join(f"{country}-{each}" for each in known)
    cure = said("hours.regions", country=country, regions=listed) if known else write(country)
    return said("hours.unknown_region", value=said("value.text", text=code[:60]), country=country), cure
