"""Transformation requests and suggestions to file: what is typed on each step."""

from tests.web.pages import Browser, Page

REQUEST = {"agency": "momah", "service": "momah-survey-report"}
REASONS = {
    "title": "تحويل طلب التقرير المساحي إلى خدمة رقمية",
    "description": "أراجع البلدية ثلاث مرات لكل تقرير مساحي، وكل مرة أنتظر أسبوعًا.",
}
TYPED = {
    "agency": "momah",
    "service": "not-listed",
    "service_name": "شهادة إشغال لمبنى قديم",
}
ABOUT = {
    "agency": "momah",
    "platform": "balady",
    "service": "balady-licence-renew",
    "delivery_channel": "app",
}
IDEA = {
    "title": "الدفع بأبل باي عند التجديد",
    "description": "أقترح إضافة خيار الدفع عبر أبل باي عند تجديد الرخصة لأن السداد يتأخر.",
}


async def one_by_one(browser: Browser, kind: str, answers: dict[str, str]) -> Page:
    """One choice a page, as without scripts."""
    await browser.open(f"/new/{kind}")
    for place, (name, value) in enumerate(answers.items()):
        await browser.send("/service" if place else f"/new/{kind}", **{name: value})
    return browser.page


async def request_to_check(browser: Browser, answers: dict[str, str] = REQUEST) -> Page:
    await one_by_one(browser, "transformation", answers)
    await browser.send("/details", **REASONS)
    return await browser.send("/documents")


async def suggestion_to_check(browser: Browser, **typed: str) -> Page:
    await one_by_one(browser, "suggestion", ABOUT)
    await browser.send("/details", **{**IDEA, **typed})
    return await browser.send("/documents")
