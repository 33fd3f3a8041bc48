"""From the start page to the number on a weak link: requests, bytes on the wire, seconds.

Chromium on a link of 400 kbit/s each way with 400 ms until an answer begins, against the portal as
``balagh demo`` runs it: with scripts, without, and with ``Save-Data``. Nothing is in the browser's
store at first, the person is signed in, and types as fast as the machine.
"""

import asyncio
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from shutil import which
from typing import Any

import httpx
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from balagh import clock
from balagh.processes import free_port

# Bytes a second, milliseconds.
_LINK = {
    "offline": False,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
    "latency": 400,
}
# Without these, Chromium looks for its maker's servers at every start.
_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_SERVICE = {"agency": "momah", "platform": "balady", "service": "balady-licence-renew"}
_TEXTS = {
    "title": "سددت رسوم تجديد الرخصة ولم تُجدَّد",
    "description": "سددت رسوم تجديد الرخصة التجارية عبر سداد، وخُصم المبلغ، وما زالت غير مجددة.",
}
_WAYS: dict[str, dict[str, Any]] = {
    "with scripts": {},
    "scripts off": {"java_script_enabled": False},
    "Save-Data": {"extra_http_headers": {"Save-Data": "on"}},
}


def run() -> None:
    """Prints a table for each way to use the portal, and a line that sums them up."""
    with _demo() as address:
        asyncio.run(_measure(address))


class _Wire:
    """What goes over the link, as the browser counts it: heads and bodies, compressed."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int, float]] = []
        self.requests, self.bytes, self._began = 0, 0, time.monotonic()

    def finished(self, event: dict[str, Any]) -> None:
        self._count(event["encodedDataLength"])

    def asked(self, event: dict[str, Any]) -> None:
        """An answer that led elsewhere is told with the request that follows it."""
        if "redirectResponse" in event:
            self._count(event["redirectResponse"]["encodedDataLength"])

    def _count(self, size: float) -> None:
        # Nothing went over the link for what the browser had in its store.
        if size > 0:
            self.requests += 1
            self.bytes += int(size)

    def done(self, name: str) -> None:
        """A page stands: what it took since the page before."""
        now = time.monotonic()
        self.steps.append((name, self.requests, self.bytes, now - self._began))
        self.requests, self.bytes, self._began = 0, 0, now


async def _measure(address: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=which("chromium") or which("chromium-headless-shell"),
            args=list(_ARGUMENTS),
        )
        for name, options in _WAYS.items():
            wire = await _file(browser, address, options)
            requests = sum(step[1] for step in wire.steps)
            size = sum(step[2] for step in wire.steps)
            seconds = sum(step[3] for step in wire.steps)
            print(f"\n{name}: {requests} requests, {size / 1024:.1f} KB, {seconds:.1f} s")
            print("| page | requests | KB | s |\n|---|---|---|---|")
            for step, count, bytes_, took in wire.steps:
                print(f"| {step} | {count} | {bytes_ / 1024:.1f} | {took:.1f} |", flush=True)
        await browser.close()


async def _file(browser: Browser, address: str, options: dict[str, Any]) -> _Wire:
    context = await browser.new_context(
        base_url=address, viewport={"width": 360, "height": 780}, **options
    )
    context.set_default_timeout(60_000)
    signed_in = await context.request.post(
        "/demo/sign-in",
        form={"key": "khalid", "next": "/"},
        headers={"Origin": address},
        max_redirects=0,
    )
    if signed_in.status != 303:
        sys.exit(f"signing in failed: {signed_in.status}")
    page = await context.new_page()
    protocol = await context.new_cdp_session(page)
    await protocol.send("Network.enable")
    await protocol.send("Network.emulateNetworkConditions", _LINK)
    if "extra_http_headers" in options:
        await _save_data(protocol)
    wire = _Wire()
    protocol.on("Network.loadingFinished", wire.finished)
    protocol.on("Network.requestWillBeSent", wire.asked)
    await _journey(page, wire, scripts="java_script_enabled" not in options)
    await context.close()
    return wire


async def _save_data(protocol: CDPSession) -> None:
    """A browser that saves data says so with each request; the extra headers of DevTools are lost
    where an answer leads elsewhere. (Playwright's own routes would switch the store off.)"""

    async def say(paused: dict[str, Any]) -> None:
        headers = {**paused["request"]["headers"], "Save-Data": "on"}
        await protocol.send(
            "Fetch.continueRequest",
            {
                "requestId": paused["requestId"],
                "headers": [{"name": name, "value": value} for name, value in headers.items()],
            },
        )

    protocol.on("Fetch.requestPaused", say)
    await protocol.send(
        "Fetch.enable", {"patterns": [{"urlPattern": "*", "resourceType": "Document"}]}
    )


async def _journey(page: Page, wire: _Wire, *, scripts: bool) -> None:
    await page.goto("/", wait_until="load")
    wire.done("start")
    await page.locator('main a[href="/new/complaint"]').click()
    await page.wait_for_url("**/new/complaint", wait_until="load")
    wire.done("ground")
    await page.locator("input[name=ground][value=no_response_time]").check()
    await _on(page, wire, "service", "select[name=agency]")
    refined = scripts and bool(await page.evaluate("'htmx' in window"))
    following = (*tuple(_SERVICE)[1:], "delivery_channel")
    for (name, value), awaited in zip(_SERVICE.items(), following, strict=True):
        await page.locator(f"[name={name}]").select_option(value)
        field = f"[name={awaited}]:not([type=hidden])"
        if refined:
            await page.wait_for_selector(field)
            wire.done(f"service: {awaited}")
        else:
            await _on(page, wire, f"service: {awaited}", field)
    await page.locator("[name=delivery_channel][value=web]").check()
    await _on(page, wire, "reference", "[name=reference]")
    filed = clock.now().date() - timedelta(days=40)
    await page.locator("[name=reference]").fill(f"BLD-{secrets.randbelow(10**9)}")
    for part in ("day", "month", "year"):
        await page.locator(f"[name=filed_on_{part}]").fill(str(getattr(filed, part)))
    await _on(page, wire, "details", "[name=title]")
    for name, text in _TEXTS.items():
        await page.locator(f"[name={name}]").fill(text)
    await _on(page, wire, "documents", "#upload")
    await _on(page, wire, "check", "main .facts")
    await _on(page, wire, "number", "main .number")
    if re.search(r"/reports/\d{10}/confirmation", page.url) is None:
        sys.exit(f"no number at {page.url}")


async def _on(page: Page, wire: _Wire, name: str, shown: str) -> None:
    """The step's own button, until the next one is there."""
    await page.locator("main form:has([name]) .btn:visible").last.click()
    await page.wait_for_selector(shown)
    await page.wait_for_load_state("load")
    wire.done(name)


@contextmanager
def _demo() -> Iterator[str]:
    port = free_port()
    address = f"http://localhost:{port}"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("BALAGH_")}
    with tempfile.TemporaryDirectory(prefix="balagh-bench-") as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "balagh.cli", "demo", "--port", str(port), "--data", folder],
            stdout=subprocess.DEVNULL, env=environ,
        )  # fmt: skip
        try:
            _wait(address, process)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=5).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    sys.exit("The demonstration did not start.")
