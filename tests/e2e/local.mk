# Real processes on loopback (network.py: in network namespaces of its own). cluster.py is what they share.
if TOOLS
py_tests += \
	tests/e2e/cli.py \
	tests/e2e/commands.py \
	tests/e2e/completion.py \
	tests/e2e/confined.py \
	tests/e2e/control.py \
	tests/e2e/conventions.py \
	tests/e2e/crowd.py \
	tests/e2e/demo.py \
	tests/e2e/discover.py \
	tests/e2e/doctor.py \
	tests/e2e/fence.py \
	tests/e2e/handover.py \
	tests/e2e/identity.py \
	tests/e2e/hostile.py \
	tests/e2e/hostile_text.py \
	tests/e2e/quorum.py \
	tests/e2e/quickstart.py \
	tests/e2e/keys.py \
	tests/e2e/leadership.py \
	tests/e2e/life.py \
	tests/e2e/monitor.py \
	tests/e2e/network.py \
	tests/e2e/over_http.py \
	tests/e2e/over_http_others.py \
	tests/e2e/over_http_rude.py \
	tests/e2e/operating.py \
	tests/e2e/pair.py \
	tests/e2e/recipes.py \
	tests/e2e/sharded.py \
	tests/e2e/run.py \
	tests/e2e/seats.py \
	tests/e2e/simulate.py \
	tests/e2e/standby.py \
	tests/e2e/state.py \
	tests/e2e/timeline.py \
	tests/e2e/upgrade.py \
	tests/e2e/top.py \
	tests/e2e/users.py
endif
py_tests += tests/e2e/installed.py
EXTRA_DIST += tests/e2e/member.cpp

# In check-full: they need a browser.
EXTRA_DIST += tests/e2e/dashboard_browser.py tests/e2e/timeline_browser.py tests/lib/browser.py
# In check-full: they need PostgreSQL and Redis.
EXTRA_DIST += tests/e2e/fencing_servers.py
EXTRA_DIST += tests/e2e/http_client.py tests/e2e/beacons.py tests/e2e/timeline_streams.py tests/e2e/cluster.py tests/e2e/namespaces.py tests/e2e/work.py

EXTRA_DIST += tests/bench/failover.py tests/bench/failover_rivals.py tests/bench/flood.py tests/bench/scopes.py
CLEANFILES += bench-failover.json
.PHONY: bench-failover
bench-failover: tools/bellwether
	@$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/tests/bench/failover.py --json bench-failover.json

# The enemy of hostile.py.
EXTRA_DIST += tests/e2e/hostile_peer.py
