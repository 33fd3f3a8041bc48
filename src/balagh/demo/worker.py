"""The worker of the demonstration, by its clock: ``python -m balagh.demo.worker``."""

import os
import sys

from balagh import jobs
from balagh.demo import ahead
from balagh.settings import load


def main() -> int:
    ahead.install(load(os.environ, demo=True).data)
    return jobs.main(["--demo"])


if __name__ == "__main__":
    sys.exit(main())
