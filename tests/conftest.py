"""What holds for every test."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Machines that run the tests are slow or busy at times: how long an example takes says nothing about the code.
# What is drawn by chance is drawn by developers: a change is not held up by what it has nothing to do with.
_IN_CI = bool(os.environ.get("CI"))
settings.register_profile("bieuso", deadline=None, derandomize=_IN_CI, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bieuso")
