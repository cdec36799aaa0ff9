from __future__ import annotations

from collections.abc import Iterator

import pytest

from search.extraction import Limits, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(children=1) as box:
        yield box


@pytest.fixture
def no_ocr() -> Limits:
    return Limits(ocr=False)
