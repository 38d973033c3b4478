"""The built site as a reader's browser shows it: pictures load, links lead somewhere, nothing is wider than a phone.

For contributors without Chromium it is asked for: ``make -C docs html && pytest -m browser``.
"""

import functools
import http.server
import json
import queue
import re
import shutil
import subprocess
import threading
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from sk_gd import GDLogisticClassifier

pytestmark = pytest.mark.browser

SITE = Path(__file__).parents[1] / "docs" / "_build" / "html"
PHONE = 390  # CSS pixels
PATIENCE = 240  # seconds
# opens every page in a frame as wide as a phone, one after the other, and sends home what there is to judge
INSPECTOR = """<!doctype html><iframe id="phone" style="border: 0; width: %(width)dpx; height: 844px"></iframe><script>
const phone = document.getElementById("phone");
const show = page => new Promise(done => { phone.onload = done; phone.src = "/" + page; });
async function loads(img) {
  img.loading = "eager";
  for (let tries = 0; tries < 20; tries++) {  // a film gets its first picture later, and shows the next one meanwhile
    if (await img.decode().then(() => true, () => false)) return true;
    await new Promise(done => setTimeout(done, 100));
  }
  return false;
}
async function look(page) {
  await show(page);
  const document = phone.contentDocument, root = document.documentElement;
  const images = [...document.images];
  const loaded = await Promise.all(images.map(loads));
  const title = document.querySelector("h1");  // what scrolls together with it is the page as a whole
  const scrolls = part => !part.contains(title) && (getComputedStyle(part).overflowX !== "visible" || scrolls(part.parentElement));
  const wide = [...document.body.querySelectorAll("*")].filter(
    part => part.getBoundingClientRect().right > %(width)d + 1 && part.checkVisibility() && !scrolls(part.parentElement));
  return {
    missing: images.filter((_, i) => !loaded[i]).map(img => img.src),
    links: [...document.querySelectorAll("a[href]")].map(a => a.href),
    pictured: [...document.querySelectorAll(".sk-top-container a[href]")].map(a => a.getAttribute("href")),
    ids: [...document.querySelectorAll("[id]")].map(part => part.id),
    text: document.body.textContent,
    width: root.scrollWidth,
    wide: wide.map(part => part.outerHTML.slice(0, 100)),
  };
}
(async () => {
  const seen = {};
  for (const page of %(pages)s) seen[page] = await look(page);
  await fetch("/seen", {method: "POST", body: JSON.stringify(seen)});
})();
</script>"""


class Desk(http.server.SimpleHTTPRequestHandler):
    """Serves the site and the inspector, and takes the inspector's report."""

    def __init__(self, *args, page, reports, **kwargs):
        self.page, self.reports = page, reports
        super().__init__(*args, directory=SITE, **kwargs)

    def do_GET(self):
        if self.path != "/inspector":
            return super().do_GET()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page.encode())
        return None

    def do_POST(self):
        self.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser saw, page by page."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert browser, "There is no Chromium: install it (Debian: apt-get install chromium)."
    pages = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)
    assert "index.html" in pages, "The site is not built: make -C docs html"
    reports = queue.Queue()
    page = INSPECTOR % {"width": PHONE, "pages": json.dumps(pages)}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Desk, page=page, reports=reports)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        process = subprocess.Popen(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
             "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
             f"--user-data-dir={tmp_path_factory.mktemp('browser')}", "--window-size=1024,900",
             f"http://127.0.0.1:{server.server_port}/inspector"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            return reports.get(timeout=PATIENCE)
        finally:
            process.terminate()
            process.wait()
            server.shutdown()


def test_the_whole_site_is_seen(seen):
    """The pages that make the site, pictures and links among them."""
    assert {"index.html", "guide/formula.html", "generated/sk_gd.GDLogisticClassifier.html", "changelog.html"} <= set(seen)
    assert all(page["ids"] and page["links"] for page in seen.values())


def test_pictures_load(seen):
    """Every img can be decoded."""
    assert {page: what["missing"] for page, what in seen.items() if what["missing"]} == {}


def test_nothing_overflows_on_a_phone(seen):
    """No page scrolls sideways; what is wide scrolls by itself."""
    too_wide = {page: what["wide"] for page, what in seen.items() if what["width"] > PHONE or what["wide"]}
    assert too_wide == {}


def test_links_resolve(seen):
    """Links within the site lead to a file, and to a place or a text in it."""
    broken = set()
    for page, what in seen.items():
        for link in what["links"]:
            parts = urlsplit(link)
            if parts.hostname != "127.0.0.1":
                continue
            target = unquote(parts.path).lstrip("/") or "index.html"
            place, _, text = parts.fragment.partition(":~:text=")
            text = unquote(text.replace(",-", ""))  # a name, and what has to follow it
            there = (SITE / target).is_file()
            if there and target in seen:
                there = not place or unquote(place) in seen[target]["ids"]
                there &= bool(re.search(rf"(?<!\w){re.escape(text)}", seen[target]["text"]))
            if not there:
                broken.add((page, target, place, text))
    assert broken == set()


def test_pictures_of_estimators_link_to_their_pages(seen):
    """Wherever the site is: the page of the class, the text of every parameter and of every fitted attribute."""
    links = seen["auto_examples/plot_text.html"]["pictured"]
    ours = [link for link in links if urlsplit(link).scheme != "https"]
    page = "../generated/sk_gd.GDLogisticClassifier.html"
    assert ours[0] == page
    assert all(link.startswith(f"{page}#:~:text=") for link in ours[1:])
    model = GDLogisticClassifier().fit([[0.0], [1.0]], [0, 1])
    fitted = {name for name in vars(model) if name.endswith("_") and not name.startswith("_")}
    named = {re.split("[=,]", link)[1] for link in ours[1:]}
    assert named >= set(model.get_params()) | fitted
