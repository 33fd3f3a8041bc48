"""How often each fault is made: a few times in the suite, all of them by `just faults`."""

import os

import pytest

WHOLE = os.environ.get("BALAGH_TEST_FAULTS") == "all"
SEED = int(os.environ.get("BALAGH_TEST_SEED", "0")) or int.from_bytes(os.urandom(4), "big")

# The whole counts take minutes.
PATIENT = pytest.mark.timeout(1800 if WHOLE else 120)


def times(promised: int, in_the_suite: int) -> int:
    return promised if WHOLE else in_the_suite
