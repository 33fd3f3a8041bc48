"""What every page must hold: WCAG 2.2 AA by axe, no sideways scrolling, targets large enough."""

from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Page

_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Style sheets are parsed for one rule alone, an experimental one, which these tags leave out.
_OPTIONS = {"resultTypes": ["violations"], "preload": {"assets": ["media"]}}
HEIGHT = 780

# WCAG 2.2, 2.5.8 asks for 24 px, as staff's pages have it; we promise 44 on the pages of citizens,
# and for what is on both. Links in sentences are exempt there too.
_SMALL = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter((element) => {
    const box = (element.closest("label") ?? element).getBoundingClientRect();
    const style = getComputedStyle(element);
    if (!box.width || !box.height || element.type === "hidden" || style.clipPath !== "none")
      return false;
    if (element.matches(".skip")) return false;
    const inSentence = element.matches("a") && style.display === "inline" &&
      element.parentElement.textContent.trim().length > element.textContent.trim().length;
    const least = document.body.classList.contains("desk") ? 23.5 : 43.5;
    return !inSentence && (box.height < least || box.width < 24);
  })
  .map((element) => element.outerHTML.slice(0, 120))
"""
# How far, and the first that stands out.
_SIDEWAYS = """
() => {
  const { scrollWidth, clientWidth } = document.documentElement
  const out = element => {
    const { left, right, width } = element.getBoundingClientRect()
    return width && (left < -1 || right > clientWidth + 1)
  }
  const every = [...document.querySelectorAll("body *")]
  const first = () => every.findLast(out)?.outerHTML.slice(0, 160)
  return scrollWidth > clientWidth ? `${scrollWidth - clientWidth} px, ${first()}` : ""
}
"""


async def audit(page: Page, *widths: int) -> list[str]:
    """What is wrong with the page at each of these widths, or as it stands; nothing when all is
    well.

    What sticks out or is too small is looked for at every width. Axe, which takes most of the time,
    looks at a page in Arabic at the narrowest and at one in English at the widest: each page is
    toured in both languages, so each width is seen, and each language.
    """
    # Through the protocol and not as a script on the page, which its policy would refuse. Once:
    # to read the half megabyte again takes as long as half of its rules.
    await page.evaluate(_AXE)
    standing = page.viewport_size["width"] if page.viewport_size else 0
    arabic = await page.evaluate("document.documentElement.lang") == "ar"
    by_axe = (min if arabic else max)(widths or [standing])
    troubles = []
    # The width that stands first: each change lays the page out again.
    for width in sorted(widths or [standing], key=lambda each: each != standing):
        if width != standing:
            await page.set_viewport_size({"width": width, "height": HEIGHT})
            standing = width
        troubles += [f"at {width} px: {trouble}" for trouble in await _laid_out(page)]
        if width == by_axe:
            troubles += [f"at {width} px: {trouble}" for trouble in await _rules(page)]
    return troubles


async def _rules(page: Page) -> list[str]:
    found: dict[str, Any] = await page.evaluate(
        "(options) => axe.run(document, options)", {"runOnly": _TAGS, **_OPTIONS}
    )
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def _laid_out(page: Page) -> list[str]:
    sideways = await page.evaluate(_SIDEWAYS)
    troubles = [f"sideways scrolling: {sideways}"] if sideways else []
    return troubles + [f"too small: {each}" for each in await page.evaluate(_SMALL)]
