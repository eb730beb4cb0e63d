"""Prints `N passed, N failed` for a JUnit file of ctest and the names of what failed; exits 1 when something did."""

import sys
import xml.etree.ElementTree as ET


def main(path: str) -> int:
    cases = ET.parse(path).getroot().findall(".//testcase")
    failed = [case.get("name") for case in cases if case.get("status") not in ("run", "disabled", "notrun")]
    never_run = [case.get("name") for case in cases if case.get("status") == "notrun" and case.find("skipped") is None]
    for name in failed + never_run:
        print(f"failed: {name}")
    passed = sum(1 for case in cases if case.get("status") == "run")
    bad = len(failed) + len(never_run)
    print(f"{passed} passed, {bad} failed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
