"""One product for all tests here that ask for nothing else; each begins with nothing recorded, and everybody alive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.product import Product


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What stands in this folder grows in the long hunt for faults."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker("grows")


@pytest.fixture(scope="session")
def whole_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Two engines and two live models, from the first test to the last."""
    with Product(tmp_path_factory.mktemp("product"), engines=2, models=("bareme-complet", "bareme-b2b")) as product:
        yield product


@pytest.fixture
def product(whole_product: Product) -> Product:
    """The product, with nothing recorded."""
    whole_product.start_all()
    whole_product.empty()
    return whole_product
