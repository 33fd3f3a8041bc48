"""Complaints to file: what is typed on each step, by ground."""

from tests.web.pages import Browser, Page

SERVICE = {
    "agency": "momah",
    "platform": "balady",
    "service": "balady-licence-renew",
    "delivery_channel": "web",
}
DETAILS = {
    "title": "سددت رسوم تجديد الرخصة ولم تُجدَّد",
    "description": "سددت رسوم تجديد الرخصة التجارية يوم 8 نوفمبر عبر سداد، وخُصم المبلغ.",
}


def day(name: str, day: int, month: int, year: int, calendar: str = "gregorian") -> dict[str, str]:
    parts = {"day": day, "month": month, "year": year, "calendar": calendar}
    return {f"{name}_{part}": str(value) for part, value in parts.items()}


REFERENCE = {"reference": "BLD-4471882", **day("filed_on", 9, 11, 2026)}


async def begin(browser: Browser, ground: str) -> Page:
    await browser.open("/new/complaint")
    return await browser.send("/new/complaint", ground=ground)


async def choose_service(browser: Browser, **chosen: str) -> Page:
    """One choice a page, as without scripts."""
    for name, value in {**SERVICE, **chosen}.items():
        await browser.send("/service", **{name: value})
    return browser.page


async def to_check(browser: Browser, ground: str = "no_response_time", **typed: str) -> Page:
    """A complaint up to the check page. ``typed`` replaces what is typed anywhere."""

    def with_typed(answers: dict[str, str]) -> dict[str, str]:
        return {name: typed.get(name, value) for name, value in answers.items()}

    await begin(browser, ground)
    if ground == "closed_unresolved":
        await browser.send("/closure", matter="technical", still_happening="yes")
    await choose_service(browser, **{k: v for k, v in typed.items() if k in SERVICE})
    reference = dict(REFERENCE)
    if ground == "closed_unresolved":
        reference |= day("closed_on", 15, 11, 2026)
    if ground == "sla_exceeded":
        reference |= {"response_days": "3"}
    if ground != "outage":
        await browser.send("/reference", **with_typed(reference))
    await browser.send("/details", **with_typed(DETAILS))
    if ground == "outage":
        await browser.send("/files", files={"file": ("fault.png", picture())})
    return await browser.send("/documents")


def picture() -> bytes:
    """A small PNG."""
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#1B8354").save(out, "PNG")
    return out.getvalue()
