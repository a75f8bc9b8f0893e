"""Rich text of products: what staff paste becomes a small, safe set of HTML before it is stored."""

import re

import nh3

from backoffice.core.errors import CounterfoilError

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h2", "h3", "blockquote", "a", "table", "tbody", "tr", "th", "td"}
SCHEMES = {"https", "mailto"}
LONGEST = 60_000  # characters
MOST_REOPENED = 250_000

_REOPENED = re.compile(r"<(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)\b", re.IGNORECASE)


class TooTangled(CounterfoilError):
    """A parser opens what was left open again in every paragraph: little text could take all memory."""

    status = 422

    def __init__(self) -> None:
        super().__init__("This text is too long, or leaves too many of its marks open. Paste it in smaller pieces.")


def clean(html: str) -> str:
    """The same text with allowed tags only: no script, style, handler, image or foreign scheme survives.

    Raises TooTangled."""
    if len(html) > LONGEST or len(_REOPENED.findall(html)) * html.count("<") > MOST_REOPENED:
        raise TooTangled
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel="noopener nofollow",
        clean_content_tags={"script", "style"},
    ).strip()


def plain(html: str) -> str:
    """The words alone: for search and for machines."""
    spaced = html.replace("<", " <")  # words of neighbouring paragraphs stay apart
    return " ".join(nh3.clean(spaced, tags=set(), clean_content_tags={"script", "style"}).split())
