import pytest
from django.core.exceptions import ValidationError

from kb.groups.models import Body, Mandate
from tests.kb.accounts.builders import member
from tests.kb.groups.builders import body, day

pytestmark = pytest.mark.django_db


def test_the_code_of_a_body_never_changes():
    log = body("LOG")
    log.code = "HAB"
    with pytest.raises(ValidationError) as refused:
        log.full_clean()
    assert "code" in refused.value.message_dict


def test_a_new_body_chooses_its_code():
    Body(code="LOG", name={"fr": "GT Logement"}).full_clean()


def test_a_body_cannot_come_after_itself_directly_or_by_others():
    log = body("LOG")
    hab = body("HAB", successor=log)
    for successor in (log, hab):
        log.successor = successor
        with pytest.raises(ValidationError) as refused:
            log.full_clean()
        assert "successor" in refused.value.message_dict


def test_a_mandate_cannot_end_before_it_begins():
    with pytest.raises(ValidationError) as refused:
        Mandate(user=member(), body=body("LOG"), since=day(0), until=day(-1)).full_clean()
    assert "until" in refused.value.message_dict
