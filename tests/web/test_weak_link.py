"""Bytes of the whole way from the start page to the number, as served: the budgets of the look
added up over the pages that a complaint takes."""

from urllib.parse import urljoin

import httpx
import pytest
from tests.web.complaints import DETAILS, REFERENCE, SERVICE
from tests.web.conftest import Visiting
from tests.web.pages import Page
from tests.web.test_budgets import BROTLI, FIRST_VIEW, NEXT_FRAGMENT, NEXT_PAGE, SAVING, first_view

# Ground, service and the three choices in it, reference, details, documents, check, number.
STEPS: list[tuple[str, dict[str, str]]] = [
    ("/new/complaint", {"ground": "no_response_time"}),
    *(("/service", {name: value}) for name, value in SERVICE.items()),
    ("/reference", REFERENCE),
    ("/details", DETAILS),
    ("/documents", {}),
    ("/submission", {}),
]
# The first step is a page, because the start leads there by a link of its own.
WITH_SCRIPTS = FIRST_VIEW + NEXT_PAGE + len(STEPS) * NEXT_FRAGMENT
WITHOUT = SAVING + (1 + len(STEPS)) * NEXT_PAGE


async def fetched(
    client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str], **more: object
) -> tuple[int, Page]:
    """The bodies that come over the link until a page stands, redirections followed."""
    bytes_ = 0
    while True:
        answer = await client.request(method, path, headers={**BROTLI, **headers}, **more)  # type: ignore[arg-type]
        bytes_ += answer.num_bytes_downloaded
        if not answer.is_redirect:
            assert answer.status_code == 200, (path, answer.text[:300])
            return bytes_, Page(answer)
        method, path, more = "GET", urljoin(str(answer.url), answer.headers["location"]), {}


@pytest.mark.parametrize("language", ["ar", "en"])
@pytest.mark.parametrize(
    ("headers", "budget"),
    [({"hx-request": "true"}, WITH_SCRIPTS), ({"save-data": "on"}, WITHOUT)],
    ids=["scripts", "saving"],
)
async def test_from_the_start_to_the_number(
    visiting: Visiting, language: str, headers: dict[str, str], budget: float
) -> None:
    async with visiting("نورة سعد القحطاني", language=language) as noura:
        saving = {name: value for name, value in headers.items() if name == "save-data"}
        start = await first_view(noura.client, "/", **saving)
        total = sum(start.values())
        size, page = await fetched(noura.client, "GET", "/new/complaint", saving)
        total += size
        for action, typed in STEPS:
            form = page.form(action)
            size, page = await fetched(
                noura.client, "POST", urljoin(page.path, form.action), headers,
                data={**form.fields, **typed},
            )  # fmt: skip
            total += size
            if action == "/service":
                # With htmx the answer to a choice is taken by its form, without a new page.
                assert size <= (NEXT_FRAGMENT if "hx-request" in headers else NEXT_PAGE)
        assert "/confirmation" in page.path or "hx-request" in headers
        assert 'class="number"' in page.html
        assert total <= budget, f"{total / 1024:.1f} of {budget / 1024:.1f} KB"
