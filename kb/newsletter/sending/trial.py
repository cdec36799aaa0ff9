"""The trial message: the newest text of an issue, approved or not, to the editor who asks; by the site's own mail,
without a delivery.
"""

from __future__ import annotations

from collections.abc import Iterable
from email.mime.image import MIMEImage
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext as _
from django.utils.translation import override

from kb.newsletter.message import content as mailing
from kb.newsletter.models import Issue
from kb.newsletter.sending.forecast import newest

NOWHERE = "#"


def send_trial(issue: Issue, languages: Iterable[str], *, to: Any) -> None:
    """One message per language to this person's own address; the subject says what it is,
    the links of a subscriber lead nowhere.
    """
    content = newest(issue)
    for language in languages:
        template = mailing.template_of(content, language)
        html, text = template.html, template.text
        for place in template.places.values():
            html, text = html.replace(place, NOWHERE), text.replace(place, NOWHERE)
        with override(language):
            subject = _("[Trial] %(subject)s") % {"subject": template.subject}
        message = EmailMultiAlternatives(subject, text, mailing.sender_of_settings().address, [to.email])
        message.attach_alternative(html, "text/html")
        message.attach(_mark(template))
        message.kind, message.user = "newsletter.trial", to  # type: ignore[attr-defined]
        message.send()


def _mark(template: mailing.MailTemplate) -> MIMEImage:
    part = MIMEImage(template.mark, "png")
    part["Content-ID"] = f"<{template.mark_id}>"
    part["Content-Disposition"] = 'inline; filename="cass.png"'
    return part
