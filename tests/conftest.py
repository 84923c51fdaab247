"""What holds for every test."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines that run the tests are slow or busy at times: how long an example takes says nothing about the code.
settings.register_profile("bieuso", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("bieuso")
