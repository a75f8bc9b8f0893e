"""What must be true of every mail that is written in any test of the shop: both halves say the same."""

import re
from html import unescape

from sqlalchemy import select

from backoffice.core import units
from backoffice.core.db import session
from backoffice.models import Mail

LINK = re.compile(r"https?://[^\s<>()]+[^\s<>().,:]")
TOLD = re.compile(r"[€$£]\s?[\d,.]+\d|\b\d{1,2} [A-Z][a-z]+ \d{4}\b|\b\d{4,}\b")  # sums, days, numbers


def disagreements() -> list[str]:
    """Links, sums, days and numbers that stand in the text of a mail and not in its HTML, or an HTML without its frame."""
    found = []
    with units.read():
        for mail in session.scalars(select(Mail).order_by(Mail.id)):
            links = {unescape(link) for link in re.findall(r'href="([^"]*)"', mail.html)}
            words = unescape(re.sub(r"<[^>]*>", " ", mail.html)).split()
            seen = " ".join(words)
            found += [f"{mail.template}: no link to {link}" for link in LINK.findall(mail.text) if link not in links]
            told = TOLD.findall(LINK.sub("", mail.text))
            found += [f"{mail.template}: nothing of {item}" for item in told if " ".join(item.split()) not in seen]
            if not (mail.html.startswith("<!doctype html>") and mail.html.rstrip().endswith("</html>")):
                found.append(f"{mail.template}: no frame")
    return found
