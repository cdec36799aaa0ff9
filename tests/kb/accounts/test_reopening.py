"""A form that was open since before gives nothing back that was taken meanwhile; what it says besides is not lost."""

from __future__ import annotations

from datetime import date, timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from home.models import ContentPage
from kb.accounts import reopening
from kb.accounts.reopening import CHANGED_MEANWHILE
from kb.directory.models import Organisation, Service
from kb.groups.models import Body, Mandate
from kb.library.choices import ReferenceState
from kb.library.models import Reference, ReferenceFile
from kb.pages.models import TAKEN_OFFLINE
from tests.home import builders as pages
from tests.kb.accounts.builders import editor, fresh_limits, log_in, member
from tests.kb.groups.builders import body, mandate
from tests.kb.library import builders as library
from tests.sending import filled, opened

__all__ = ["fresh_limits"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    client = Client()
    log_in(client, editor(is_superuser=True, language="en"))
    return client


def sentence(words=CHANGED_MEANWHILE) -> str:
    with override("en"):
        return str(words)


def send_old(desk, url: str, form: dict, **typed) -> dict:
    """Sends a form that was opened before; it comes back with the sentence. What it shows then."""
    answer = desk.post(url, form | typed)
    content = unescape(answer.content.decode())
    assert answer.status_code == 200 and sentence() in content
    return filled(answer.content.decode())


def edit_reference(reference: Reference) -> str:
    return reverse(Reference.snippet_viewset.get_url_name("edit"), args=[reference.pk])


class TestReferences:
    @pytest.fixture
    def reference(self):
        return library.reference()

    def test_keep_the_fewer_readers_that_somebody_else_gave_them(self, desk, reference):
        form = opened(desk, edit_reference(reference))
        Reference.objects.filter(pk=reference.pk).update(audiences=["members"])

        again = send_old(desk, edit_reference(reference), form, publisher="Corrigé")

        assert Reference.objects.get().audiences == ["members"]
        assert again["audiences"] == ["members"] and again["publisher"] == ["Corrigé"]
        assert desk.post(edit_reference(reference), again).status_code == 302
        assert (Reference.objects.get().audiences, Reference.objects.get().publisher) == (["members"], "Corrigé")

    def test_get_more_readers_where_that_is_chosen_once_more(self, desk, reference):
        form = opened(desk, edit_reference(reference))
        Reference.objects.filter(pk=reference.pk).update(audiences=["members"])
        again = send_old(desk, edit_reference(reference), form)

        assert desk.post(edit_reference(reference), again | {"audiences": ["public"]}).status_code == 302
        assert Reference.objects.get().audiences == ["public"]

    def test_are_saved_by_an_old_form_that_gives_nobody_more(self, desk, reference):
        form = opened(desk, edit_reference(reference))
        Reference.objects.filter(pk=reference.pk).update(audiences=["members", "public"])

        assert desk.post(edit_reference(reference), form | {"publisher": "Corrigé"}).status_code == 302
        assert Reference.objects.get().publisher == "Corrigé"

    def test_do_not_come_back_to_a_body_or_to_its_referents(self, desk, reference):
        Reference.objects.update(state=ReferenceState.PROPOSED)
        form, elsewhere = opened(desk, edit_reference(reference)), body("AUT")
        Reference.objects.update(body=elsewhere, mark_number=99)
        assert send_old(desk, edit_reference(reference), form)["body"] == [str(elsewhere.pk)]

        Reference.objects.update(state=ReferenceState.WITHDRAWN)
        assert send_old(desk, edit_reference(reference), form)["state"] == ["withdrawn"]

    @pytest.mark.parametrize("change", [{"audiences": ["members"]}, {"publish_reason": "unknown"}])
    def test_their_files_keep_the_fewer_readers(self, desk, reference, change):
        file = library.file(reference, "Un mot")
        form = opened(desk, edit_reference(reference))
        ReferenceFile.objects.filter(pk=file.pk).update(**change)

        again = send_old(desk, edit_reference(reference), form)

        for name, value in change.items():
            assert getattr(ReferenceFile.objects.get(), name) == value
            assert again[f"files-0-{name}"] == (value if isinstance(value, list) else [value])


class TestMandates:
    @pytest.fixture
    def seat(self):
        return mandate(member("a@x.example", name="Personne A"), body("PA"), until=None)

    @pytest.mark.parametrize(
        ("taken", "shown"),
        [
            ({"until": date(2026, 1, 31)}, {"until": ["2026-01-31"]}),
            ({"is_suspended": True}, {"is_suspended": ["on"]}),
            (
                {"role": "consultant", "voice": "consultative"},
                {"role": ["consultant"], "voice": ["consultative"]},
            ),
        ],
        ids=["ended", "suspended", "another role"],
    )
    def test_stay_as_somebody_else_left_them(self, desk, seat, taken, shown):
        of_person, alone = reverse("people:edit", args=[seat.user_id]), reverse("mandate:edit", args=[seat.pk])
        forms = opened(desk, of_person), opened(desk, alone)
        Mandate.objects.filter(pk=seat.pk).update(**taken)

        again = send_old(desk, of_person, forms[0], phone="02 555 01 13")
        alone_again = send_old(desk, alone, forms[1])

        assert Mandate.objects.filter(pk=seat.pk, **taken).exists()
        for name, value in shown.items():
            assert again[f"mandates-0-{name}"] == alone_again[name] == value
        assert desk.post(of_person, again).status_code == 302
        assert Mandate.objects.filter(pk=seat.pk, **taken).exists()
        assert get_user_model().objects.get(pk=seat.user_id).phone == "02 555 01 13"

    def test_of_which_one_was_deleted_do_not_come_back(self, desk, seat):
        url = reverse("people:edit", args=[seat.user_id])
        form = opened(desk, url)
        Mandate.objects.all().delete()
        assert desk.post(url, form).status_code == 200
        assert not Mandate.objects.exists()


def test_a_log_in_stays_closed_and_without_the_rights_that_were_taken(desk):
    person = editor("autre@cass.example")
    url = reverse("wagtailusers_users:edit", args=[person.pk])
    form = opened(desk, url)
    get_user_model().objects.filter(pk=person.pk).update(is_active=False, is_staff=False)

    again = send_old(desk, url, form, name="Corrigé")

    assert "is_active" not in again and "is_staff" not in again and again["name"] == ["Corrigé"]


def test_an_address_that_was_taken_from_a_person_is_not_theirs_again(desk):
    person = member("avant@x.example", name="Personne A")
    url = reverse("people:edit", args=[person.pk])
    form = opened(desk, url)
    get_user_model().objects.filter(pk=person.pk).update(email="apres@x.example")
    assert send_old(desk, url, form)["email"] == ["apres@x.example"]


def test_a_body_stays_closed(desk):
    group = body("PA")
    url = reverse("body:edit", args=[group.pk])
    form = opened(desk, url)
    Body.objects.filter(pk=group.pk).update(is_active=False)
    assert "is_active" not in send_old(desk, url, form)
    assert not Body.objects.get(pk=group.pk).is_active


def test_organisations_and_services_stay_inactive(desk):
    organisation = Organisation.objects.create(code="pf", name="Planning familial")
    service = Service.objects.create(organisation=organisation, code="accueil", name="Accueil")
    for row, name in ((organisation, "organisation"), (service, "service")):
        url = reverse(f"{name}:edit", args=[row.pk])
        form = opened(desk, url)
        type(row).objects.filter(pk=row.pk).update(is_active=False)
        assert "is_active" not in send_old(desk, url, form)


class TestPages:
    BODY = {"body-count": "0", **{f"comments-{name}_FORMS": "0" for name in ("TOTAL", "INITIAL", "MIN_NUM", "MAX_NUM")}}

    @pytest.fixture
    def page(self):
        page = pages.page("Un article", slug="un-article", audiences=["public"])
        page.save_revision().publish()
        return page

    def url(self, page) -> str:
        return reverse("wagtailadmin_pages:edit", args=[page.pk])

    def narrowed(self, page, **values) -> None:
        fresh = ContentPage.objects.get(pk=page.pk)
        for name, value in values.items():
            setattr(fresh, name, value)
        fresh.save_revision().publish()

    @pytest.mark.parametrize("button", [{"action-publish": "action-publish"}, {}], ids=["published", "as a draft"])
    def test_keep_the_fewer_readers_that_somebody_else_gave_them(self, desk, page, button):
        form = opened(desk, self.url(page)) | self.BODY
        self.narrowed(page, audiences=["members"])

        again = send_old(desk, self.url(page), form, title="Corrigé", **button)

        assert again["audiences"] == ["members"] and again["title"] == ["Corrigé"]
        assert Client().get(page.url).status_code == 404
        assert desk.post(self.url(page), again | self.BODY | {"action-publish": "action-publish"}).status_code == 302
        fresh = ContentPage.objects.get(pk=page.pk)
        assert (fresh.audiences, fresh.title) == (["members"], "Corrigé")

    def test_that_are_drafts_for_fewer_readers_are_not_published_for_all(self, desk, page):
        page.unpublish()
        form = opened(desk, self.url(page)) | self.BODY
        fresh = ContentPage.objects.get(pk=page.pk)
        fresh.audiences = ["members"]
        fresh.save_revision()
        assert send_old(desk, self.url(page), form, **{"action-publish": "action-publish"})["audiences"] == ["members"]

    def test_that_were_taken_offline_stay_so_until_it_is_asked_for_once_more(self, desk, page):
        form = opened(desk, self.url(page)) | self.BODY | {"action-publish": "action-publish"}
        ContentPage.objects.get(pk=page.pk).unpublish()

        answer = desk.post(self.url(page), form)

        assert answer.status_code == 200 and sentence(TAKEN_OFFLINE) in unescape(answer.content.decode())
        assert not ContentPage.objects.get(pk=page.pk).live
        again = filled(answer.content.decode()) | self.BODY | {"action-publish": "action-publish"}
        assert desk.post(self.url(page), again).status_code == 302
        assert ContentPage.objects.get(pk=page.pk).live

    def test_end_on_the_day_that_somebody_else_chose(self, desk, page):
        form = opened(desk, self.url(page)) | self.BODY
        self.narrowed(page, expire_at=timezone.now() + timedelta(days=1))
        assert send_old(desk, self.url(page), form, **{"action-publish": "action-publish"})["expire_at"] != [""]

    def revert(self, page, revision) -> str:
        return reverse("wagtailadmin_pages:revisions_revert", args=[page.pk, revision.pk])

    def test_get_their_older_words_back_without_their_older_readers_and_days(self, desk, page):
        older, day = page.latest_revision, timezone.now() + timedelta(days=1)
        self.narrowed(page, audiences=["members"], expire_at=day, title="Corrigé")

        form = opened(desk, self.revert(page, older)) | self.BODY | {"action-publish": "action-publish"}

        assert (form["title"], form["audiences"]) == (["Un article"], ["members"]) and form["expire_at"] != [""]
        assert desk.post(self.url(page), form).status_code == 302
        fresh = ContentPage.objects.get(pk=page.pk)
        assert (fresh.title, fresh.audiences, fresh.expire_at.date()) == ("Un article", ["members"], day.date())
        assert Client().get(page.url).status_code == 404

    def test_get_their_older_readers_back_where_that_is_chosen_in_the_form(self, desk, page):
        older = page.latest_revision
        self.narrowed(page, audiences=["members"])
        form = opened(desk, self.revert(page, older)) | self.BODY | {"action-publish": "action-publish"}
        assert desk.post(self.revert(page, older), form | {"audiences": ["public"]}).status_code == 302
        assert ContentPage.objects.get(pk=page.pk).audiences == ["public"]

    def test_do_not_give_older_words_for_few_to_all(self, desk, page):
        self.narrowed(page, audiences=["members"])
        older = ContentPage.objects.get(pk=page.pk).latest_revision
        self.narrowed(page, audiences=["public"])
        assert opened(desk, self.revert(page, older))["audiences"] == ["members"]

    def test_keep_the_more_readers_that_their_newest_draft_says(self, desk, page):
        self.narrowed(page, audiences=["members"])
        fresh = ContentPage.objects.get(pk=page.pk)
        fresh.audiences = ["public"]
        fresh.save_revision()
        assert opened(desk, self.url(page))["audiences"] == ["public"]

    @pytest.mark.parametrize("is_live", [True, False], ids=["online", "offline"])
    def test_of_which_an_older_version_is_published_without_a_form_keep_their_readers(self, page, is_live):
        older = page.latest_revision
        self.narrowed(page, audiences=["members"], title="Corrigé")
        if not is_live:
            ContentPage.objects.get(pk=page.pk).unpublish()
        older.publish()
        fresh = ContentPage.objects.get(pk=page.pk)
        assert (fresh.title, fresh.audiences, fresh.live) == ("Un article", ["members"], True)

    def test_are_opened_on_their_day_by_a_version_that_was_agreed_to_after_they_closed(self, page):
        self.narrowed(page, audiences=["members"])
        fresh = ContentPage.objects.get(pk=page.pk)
        fresh.audiences = ["public"]
        planned = fresh.save_revision()
        fresh.title = "Un brouillon"
        fresh.save_revision()
        planned.publish()
        assert ContentPage.objects.get(pk=page.pk).audiences == ["public"]

    def test_are_published_by_an_old_form_that_gives_nobody_more(self, desk, page):
        self.narrowed(page, audiences=["members"])
        form = opened(desk, self.url(page)) | self.BODY
        self.narrowed(page, audiences=["public"])
        assert desk.post(self.url(page), form | {"action-publish": "action-publish"}).status_code == 302
        assert ContentPage.objects.get(pk=page.pk).audiences == ["members"]


@pytest.mark.parametrize(
    ("rule", "now", "wanted", "is_more"),
    [
        ("more_readers", ["members"], ["members"], False),
        ("more_readers", ["members", "body:PA"], ["members"], False),
        ("more_readers", ["public"], ["body:PA"], False),
        ("more_readers", ["members"], ["body:PA"], True),
        ("later", None, date(2026, 1, 1), False),
        ("later", date(2026, 1, 1), date(2025, 1, 1), False),
        ("later", date(2026, 1, 1), None, True),
        ("earlier", date(2026, 1, 1), None, True),
        ("earlier", None, date(2026, 1, 1), False),
        ("taken_off", True, False, True),
        ("taken_off", False, True, False),
        ("given", False, True, True),
        ("given", True, False, False),
    ],
)
def test_what_gives_more_is_told_from_what_does_not(rule, now, wanted, is_more):
    assert getattr(reopening, rule)(now, wanted) is is_more
