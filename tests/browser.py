"""A real Chromium, headless: it opens pages as a person does, and notes what goes wrong in them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Locator, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
PATIENCE_MS = 30_000
NO_CHROMIUM = "no Chromium is here (Debian: apt install chromium; or name it in CHROMIUM)"
ABSENT = ("/favicon.ico", "/ico/undefined.svg", "/ajax-api/2.0/mlflow/users/current")
"""What the pages ask their own servers for in vain, and no person misses: Prefect's icon, that of a
run whose state is still to come, and who has signed in to an MLflow that asks nobody."""


def chromium() -> str | None:
    """The Chromium that is here: ``$CHROMIUM``, else that of the PATH; None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Window:
    """A page, and the errors that its console has shown."""

    page: "Page"
    errors: list[str] = field(default_factory=list)

    def note(self, message: "ConsoleMessage") -> None:
        """Keep an error of the console."""
        address = message.location.get("url", "")
        if message.type == "error" and urlsplit(address).path not in ABSENT:
            self.errors.append(f"{message.text} ({address})")

    def open(self, address: str) -> None:
        """Go to an address."""
        self.page.goto(address)

    def see(self, text: str) -> "Locator":
        """Wait until ``text`` is to be seen."""
        found = self.page.get_by_text(text).first
        found.wait_for(timeout=PATIENCE_MS)
        return found

    def link(self, name: str) -> "Locator":
        """Wait for the link of that name."""
        found = self.page.get_by_role("link", name=name, exact=True).first
        found.wait_for(timeout=PATIENCE_MS)
        return found

    def field(self, label: str) -> "Locator":
        """The first field below a label, which Prefect's forms do not tie to it."""
        return self.page.locator(f"xpath=//*[text()='{label}']/following::input[1]")

    def picture_width(self) -> int:
        """Wait for a picture that is drawn, and return its own width in pixels."""
        drawn = "() => [...document.images].map(i => i.naturalWidth).find(width => width > 100)"
        return int(self.page.wait_for_function(drawn, timeout=PATIENCE_MS).json_value())

    def shoot(self, path: Path) -> None:
        """Take a picture of the page as it is seen."""
        self.page.wait_for_timeout(1_500)  # until nothing moves any more
        self.page.screenshot(path=path)


@contextmanager
def browser(*, width: int = 1_400, height: int = 1_000) -> Iterator[Window]:
    """A window of the machine's Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        page = started.new_page(viewport={"width": width, "height": height})
        window = Window(page)
        page.on("console", window.note)
        page.on("pageerror", lambda error: window.errors.append(str(error)))
        yield window
        started.close()
