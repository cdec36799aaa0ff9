"""What a browser would send of a form as the site shows it,
for tests of forms that were open while something changed.
"""

from __future__ import annotations

from html.parser import HTMLParser

from kb.accounts.reopening import STAMP


class _Forms(HTMLParser):
    """Each form of a page: its filled fields, as lists by name; submit buttons and file fields are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, list[str]]] = []
        self._field = ""
        self._options: list[tuple[str, bool]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        if not self.forms or "disabled" in given:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if (
            tag == "input"
            and name
            and kind not in ("submit", "file", "image", "button")
            and (kind not in ("checkbox", "radio") or "checked" in given)
        ):
            self.forms[-1].setdefault(name, []).append(given.get("value", "on" if kind == "checkbox" else ""))
        elif tag in ("select", "textarea") and name:
            self._field = name
            self._options = [] if tag == "select" else None
            if tag == "textarea":
                self.forms[-1][name] = [""]
        elif tag == "option" and self._options is not None:
            self._options.append((given.get("value", ""), "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._field and self._options is None:
            self.forms[-1][self._field][0] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._options is not None and self._field:
            chosen = [value for value, is_chosen in self._options if is_chosen] or [
                value for value, _chosen in self._options[:1]
            ]
            self.forms[-1][self._field] = chosen
        if tag in ("select", "textarea"):
            self._field, self._options = "", None


def filled(content: str) -> dict[str, list[str]]:
    """The fields of the largest form of a page, without the empty lines that a script copies."""
    parser = _Forms()
    parser.feed(content)
    largest = max(parser.forms, key=len)
    return {
        name: [value.removeprefix("\n") for value in values]
        for name, values in largest.items()
        if "__prefix__" not in name
    }


def opened(client, url: str) -> dict[str, list[str]]:
    """The same of a page of the site."""
    answer = client.get(url)
    assert answer.status_code == 200, answer
    return filled(answer.content.decode())


def stamps(client, url: str) -> dict[str, list[str]]:
    """What the forms of a page say of the rights that they show (`kb.accounts.reopening`)."""
    return {name: values for name, values in opened(client, url).items() if name.endswith(STAMP)}
