"""Whether perf can sample this host."""

import pytest

from vcperf.profilers import perf
from vcperf.testbeds.netns import NetnsTestbed

FAULT = perf.fault(NetnsTestbed, {"event": "cycles", "frequency_hz": 997})
needs_perf = pytest.mark.skipif(bool(FAULT), reason=f"no profiles here: {FAULT}")
