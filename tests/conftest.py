"""CI runs the same examples each time; a person's machine looks for new ones."""

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

for name in [each for each in os.environ if each.lower().endswith("_proxy")]:
    del os.environ[name]  # the servers of the tests are on loopback
