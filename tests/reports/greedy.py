"""``child`` with a setter that wants more memory than a receipt is worth."""

import sys

from balagh.reports.receipts import child


def greedy(data: str, filed_at: int) -> bytes:
    return bytes(600 * 1024 * 1024)


child._set = greedy
sys.exit(child.main())
