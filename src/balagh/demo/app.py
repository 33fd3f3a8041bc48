"""The portal of the demonstration: its own sign-in and clock, and what was sent."""

import os

from litestar import Litestar

from balagh import app, logs
from balagh.demo import ahead, clock, outbox, sign_in
from balagh.settings import load


def create_from_environment() -> Litestar:
    """The web server's entry for ``balagh demo``."""
    settings = load(os.environ, demo=True)
    logs.configure(settings.log_level)
    ahead.install(settings.data)
    return app.create(settings, sign_in_router=sign_in.router, extra=[outbox.router, clock.router])
