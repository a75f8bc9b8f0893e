"""Lighthouse on the pages on which somebody decides to buy, on a phone and on a desk.

``bin/bench lighthouse`` asks a shop that runs (BENCH_SHOP, http://127.0.0.1:5000, where ``bin/dev`` serves it) with a cart in hand, and
ends with 1 where a page has less than 95 in a category. Node, npm's registry and Chromium must be there."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import requests

VERSION = "12.8.2"
SHOP = os.environ.get("BENCH_SHOP", "http://127.0.0.1:5000")
PRODUCT = "/products/vernier-caliper"
PAGES = ("/", "/shop/levels", PRODUCT, "/cart", "/checkout")
KEPT_OUT = ("/cart", "/checkout")  # of search engines, on purpose: nothing is asked about that there
REACH = 95


def main() -> int:
    browser = os.environ.get("CHROME_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    if not (browser and shutil.which("npx")):
        print("Lighthouse needs npx (Node) and Chromium.")
        return 1
    cookies = _cart()
    print(f"Lighthouse {VERSION} on {SHOP}\n\n{'':>32}perform.  access.  practices  search  largest paint   bytes")
    good = True
    for device in ("phone", "desk"):
        for page in PAGES:
            report = _report(page, device, browser, cookies)
            scores = [round(100 * (item["score"] or 0)) for item in report["categories"].values()]
            paint = report["audits"]["largest-contentful-paint"]["numericValue"] / 1000
            size = report["audits"]["total-byte-weight"]["numericValue"] / 1024
            good = good and min(scores) >= REACH
            print(
                f"{device:>6} {page:<25}{scores[0]:>8}{scores[1]:>9}{scores[2]:>11}{scores[3]:>8}{paint:>13.1f} s{size:>6.0f} K",
                flush=True,
            )
    return 0 if good else 1


def _cart() -> str:
    """The cookies of a visitor who has put something into the cart."""
    visitor = requests.Session()
    page = visitor.get(SHOP + PRODUCT, timeout=10).text
    variant = re.search(r'name="variant" value="([^"]+)"', page)
    assert variant, f"{SHOP} shows no demo shop"
    put_in = {"variant": variant[1], "quantity": "1"}
    visitor.post(f"{SHOP}/cart/add", put_in, headers={"Origin": SHOP}, timeout=10)
    return "; ".join(f"{item.name}={item.value}" for item in visitor.cookies)


def _report(page: str, device: str, browser: str, cookies: str) -> dict:
    with tempfile.TemporaryDirectory() as folder:
        headers = Path(folder, "headers.json")
        headers.write_text(json.dumps({"Cookie": cookies}))
        command = [
            "npx", "--yes", f"lighthouse@{VERSION}", SHOP + page, "--output=json", f"--output-path={folder}/report.json",
            "--quiet", f"--extra-headers={headers}", "--chrome-flags=--headless=new --no-sandbox",
            "--only-categories=performance,accessibility,best-practices,seo",
            *(["--preset=desktop"] if device == "desk" else []),
            *(["--skip-audits=is-crawlable"] if page in KEPT_OUT else []),
        ]  # fmt: skip
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": browser}, timeout=180)
        report: dict = json.loads(Path(folder, "report.json").read_text())
        assert report["finalDisplayedUrl"].endswith(page), f"{page} led to {report['finalDisplayedUrl']}"
        return report


if __name__ == "__main__":
    sys.exit(main())
