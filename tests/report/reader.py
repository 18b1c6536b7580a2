"""A reader of the report: a headless Chromium that counts its clicks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_SECONDS = 20
SETTLED_SECONDS = 2
"""By then the page has moved as far as it moves by itself."""
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--window-size=1440,900",
)
SCREENSHOTS = Path(__file__).parents[2] / "reports" / "results" / "screenshots"

Found = TypeVar("Found")


class Reader:
    """Opens a page, and sees what a person sees; `clicks` counts what it took."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver
        self.clicks = 0

    def open(self, page: Path, place: str = "") -> None:
        """Open a page anew, at a place of it."""
        self._driver.get("about:blank")
        self._driver.get(f"{page.resolve().as_uri()}{place}")
        self.clicks = 0

    def see(self, what: str) -> WebElement:
        """Return the first element with this test id, once it is there."""
        found = self._wait(lambda: self._driver.find_elements(By.CSS_SELECTOR, f"[data-testid={what}]"))
        return found[0]

    def in_view(self, what: str) -> bool:
        """Return whether all of it is on the screen, as far as it shows without scrolling."""
        time.sleep(SETTLED_SECONDS)
        script = "const {top, bottom} = arguments[0].getBoundingClientRect(); return [top, innerHeight - bottom]"
        return all(room >= 0 for room in self._driver.execute_script(script, self.see(what)))

    def use_a_phone(self, width: int = 390, height: int = 844) -> None:
        """Show the page as a phone with a screen of so many pixels does."""
        screen = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)

    def width(self) -> int:
        """Return the width of the page in its own pixels: more than the screen has where text is scaled down."""
        return int(self._driver.execute_script("return innerWidth"))

    def put_the_phone_away(self) -> None:
        """Show the page as a desktop computer does, again."""
        self._driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def text(self, what: str) -> str:
        """Return the text of it, once there is any."""
        return self._wait(lambda: self.see(what).text)

    def all_text(self, holding: str) -> str:
        """Return all the text there is to see, once it holds this."""
        body = self._driver.find_element(By.TAG_NAME, "body")
        self._wait(lambda: holding in body.text)
        return body.text

    def links(self, within: str) -> list[str]:
        """Return where the links lead that stand in the first element with this test id."""
        return [str(link.get_attribute("href")) for link in self.see(within).find_elements(By.XPATH, "descendant::a")]

    def click(self, element: WebElement) -> None:
        """Click."""
        element.click()
        self.clicks += 1

    def under(self, heading: str, row: str) -> WebElement:
        """Return the first row below a heading whose text holds `row`."""
        path = f"//*[text()='{heading}']/following::*[contains(text(), '{row}')]"
        return self._wait(lambda: self._driver.find_elements(By.XPATH, path))[0]

    def row(self, text: str) -> WebElement:
        """Return the first element with exactly this text."""
        return self._wait(lambda: self._driver.find_elements(By.XPATH, f"//*[text()='{text}']"))[0]

    def description(self) -> str:
        """Return the text of the page of a result."""
        return self._within(self.see("test-result-description-frame"))

    def note(self) -> tuple[str, int]:
        """Return the text of the attachment that is open, and the height in pixels that it is given."""
        frame = self.see("markdown-attachment-preview").find_element(By.TAG_NAME, "iframe")
        return self._within(frame), frame.size["height"]

    def _within(self, frame: WebElement) -> str:
        self._driver.switch_to.frame(frame)
        try:
            return self._wait(lambda: self._driver.find_element(By.TAG_NAME, "body").text)
        finally:
            self._driver.switch_to.default_content()

    def command(self) -> str:
        """Return the curl command of a result, as it is copied."""
        self._driver.switch_to.frame(self.see("test-result-description-frame"))
        try:
            blocks = self._wait(lambda: self._driver.find_elements(By.TAG_NAME, "pre"))
            return next(block.text for block in blocks if "curl -i" in block.text)
        finally:
            self._driver.switch_to.default_content()

    def complaints(self) -> list[str]:
        """Return what the browser's console has to say."""
        return [entry["message"] for entry in self._driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def loaded(self) -> list[str]:
        """Return the addresses that the page loaded over a network."""
        script = "return performance.getEntriesByType('resource').map((entry) => entry.name)"
        return [name for name in self._driver.execute_script(script) if name.startswith("http")]

    def keep(self, name: str) -> None:
        """Keep a picture of what is seen now."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self._driver.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def keep_as(self, file: Path, showing: str) -> None:
        """Keep a picture in a file, once the page shows this and stands still."""
        self.see(showing)
        time.sleep(SETTLED_SECONDS)
        self._driver.save_screenshot(str(file))

    def _wait(self, for_what: Callable[[], Found]) -> Found:
        return WebDriverWait(self._driver, PATIENCE_SECONDS).until(lambda _: for_what())


@contextmanager
def reader(profile: Path) -> Iterator[Reader]:
    """Start a browser with an empty profile; say what to install where there is none."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        pytest.fail("There is no browser to read the report: apt-get install chromium chromium-driver.")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Reader(started)
    finally:
        started.quit()
