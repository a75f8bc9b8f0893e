"""Pages as a program reads them: their forms with every field as it is filled in, and where their links lead."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient

TYPED = frozenset({"text", "search", "textarea", "email", "tel", "url", "password"})


@dataclass
class Form:
    """One form of a page. ``typed`` are the names of the fields that people write words into, ``files`` of those that take a
    file; ``kinds`` says of each field what it takes, ``choices`` of a select what there is."""

    page: str
    action: str
    method: str
    is_upload: bool = False
    values: dict[str, str] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    kinds: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page, self.links, self.forms = page, [], []
        self.form: Form | None = None
        self.select = self.area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        elif tag == "form":
            action = given.get("action") or self.page
            upload = given.get("enctype", "").startswith("multipart")
            self.form = Form(self.page, action, given.get("method", "get").lower(), upload)
            self.forms.append(self.form)
        if self.form is None:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "textarea":
            self.area = name
            self.form.values[name] = ""
            self.form.typed.add(name)
            self.form.kinds[name] = "textarea"
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            self.form.choices.setdefault(self.select, []).append(given.get("value", ""))
            if self.select not in self.form.values or "selected" in given:
                self.form.values[self.select] = given.get("value", "")
        elif tag == "input" and kind == "file":
            self.form.files.add(name)
        elif tag in ("input", "button") and name:
            if kind in ("checkbox", "radio") and "checked" not in given:
                return
            if tag == "button" and name in self.form.values:
                return
            self.form.values[name] = given.get("value", "")
            self.form.kinds[name] = kind
            if tag == "input" and kind in TYPED:
                self.form.typed.add(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.form = None
        elif tag == "select":
            self.select = ""
        elif tag == "textarea":
            self.area = ""

    def handle_data(self, data: str) -> None:
        if self.area and self.form:
            self.form.values[self.area] += data


def read(page: str, text: str) -> tuple[list[Form], list[str]]:
    """The forms of a page, and its links within the site."""
    reader = _Reader(page)
    reader.feed(text)
    return reader.forms, reader.links


def walk(
    app: Flask, client: FlaskClient, start: str, within: Callable[[str], bool], most: int = 2
) -> Iterator[tuple[str, str]]:
    """Pages that links lead to, with their text: at most so many of each route."""
    routes, seen, counts = app.url_map.bind("localhost"), set(), {}
    waiting = [start]
    while waiting:
        path = waiting.pop(0)
        bare = urlsplit(path).path
        if path in seen or not within(bare):
            continue
        seen.add(path)
        endpoint, _ = routes.match(bare, "GET")
        counts[endpoint] = counts.get(endpoint, 0) + 1
        if counts[endpoint] > most:
            continue
        answer = client.get(path)
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        yield path, answer.text
        waiting += read(path, answer.text)[1]
