import pytest
from django.http import QueryDict

from search.public.forms import SearchForm, read_years, write_years


@pytest.fixture(autouse=True)
def _slips(slips):
    return slips


def read(address):
    return SearchForm.read(QueryDict(address))


def test_a_full_address_is_read_and_written_back():
    address = (
        "q=logement&lang=fr&lang=nl&where=test.slip&"
        "type=report&theme=sante&group=PA&year=2008-2012&year=2014&sort=date&page=3"
    )
    form = read(address)
    assert form.filters.years == ((2008, 2012), (2014, 2014))
    assert form.filters.languages == ("fr", "nl") and form.filters.kinds == ("test.slip",)
    assert (form.sort, form.page) == ("date", 3)
    assert form.address() == "?" + address


@pytest.mark.parametrize(
    "address",
    [
        "lang=de",
        "where=nowhere",
        "year=twelve",
        "year=20120",
        "year=-",
        "sort=best",
        "page=0",
        "page=-1",
        "page=x",
        "page=٣",
        "theme=",
        "q=%00%0a ",
    ],
)
def test_what_means_nothing_is_left_out(address):
    assert read(address) == SearchForm.read(QueryDict(""))


def test_a_question_of_any_length_is_cut():
    assert len(read("q=" + "a" * 5000).words) == 500


def test_a_box_taken_off_leads_to_the_first_page():
    form = read("q=logement&lang=fr&lang=nl&page=4")
    assert form.without("languages", "fr").address() == "?q=logement&lang=nl"
    assert form.without_filters().address() == "?q=logement"


@pytest.mark.parametrize(
    ("written", "years"),
    [("2012", (2012, 2012)), ("2008-2012", (2008, 2012)), ("2008-", (2008, None)), ("-2009", (None, 2009))],
    ids=str,
)
def test_years_read_and_written(written, years):
    assert read_years(written) == years
    assert write_years(years) == written
