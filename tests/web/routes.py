"""The application's own routes, for tests that drive every one of them."""

import re

from litestar import Litestar
from litestar.routes import HTTPRoute


def addresses(portal: Litestar) -> list[tuple[str, str]]:
    """Method and path of every route, with its parameters as ``{name}``."""
    found: list[tuple[str, str]] = []
    for route in portal.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
            found += [(method, path) for method in sorted(route.methods - {"OPTIONS"})]
    return found


def names(path: str) -> list[str]:
    """The parameters of a path, in its order."""
    return re.findall(r"\{(\w+)\}", path)
