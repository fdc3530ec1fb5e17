"""Whose public holidays can be told: countries and their regions, as the package `holidays` knows them.

The package takes a moment to import, and is only when a document names a country.
"""

from difflib import get_close_matches

PATTERN = "^[A-Z]{2}(-[A-Za-z0-9 ]+)?$"


def trouble(code: str) -> tuple[str, str] | None:
    """What is wrong with a country, or a country and a region, and the cure; None where its holidays are known.

    >>> trouble("FR"), trouble("FR-57"), trouble("XX")
    (None, None, ('"XX" is no country whose holidays are known', 'write two letters, as FR, or none'))
    """
    from holidays import list_supported_countries

    country, _, region = code.partition("-")
    regions = list_supported_countries().get(country) if len(country) == 2 else None
    if regions is None:
        near = country.strip().upper()
        cure = f"write {near}" if len(near) == 2 and near in list_supported_countries() else "write two letters, as FR"
        return f'"{code[:60]}" is no country whose holidays are known', f"{cure}, or none"
    if region in regions or code == country:
        return None
    known = get_close_matches(region, regions, n=1) or list(regions)[:12]
    cure = f"write {country}" + (f" or {', '.join(f'{country}-{each}' for each in known)}" if known else "")
    return f'"{code[:60]}" is no region of {country} whose holidays are known', cure
