"""Composition root: the only file that imports everything, except the demonstration."""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.config.compression import CompressionConfig
from litestar.exceptions import HTTPException

from balagh import logs
from balagh.database import pool
from balagh.files.store import Store
from balagh.people.oidc import Provider
from balagh.people.staff_names import StaffNames
from balagh.reports.inbox import Counts
from balagh.settings import Settings, load
from balagh.waking import Waker
from balagh.web import (
    access,
    answering,
    assets,
    errors,
    evidence_links,
    help,
    manifest,
    page,
    public,
    sign_in,
    sms_receipts,
    stopping,
    survey_links,
)
from balagh.web.beneficiary import (
    account,
    addresses,
    cancellation,
    details,
    devices,
    evidence,
    filling,
    my_data,
    rating,
    receipts,
    reminding,
    reports,
    submission,
    switching,
    wizard,
)
from balagh.web.staff import (
    absence,
    accounts,
    agency,
    assigning,
    audit_log,
    bulk,
    calendar,
    calendar_change,
    case,
    correction,
    doing,
    inbox,
    inbox_export,
    intake,
    invitation,
    messages,
    notes,
    notice_choice,
    presence,
    profile,
    promises,
    replies,
    rules,
    saved_views,
    splitting,
    sweeps,
    team_load,
    undelivered,
    undelivered_all,
)
from balagh.web.staff import evidence as case_files
from balagh.web.staff import evidence_links as evidence_link_panel
from balagh.web.staff import sign_in as staff_sign_in

# Bytes of a form without files: the longest answers, typed in Arabic and percent-encoded, fit well.
_FORM = 512 * 1024


def create(
    settings: Settings, *, sign_in_router: Router = sign_in.router, extra: Sequence[Router] = ()
) -> Litestar:
    """The application. The demonstration passes its own sign-in and its extra pages."""

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        # A web server that starts while the database is away says so on its pages until it is back.
        async with pool(app.state.settings.database_pool, least=0):
            await app.state.waker.start()
            try:
                yield
            finally:
                await app.state.waker.stop()

    app = Litestar(
        route_handlers=[
            assets.router,
            public.router,
            manifest.router,
            survey_links.router,
            stopping.router,
            evidence_links.router,
            sms_receipts.router,
            answering.router,
            help.router,
            sign_in_router,
            *extra,
            staff_sign_in.router,
            invitation.router,
            profile.router,
            notice_choice.router,
            accounts.router,
            inbox.router,
            inbox_export.router,
            saved_views.router,
            case.router,
            assigning.router,
            bulk.router,
            rules.router,
            absence.router,
            agency.router,
            promises.router,
            team_load.router,
            undelivered.router,
            undelivered_all.router,
            audit_log.router,
            calendar.router,
            calendar_change.router,
            sweeps.router,
            correction.router,
            notes.router,
            presence.router,
            case_files.router,
            doing.router,
            replies.router,
            messages.router,
            intake.router,
            evidence_link_panel.router,
            splitting.router,
            Router(
                "/",
                guards=[access.filing],
                route_handlers=[
                    submission.router,
                    evidence.router,
                    switching.router,
                    reminding.router,
                    wizard.router,
                    reports.drafts_router,
                ],
            ),
            Router(
                "/",
                guards=[access.beneficiary],
                route_handlers=[
                    reports.router,
                    details.router,
                    receipts.router,
                    filling.router,
                    cancellation.router,
                    rating.router,
                    account.router,
                    addresses.router,
                    devices.router,
                    my_data.router,
                ],
            ),
        ],
        lifespan=[running],
        middleware=[access.middleware],
        before_send=[page.add_headers],
        exception_handlers={
            access.SignInNeeded: access.to_sign_in,
            HTTPException: errors.http_error,
            Exception: errors.unexpected,
        },
        compression_config=CompressionConfig(
            backend="brotli",
            brotli_quality=4,
            minimum_size=300,
            exclude=["^/static", "^/files", "^/case-files", "^/account/data/", "^/inbox/export"],
        ),
        openapi_config=None,
        request_max_body_size=_FORM,
        logging_config=None,
    )
    furnish(app, settings)
    return app


def furnish(app: Litestar, settings: Settings) -> None:
    """All of the application that follows from the settings."""
    app.state.settings = settings
    app.state.headers = page.security_headers(settings)
    app.state.store = Store(settings.data / "files")
    app.state.provider = Provider(settings) if settings.oidc_issuer else None
    app.state.staff_provider = Provider.of_staff(settings) if settings.staff_oidc else None
    app.state.waker = Waker(settings)
    app.state.counts = Counts()
    app.state.staff_names = StaffNames()


def create_from_environment() -> Litestar:
    """The web server's entry for ``balagh serve``."""
    settings = load(os.environ)
    logs.configure(settings.log_level)
    return create(settings)
