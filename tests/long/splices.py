"""Take parts out of random workflows and put texts into them: `python -m tests.long.splices 1000`."""

from __future__ import annotations

import sys

from hypothesis import settings

from tests.yaml import test_splices


def main() -> None:
    """Run both tests on so many workflows."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    for test in (
        test_splices.test_any_part_of_a_random_workflow_goes_alone,
        test_splices.test_any_text_of_a_random_workflow_is_replaced_alone,
    ):
        settings(max_examples=number, deadline=None, database=None)(test)()
        sys.stdout.write(f"{test.__name__}: {number} workflows\n")


if __name__ == "__main__":
    main()
