"""Addresses of the decisions, under their path word in each language."""

from django.urls import path, register_converter
from django.utils.text import format_lazy

from kb.decisions.public import amendments, views
from kb.decisions.voting import views as voting
from kb.languages import word


class Code:
    """ "CP-2013-004" """

    regex = r"[A-Z]{2,8}-\d{4}-\d{3,6}"

    def to_python(self, value: str) -> tuple[str, int, int]:
        code, year, number = value.split("-")
        return code, int(year), int(number)

    def to_url(self, value: str) -> str:
        return value


class Token:
    regex = r"[A-Za-z0-9_-]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Number:
    """Of a row or a place, as large as the database holds one."""

    regex = r"[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(Number, "count")
register_converter(Code, "decision")
register_converter(Token, "vote-token")

app_name = "decisions"
_vote, _about, _undo = word("vote"), word("about"), word("undo")
_file = word("file")
urlpatterns = [
    path("", views.index, name="list"),
    path("<decision:code>/", views.decision, name="decision"),
    path(format_lazy("{}/", _vote), voting.vote, name="vote"),
    path(format_lazy("{}/<vote-token:token>/", _vote), voting.vote, name="vote-by-link"),
    path(format_lazy("{}/{}/<count:position>/", _vote, _about), voting.row, name="vote-row"),
    path(format_lazy("{}/{}/<count:position>/{}/", _vote, _about, _file), voting.row_file, name="vote-file"),
    path(format_lazy("{}/<count:pk>/", _vote), voting.own_vote, name="own-vote"),
    path(format_lazy("{}/<count:pk>/{}/<count:position>/", _vote, _about), voting.own_row, name="own-row"),
    path(
        format_lazy("{}/<count:pk>/{}/<count:position>/{}/", _vote, _about, _file),
        voting.own_file,
        name="own-file",
    ),
    path(format_lazy("{}/<count:pk>/", word("amendment")), amendments.amendment, name="amendment"),
    path(format_lazy("{}/", _undo), voting.undo, name="undo"),
    path(format_lazy("{}/<vote-token:token>/", _undo), voting.undo, name="undo-by-link"),
]
