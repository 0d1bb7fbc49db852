"""A real browser in front of the console: pages opened as somebody, looked at, and held against axe."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]
from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, async_playwright

from bot.surfaces.web.signing_in import cookie_name
from policies.roles import Role
from tests.bot.surfaces.web.stage import Site

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
DESKTOP, PHONE = (1280, 900), (390, 844)


def chromium() -> str:
    """Give the path of the browser; skips the test where none is installed."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    return found


@cache
def _devtools() -> str:
    """Start one browser for the whole session of tests; gives the address it is driven at.

    It is a process of its own, because each test has its own event loop, which a Browser object cannot leave.
    """
    folder = Path(tempfile.mkdtemp(prefix="bawab-chromium-"))
    process = subprocess.Popen(
        [chromium(), *ARGUMENTS, "--headless", "--remote-debugging-port=0", f"--user-data-dir={folder}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, process, folder)
    written = folder / "DevToolsActivePort"
    for _ in range(900):
        if written.exists() and "\n" in written.read_text():
            return f"http://127.0.0.1:{written.read_text().splitlines()[0]}"
        time.sleep(0.1)
    raise RuntimeError("the browser did not say where it is driven")


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    process.wait(timeout=60)
    shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def browsing(
    site: Site,
    staff_id: str | None,
    *roles: Role,
    language: str = "en",
    dark: bool = False,
    phone: bool = False,
    javascript: bool = True,
    beside: str = "",
) -> AsyncIterator[Page]:
    """Open a page at the console as this person (None: nobody); what the page complains of fails the test.

    `beside` is an address other than the console's that may be asked: an identity provider's.
    """
    width, height = PHONE if phone else DESKTOP
    async with _context(
        base_url=site.url,
        viewport={"width": width, "height": height},
        locale=language,
        color_scheme="dark" if dark else "light",
        java_script_enabled=javascript,
        reduced_motion="reduce",
    ) as context:
        if staff_id is not None:
            await site.staff(staff_id, *roles)
            token = await site.token(staff_id, language=language)
            await context.add_cookies(
                [{"name": cookie_name(site.app), "value": token, "url": site.url, "httpOnly": True}]
            )
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: _said(said, site, complaints))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: _asked(asked, page, (site.url, beside), complaints))
        yield page
        assert complaints == []


@asynccontextmanager
async def _context(**how: Any) -> AsyncIterator[BrowserContext]:
    address = _devtools()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.connect_over_cdp(address)
        context = await browser.new_context(**how)
        try:
            yield context
        finally:
            await context.close()


def _said(said: ConsoleMessage, site: Site, complaints: list[str]) -> None:
    """Note an error of the console's own pages; that an answer was an error is for the test to judge."""
    ours = said.location["url"].startswith(site.url)
    if said.type == "error" and ours and "the server responded with a status" not in said.text:
        complaints.append(said.text)


def _asked(asked: Request, page: Page, sites: tuple[str, ...], complaints: list[str]) -> None:
    """Note what a page of the console asks of anybody else."""
    here, there = urlsplit(page.url).netloc, urlsplit(asked.url).netloc
    if here in ("", urlsplit(sites[0]).netloc) and there not in {urlsplit(one).netloc for one in sites}:
        complaints.append(f"asked of elsewhere: {asked.url}")


async def serious(page: Page) -> list[str]:
    """Give what axe finds serious or critical on the page, each with where it is."""
    found: dict[str, Any] = (await Axe().run(page, options={"resultTypes": ["violations"]})).response
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


async def fits(page: Page) -> bool:
    """Whether the page needs no scrolling sideways."""
    return bool(
        await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    )


async def photo(page: Page, name: str) -> None:
    """Keep a picture of the whole page in the folder $BAWAB_PHOTOS, if one is named."""
    folder = os.environ.get("BAWAB_PHOTOS")
    if folder:
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)  # makes the folder, too
