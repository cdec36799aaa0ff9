"""Answering: the engine alone, the results page over HTTP beside the site's plain pages, Wagtail's database search on
the same rows.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.db import OperationalError, connection
from django.urls import reverse
from django.utils.translation import override
from wagtail.search.backends import get_search_backend

from home.models import ContentPage
from kb.accounts.audiences import MEMBERS, PUBLIC, body, person
from search.models import QueryLog
from search.opening import close_engines, site_engine
from search.query import parse
from tests.bench.models import WagtailPage
from tests.bench.serving import ServerFailed, Site, served
from tests.bench.table import Row, Times, timed
from tests.bench.wording import questions

KINDS = ("1 word", "2 words", "4 words", "2 common words")
READERS = {
    "anonymous": frozenset({PUBLIC}),
    "a member": frozenset({PUBLIC, MEMBERS, body("LOG"), body("SAN"), person(1)}),
}
A_LANGUAGE = 20  # questions of each kind
WAGTAIL_A_LANGUAGE = 5
WAGTAIL_SECONDS = 15.0  # for one question, which is then stopped and counts as much, and for the questions of a kind
PLAIN_PAGES = 6  # asked for each question of a kind and language, so that both medians stand on as many
AIM = "< 3 ×"

Progress = Callable[[str], None]
Asked = list[tuple[str, str]]


def rows(progress: Progress, *, a_language: int = A_LANGUAGE, port: int = 0) -> list[Row]:
    asked = {kind: questions(kind, a_language) for kind in KINDS}
    engine = {}
    for reader, kind in itertools.product(READERS, KINDS):
        progress(f"searching: engine alone, {kind}, {reader}")
        engine[reader, kind] = _engine(asked[kind], READERS[reader])
    close_engines()
    wagtail = {}
    for kind in KINDS:
        progress(f"searching: Wagtail's database search, {kind}")
        wagtail[kind] = _wagtail(questions(kind, min(a_language, WAGTAIL_A_LANGUAGE)))
    found = [
        Row(
            f"engine alone, {kind}, {reader}",
            str(times),
            f"Wagtail's database search {_stopped(wagtail[kind])} ({wagtail[kind].count} questions)",
            _ratio(times, wagtail[kind]),
        )
        for (reader, kind), times in engine.items()
    ]
    try:
        with served(port) as site:
            found += _over_http(site, asked, progress, plain_pages=PLAIN_PAGES * a_language)
    except ServerFailed as reason:
        found.append(Row("results page over HTTP", f"skipped: {reason}"))
    return found


def _engine(asked: Asked, audiences: frozenset[str]) -> Times:
    """Understanding the question, searching with rights, counting all facets, the ten best with their pages."""
    engine = site_engine()
    return timed(lambda one: engine.search(parse(*one), audiences=audiences), asked)


def _wagtail(asked: Asked) -> Times:
    """Rows that hold all the words, counted, and the best ten: no rights, no facets, no compounds."""
    backend = get_search_backend()

    def search(one: tuple[str, str]) -> None:
        until = time.monotonic() + WAGTAIL_SECONDS
        connection.connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)
        results = backend.search(one[0], WagtailPage.of_all_readings.all())
        with contextlib.suppress(OperationalError):  # "interrupted": the time was up
            results.count()
            list(results[:10])

    connection.ensure_connection()
    try:
        return timed(search, asked, warm_up=0, most_seconds=WAGTAIL_SECONDS)
    finally:
        connection.connection.set_progress_handler(None, 0)


def _over_http(site: Site, asked: dict[str, Asked], progress: Progress, *, plain_pages: int) -> list[Row]:
    progress("searching: plain pages over HTTP")
    addresses = _plain_addresses(plain_pages)
    plain = timed(site.page, addresses)
    found = [Row("the site's plain page over HTTP", str(plain), f"the same, again {timed(site.page, addresses)}")]
    every: list[str] = []
    for kind in KINDS:
        progress(f"searching: results page over HTTP, {kind}")
        addresses = [_address(*one) for one in asked[kind]]
        every += addresses
        times = timed(site.page, addresses)
        found.append(
            Row(f"results page over HTTP, {kind}", str(times), f"plain page {plain}", _ratio(times, plain), AIM)
        )
    times = timed(site.page, every)
    found.append(
        Row("results page over HTTP, all questions", str(times), f"plain page {plain}", _ratio(times, plain), AIM)
    )
    QueryLog.objects.all().delete()
    return found


def _plain_addresses(count: int) -> list[str]:
    """The ordinary public pages in three languages, by turns."""
    pages = [urlsplit(page.full_url).path for page in ContentPage.objects.live().order_by("pk")]
    return list(itertools.islice(itertools.cycle(pages), count))


def _address(words: str, language: str) -> str:
    with override(language):
        return f"{reverse('search:results')}?{urlencode({'q': words})}"


def _stopped(times: Times) -> str:
    """Times of questions some of which were stopped: what is said is the least they take."""
    return f"≥ {times}, stopped there" if times.median >= WAGTAIL_SECONDS * 1000 else str(times)


def _ratio(ours: Times, reference: Times) -> str:
    ratio = ours.median / reference.median
    return f"{ratio:.2f} × its median" if ratio >= 0.1 else f"{ratio:.3f} × its median"
