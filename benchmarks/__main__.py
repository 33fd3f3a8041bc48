"""``just bench [submissions | inbox | notices | clocks | weak-link] [--rounds N] …``."""

import argparse

from benchmarks import clocks, inbox, notices, submissions, weak_link


def main() -> None:
    parser = argparse.ArgumentParser(prog="just bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        default="submissions",
        choices=["submissions", "inbox", "notices", "clocks", "weak-link"],
    )
    parser.add_argument("--seconds", type=int, default=8, help="length of each run (default: 8)")
    parser.add_argument("--clients", type=int, default=8, help="at once (default: 8)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side (default: 3)")
    parser.add_argument(
        "--reports", type=int, default=inbox.LARGE, help="of the larger inbox (default: 1,000,000)"
    )
    chosen = parser.parse_args()
    if chosen.what == "weak-link":
        weak_link.run()
    elif chosen.what == "notices":
        notices.run(rounds=chosen.rounds)
    elif chosen.what == "clocks":
        clocks.run(rounds=chosen.rounds, rows=chosen.reports)
    elif chosen.what == "inbox":
        inbox.run(
            seconds=chosen.seconds, clients=chosen.clients, rounds=chosen.rounds,
            rows=chosen.reports,
        )  # fmt: skip
    else:
        submissions.run(seconds=chosen.seconds, clients=chosen.clients, rounds=chosen.rounds)


if __name__ == "__main__":
    main()
