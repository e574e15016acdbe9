# Real processes on loopback (network.py: in network namespaces of its own). cluster.py is what they share.
if TOOLS
py_tests += \
	tests/e2e/cli.py \
	tests/e2e/commands.py \
	tests/e2e/crowd.py \
	tests/e2e/demo.py \
	tests/e2e/fence.py \
	tests/e2e/handover.py \
	tests/e2e/quorum.py \
	tests/e2e/leadership.py \
	tests/e2e/life.py \
	tests/e2e/monitor.py \
	tests/e2e/network.py \
	tests/e2e/operating.py \
	tests/e2e/recipes.py \
	tests/e2e/run.py \
	tests/e2e/simulate.py \
	tests/e2e/state.py \
	tests/e2e/timeline.py \
	tests/e2e/users.py
endif
# In check-full: it needs a browser.
EXTRA_DIST += tests/e2e/timeline_browser.py tests/lib/browser.py
# In check-full: they need PostgreSQL and Redis.
EXTRA_DIST += tests/e2e/fencing_servers.py
EXTRA_DIST += tests/e2e/timeline_streams.py tests/e2e/cluster.py tests/e2e/namespaces.py tests/e2e/work.py

EXTRA_DIST += tests/bench/failover.py tests/bench/failover_rivals.py
CLEANFILES += bench-failover.json
.PHONY: bench-failover
bench-failover: tools/bellwether
	@$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/tests/bench/failover.py --json bench-failover.json
