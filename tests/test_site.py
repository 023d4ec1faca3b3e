"""The documentation as a site: every page and every table fits, on a desk and on a phone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.demo import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)
LIMIT = 600
"""Seconds after which a test gives up on the browser."""

PROBE = """<!DOCTYPE html><iframe id=frame style="width:WIDTHpx;height:900px;border:0"></iframe><script>
const bad = [], frame = document.getElementById("frame"), wide = (each) => each.scrollWidth > each.clientWidth + 1;
(async () => {
  for (const page of PAGES) {
    await new Promise((loaded) => { frame.onload = loaded; frame.src = page; });
    const root = frame.contentDocument.documentElement;
    if (wide(root)) bad.push(`${page} is ${root.scrollWidth} wide`);
    for (const table of root.querySelectorAll(".wy-table-responsive"))
      if (wide(table)) bad.push(`${page}: a table is ${table.scrollWidth} wide: ${table.innerText.slice(0, 40)}`);
  }
  await fetch("result", { method: "POST", body: JSON.stringify(bad) });
})();
</script>"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    if subprocess.run([sys.executable, "-c", "import mkdocs"], capture_output=True, check=False).returncode:
        pytest.skip("NO `mkdocs`: nobody looked at the site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


class Served(ThreadingHTTPServer):
    """The site on loopback; `result` is what the page that measures the others has sent."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.result, self.has_result = folder, b"", threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(SimpleHTTPRequestHandler):
    server: Served

    def __init__(self, request: Any, address: Any, server: Served) -> None:
        super().__init__(request, address, server, directory=str(server.folder))

    def do_POST(self) -> None:
        self.server.result = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.server.has_result.set()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="NO `chromium` ON THE PATH: nobody looked at the site")
@pytest.mark.parametrize("width", [390])  # what fits a phone fits a screen
def test_every_page_and_every_table_fits(site: Path, tmp_path: Path, width: int) -> None:
    pages = sorted(each.relative_to(site).as_posix() for each in site.rglob("*.html"))
    pages = [each for each in pages if each not in ("404.html", "search.html", "probe.html")]
    pages = [each for each in pages if not each.startswith("rules/") or each.endswith("index.html")]  # all of one form
    assert len(pages) > 25
    (site / "probe.html").write_text(PROBE.replace("WIDTH", str(width)).replace("PAGES", json.dumps(pages)))
    with Served(site) as served:
        command = [
            CHROMIUM or "", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={tmp_path / 'profile'}", "--remote-debugging-port=0", "--window-size=1300,1000",
            f"http://127.0.0.1:{served.server_port}/probe.html",
        ]  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        browser = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            assert served.has_result.wait(LIMIT), "the browser has measured all pages"
        finally:
            browser.terminate()
            browser.wait()
            served.shutdown()
    assert json.loads(served.result) == []
