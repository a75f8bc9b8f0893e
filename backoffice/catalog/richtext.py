"""Rich text of products: what staff paste becomes a small, safe set of HTML before it is stored."""

import nh3

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h2", "h3", "blockquote", "a", "table", "tbody", "tr", "th", "td"}
SCHEMES = {"https", "mailto"}


def clean(html: str) -> str:
    """The same text with allowed tags only: no script, style, handler, image or foreign scheme survives."""
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
