"""``just bench [--seconds N] [--clients N]``."""

import argparse

from benchmarks import submissions


def main() -> None:
    parser = argparse.ArgumentParser(prog="just bench", description=__doc__)
    parser.add_argument("--seconds", type=int, default=8, help="length of each run (default: 8)")
    parser.add_argument("--clients", type=int, default=8, help="at once (default: 8)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side (default: 3)")
    chosen = parser.parse_args()
    submissions.run(seconds=chosen.seconds, clients=chosen.clients, rounds=chosen.rounds)


if __name__ == "__main__":
    main()
