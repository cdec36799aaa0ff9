"""What a posted page of a contribution may still do: not what an editor decided since, and not for who is no longer of
the group.
"""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from kb.accounts import editors
from kb.accounts.audiences import STAFF, held_by
from kb.files.models import FileVersion
from kb.groups.models import Mandate
from kb.library.choices import PublishReason, ReferenceState
from kb.library.contributions import starting
from kb.library.contributions import steps as handling
from kb.library.hits.cards import reference_url
from kb.library.models import Reference, ReferenceFile
from tests.kb.accounts import builders as people
from tests.kb.library import builders as make
from tests.kb.library.test_admin import bulk
from tests.sending import opened

pytestmark = pytest.mark.django_db
S = ReferenceState
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
CHIEF = frozenset({STAFF, "public"})


@pytest.fixture
def author():
    make.body("CP")
    return make.member("PA", email="auteur@cass.example")


@pytest.fixture
def referent():
    user = make.member("PA", email="referente@cass.example")
    Mandate.objects.filter(user=user).update(is_referent=True)
    return user


@pytest.fixture
def editor():
    return people.editor("redaction@cass.example")


@pytest.fixture
def editing(editor):
    client = Client()
    people.log_in(client, editor)
    return client


def logged_in(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def place(reference) -> str:
    return reverse("library:contribution", args=[reference.mark_slug])


def held(user) -> frozenset[str]:
    return held_by(user, second_factor=False)


def begun(author, *, readers: str = "group", with_file: bool = True) -> Reference:
    uploads = [starting.Upload(ContentFile(b"Le rapport.", name="rapport.txt"), "rapport.txt")] if with_file else []
    reference = starting.start(author, make.body("PA"), uploads=uploads, title="Plainte nominative")
    starting.give_readers(reference, readers, publish_reason=PublishReason.UNKNOWN, permission_date=None)
    return reference


def proposed(author, **values) -> Reference:
    return handling.propose(begun(author, **values), author, held=held(author))


def returned(author, editor, **values) -> Reference:
    """Accepted once, by an editor, and sent back since."""
    handling.accept_unproposed(begun(author, **values), editor, held=CHIEF)
    return sent_back()


def sent_back() -> Reference:
    reference = Reference.objects.select_related("body").get()
    reference.state, reference.state_reason = S.RETURNED, "À revoir"
    reference.save()
    return reference


def narrowed(editing, reference) -> None:
    assert editing.post(bulk("audiences", [reference]), {"audiences": ["body:CP"]}).status_code == 302


def rows() -> tuple[list[str], list[list[str]]]:
    return Reference.objects.get().audiences, [*ReferenceFile.objects.values_list("audiences", flat=True)]


# An old page


@pytest.mark.parametrize("who", ["author", "referent"])
@pytest.mark.parametrize("with_file", [True, False], ids=["file", "no file"])
def test_an_old_page_gives_back_no_readers_that_an_editor_took(author, referent, editing, who, with_file):
    make_it = begun if who == "author" else proposed
    reference = make_it(author, readers="members", with_file=with_file)
    client = logged_in(author if who == "author" else referent)
    old = opened(client, place(reference))
    narrowed(editing, reference)
    after = rows()

    answer = client.post(place(reference), {**old, "do": "save", "open": "title", "title": "Plainte"})

    form = answer.context["form"]
    assert form.errors.keys() == {"readers"} and form["title"].value() == "Plainte"
    assert rows() == after and Reference.objects.get().title == "Plainte nominative"
    again = opened(client, place(reference))
    assert client.post(place(reference), {**again, "do": "save"}).status_code == 302
    assert rows() == after


def test_an_old_page_that_gives_nobody_more_is_saved_as_ever(author, editing):
    reference = begun(author, readers="members")
    client = logged_in(author)
    old = opened(client, place(reference))
    editing.post(bulk("audiences", [reference]), {"audiences": ["public"]})
    assert client.post(place(reference), {**old, "open": "title", "title": "Plainte", "do": "save"}).status_code == 302
    assert Reference.objects.get().title == "Plainte"


@pytest.mark.parametrize("what", ["publish_reason", "own_production"])
def test_an_old_page_takes_back_neither_a_reason_nor_whose_work_it_is(author, what, editing):
    reference = begun(author, readers="everyone")
    files = ReferenceFile.objects.filter(reference=reference)
    if what == "publish_reason":
        files.update(publish_reason=PublishReason.OWN)
    client = logged_in(author)
    old = opened(client, place(reference))
    if what == "publish_reason":
        files.update(publish_reason=PublishReason.UNKNOWN)
    else:
        Reference.objects.update(own_production=make.body("PA"))
    answer = client.post(place(reference), {**old, "do": "save"})
    assert what in answer.context["form"].errors


# Within what an editor chose


def by_the_form(editing, reference) -> None:
    url = reverse(Reference.snippet_viewset.get_url_name("edit"), args=[reference.pk])
    chosen = {"audiences": ["body:PA", "body:CP"], "files-0-audiences": ["body:PA"], "state": S.ACCEPTED}
    assert editing.post(url, {**opened(editing, url), **chosen}).status_code == 302


CHOOSING = {
    "bulk action": lambda editing, reference: editing.post(
        bulk("audiences", [reference]), {"audiences": ["body:PA", "body:CP"]}
    ),
    "form": by_the_form,
    "many rows": lambda _editing, reference: Reference.objects.update(audiences=["body:PA", "body:CP"]),
}


@pytest.mark.parametrize("how", CHOOSING)
def test_nobody_gives_more_readers_than_an_editor_chose_since(author, referent, editor, editing, how):
    reference = begun(author, readers="members")
    handling.accept_unproposed(reference, editor, held=CHIEF)
    CHOOSING[how](editing, Reference.objects.get())
    sent_back()
    client = logged_in(author)
    shown = opened(client, place(reference))
    answer = client.post(place(reference), {**shown, "readers": "members", "do": "confirm"})
    assert answer.context["form"].errors.keys() == {"readers"}
    offered = [value for value, _label in answer.context["form"].choices_of("readers").choices]
    assert offered == ["group", ""]
    with pytest.raises(ValidationError):
        starting.give_readers(Reference.objects.get(), "everyone", publish_reason="unknown", permission_date=None)

    assert client.post(place(reference), {**shown, "readers": "", "do": "confirm"}).status_code == 302
    answer = logged_in(referent).post(
        place(reference), {**opened(logged_in(referent), place(reference)), "readers": "everyone", "do": "accept"}
    )
    assert answer.context["form"].errors.keys() == {"readers"}
    assert set(Reference.objects.get().audiences) == {"body:PA", "body:CP"}


def test_where_no_editor_chose_the_author_does_and_an_editor_always(author, editing):
    reference = begun(author)
    client = logged_in(author)
    client.post(place(reference), {**opened(client, place(reference)), "readers": "everyone", "do": "save"})
    assert Reference.objects.get().audiences == ["public"]
    handling.propose(reference, author, held=held(author))
    for readers, chosen in (("group", ["body:PA"]), ("members", ["body:PA", "members"])):
        editing.post(place(reference), {**opened(editing, place(reference)), "readers": readers, "do": "save"})
        assert (Reference.objects.get().audiences, Reference.objects.get().audiences_at_most) == (chosen, chosen)


def test_what_the_bulk_action_narrows_is_given_back_to_nobody(author, referent, editor, editing):
    reference = begun(author)
    handling.accept_unproposed(reference, editor, held=CHIEF)
    narrowed(editing, reference)
    assert rows() == (["body:CP"], [["staff"]])
    sent_back()

    for user in (author, referent):
        client = logged_in(user)
        assert client.get(place(reference)).status_code == 404
        assert client.post(place(reference), {"readers": "members", "do": "confirm"}).status_code == 404
        assert client.get(f"/fr/bibliotheque/{reference.mark_slug}/fichier/1.1/").status_code == 404
    assert rows() == (["body:CP"], [["staff"]])


def test_a_file_that_was_narrowed_with_its_notice_stays_so_when_that_is_opened_again(editing):
    make.body("CP")
    reference = make.reference(audiences=("members",))
    make.file(reference, "secret", audiences=("members",))
    narrowed(editing, reference)
    editing.post(bulk("audiences", [reference]), {"audiences": ["public"]})
    assert rows() == (["public"], [["staff"]])


# What was decided on once


DECIDED_STATES = [S.PROPOSED, S.RETURNED, S.REFUSED, S.WITHDRAWN, S.DRAFT]


@pytest.mark.parametrize("state", DECIDED_STATES)
def test_what_was_narrowed_after_acceptance_opens_to_nobody_by_another_state(author, referent, editor, state):
    handling.accept_unproposed(begun(author, with_file=False), editor, held=CHIEF)
    Reference.objects.update(audiences=["body:CP"])
    reference = Reference.objects.get()
    reference.state, reference.state_reason = state, "vie privée"
    reference.save()

    for user in (author, referent):
        client = logged_in(user)
        assert client.get(place(reference)).status_code == client.get(reference_url(reference)).status_code == 404
        assert "nominative" not in client.get(reverse("library:contributions")).content.decode()
    for step in (handling.accept, handling.send_back):
        with pytest.raises(handling.NotAllowed):
            step(reference, referent, "Un mot.", held=held(referent))


@pytest.mark.parametrize("readers", ["group", "everyone"])
def test_what_is_sent_back_is_mended_by_its_author_whom_its_readers_include(author, referent, editor, readers):
    reference = returned(author, editor, readers=readers)
    client = logged_in(author)
    sent = {**opened(client, place(reference)), "open": "title", "title": "Plainte", "do": "confirm"}
    assert client.post(place(reference), sent).status_code == 302
    assert logged_in(referent).get(place(reference)).status_code == 200
    assert Reference.objects.get().title == "Plainte"


# Who is no longer of the group


def ended(user) -> None:
    for mandate in Mandate.objects.filter(user=user):
        mandate.end_now()


def by_the_referent(referent, reference, **values) -> None:
    client = logged_in(referent)
    upload = SimpleUploadedFile("annexe.txt", b"Annexe du groupe")
    sent = {**opened(client, place(reference)), "do": "save", "upload": upload, **values}
    assert client.post(place(reference), sent).status_code == 302


def statuses(user, reference) -> list[int]:
    files = ReferenceFile.objects.filter(reference=reference).order_by("number")
    numbers = [(file.number, file.stored_file.last_number) for file in files]
    client = logged_in(user)
    return [
        client.get(f"/fr/bibliotheque/{reference.mark_slug}/fichier/{one}.{version}/").status_code
        for one, version in numbers
    ]


@pytest.mark.parametrize("upload_as", ["new", "1"])
def test_what_others_put_in_is_for_the_author_while_they_are_of_the_group(author, referent, upload_as):
    reference = proposed(author)
    by_the_referent(referent, reference, upload_as=upload_as)
    there = [200, 200] if upload_as == "new" else [200]
    assert statuses(author, reference) == statuses(referent, reference) == there
    ended(author)
    assert statuses(author, reference) == ([200, 404] if upload_as == "new" else [404])


@pytest.mark.parametrize("state", [S.PROPOSED, S.RETURNED, S.DRAFT])
def test_who_is_no_longer_of_the_group_acts_on_nothing_that_others_saw(author, referent, state):
    reference = proposed(author)
    by_the_referent(referent, reference, upload_as="new")
    Reference.objects.update(state=state)
    ended(author)
    client = logged_in(author)
    before = rows()

    page = client.get(place(reference))
    assert page.context["page"].may == frozenset() and page.context["page"].is_former
    for sent in (
        {"do": "save", "readers": "members"},
        {"do": "confirm", "readers": "group"},
        {"do": "take_back"},
        {"do": "delete"},
        {"do": "save", "readers": "group", "upload": SimpleUploadedFile("n.txt", b"N"), "upload_as": "1"},
    ):
        client.post(place(reference), sent)
        assert (rows(), Reference.objects.get().state) == (before, state)
    assert [*FileVersion.objects.values_list("number", flat=True)] == [1, 1]


def test_a_draft_that_nobody_else_saw_is_read_and_deleted_by_who_left_the_group(author):
    reference = begun(author)
    ended(author)
    client = logged_in(author)
    page = client.get(place(reference))
    assert (statuses(author, reference), page.context["page"].may) == ([200], {"delete"})
    client.post(place(reference), {"do": "delete"})
    assert not Reference.objects.exists()


def test_nor_does_who_was_an_editor_go_on_for_a_group_that_was_never_theirs(editor):
    of_committee = make.member("CP", email="rcp@cass.example")
    Mandate.objects.filter(user=of_committee).update(is_referent=True)
    reference = starting.start(editor, make.body("CP"), title="Dossier du comité")
    handling.propose(reference, editor, held=CHIEF)
    editors.leave(editor)
    by_the_referent(of_committee, reference, upload_as="new")

    client = logged_in(editor)
    assert statuses(editor, reference) == [404]
    for step in ("take_back", "delete"):
        client.post(place(reference), {"do": step})
    assert Reference.objects.get().state == S.PROPOSED and ReferenceFile.objects.count() == 1


def test_with_a_file_of_the_referent_an_author_deletes_nothing(author, referent):
    reference = proposed(author)
    by_the_referent(referent, reference, upload_as="1")
    fresh = handling.take_back(reference, author, held=held(author))
    with pytest.raises(handling.NotAllowed):
        handling.delete_draft(fresh, author, held=held(author))
    assert ReferenceFile.objects.exists()


# Our own work


@pytest.mark.parametrize("when", ["proposed", "only begun"])
def test_who_wants_it_public_cannot_say_that_it_is_not_our_own_after_all(author, editing, when):
    reference = proposed(author, with_file=False) if when == "proposed" else begun(author, with_file=False)
    editing.post(bulk("own_production", [reference]), {"own_production": make.body("PA").pk})
    client = logged_in(author)
    if when == "proposed":
        client.post(place(reference), {"do": "take_back"})
    sent = opened(client, place(reference))
    sent.pop("own_production", None)
    answer = client.post(place(reference), {**sent, "do": "confirm", "readers": "everyone"})
    reference = Reference.objects.get()
    assert answer.context["form"].errors.keys() == {"own_production"}
    assert (reference.state, reference.own_production) == (S.DRAFT, make.body("PA"))


def test_what_an_author_said_themselves_they_take_back_before_it_is_proposed(author):
    reference = begun(author, with_file=False)
    client = logged_in(author)
    for sent in ({"own_production": "on"}, {}):
        shown = opened(client, place(reference))
        shown.pop("own_production", None)
        client.post(place(reference), {**shown, **sent, "do": "save"})
        assert bool(Reference.objects.get().own_production) == bool(sent)


def test_a_new_file_takes_the_reason_of_a_contributed_one_alone(author):
    reference = begun(author, with_file=False)
    make.file(reference, "De la rédaction", audiences=("body:PA",), reason=PublishReason.OWN)
    ReferenceFile.objects.update(is_contributed=False)
    client = logged_in(author)
    sent = {**opened(client, place(reference)), "upload": SimpleUploadedFile("n.txt", b"N"), "upload_as": "new"}
    client.post(place(reference), {**sent, "do": "save"})
    assert ReferenceFile.objects.get(number=2).publish_reason == PublishReason.UNKNOWN
