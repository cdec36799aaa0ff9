"""Tables of the newsletter: issues, what was drawn for them (gatherings), who receives them (subscribers),
what happens afterwards (sendings).
"""

from kb.newsletter.models.gatherings import Drawn, Reminder
from kb.newsletter.models.issues import Issue, IssueItem, NewsletterSettings
from kb.newsletter.models.sendings import Bounce, Delivery, Sending
from kb.newsletter.models.subscribers import Consent, ErasedAddress, Subscriber

__all__ = [
    "Bounce",
    "Consent",
    "Delivery",
    "Drawn",
    "ErasedAddress",
    "Issue",
    "IssueItem",
    "NewsletterSettings",
    "Reminder",
    "Sending",
    "Subscriber",
]
