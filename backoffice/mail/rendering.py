"""Mail texts: their own Jinja environment, so that a worker without a request renders the same words. They go through gettext,
with the catalogues that pages use."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from backoffice.core import formatting, words

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,  # so that an included part ends its own line
    extensions=["jinja2.ext.i18n"],
)
_environment.install_gettext_translations(  # type: ignore[attr-defined]  # the extension adds it
    words.catalogue(), newstyle=True
)

_environment.filters.update(
    money=formatting.money, moment=formatting.moment, country=formatting.country, percent=formatting.percent
)


def render(template: str, facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, text and HTML of ``template``: the subject is the first line of the text template."""
    subject, _, text = _environment.get_template(f"{template}.txt").render(facts).partition("\n")
    return subject.strip(), text.strip() + "\n", _environment.get_template(f"{template}.html").render(facts)
