# Programs that measure, each on its own: none is part of a check (but that make bench works is). What they said stands in docs/MEASURED.md.
measuring_programs = tests/bench/bootstrap tests/bench/detection tests/bench/lifeguard tests/bench/badlinks tests/bench/churn
EXTRA_PROGRAMS = $(measuring_programs)
CLEANFILES += $(measuring_programs) bench.json bench-scale.json bench-lifeguard.json

bench_programs = tests/bench/datagram tests/bench/junk tests/bench/row tests/bench/speed
if TESTS_POSSIBLE
check_PROGRAMS += $(bench_programs)
else
EXTRA_PROGRAMS += $(bench_programs)
endif
if TOOLS
py_tests += tests/bench/bench_itself.py
endif
EXTRA_DIST += tests/bench/bench.py

.PHONY: bench
bench: $(bench_programs) tools/bellwether
	@$(AM_TESTS_ENVIRONMENT) BENCH_CFLAGS='$(CFLAGS)' $(PYTHON) $(srcdir)/tests/bench/bench.py --json bench.json $(BENCH_OPTIONS)

tests_bench_row_SOURCES = tests/bench/row.c tests/bench/counted.h
tests_bench_datagram_SOURCES = tests/bench/datagram.c tests/bench/pair.c tests/bench/pair.h
tests_bench_datagram_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_bench_junk_SOURCES = tests/bench/junk.c tests/bench/pair.c tests/bench/pair.h
tests_bench_junk_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_bench_detection_SOURCES = tests/bench/detection.c tests/bench/watch.c tests/bench/watch.h
tests_bench_detection_LDADD = $(LDADD) -lm
tests_bench_lifeguard_SOURCES = tests/bench/lifeguard.c tests/bench/watch.c tests/bench/watch.h
tests_bench_badlinks_SOURCES = tests/bench/badlinks.c tests/bench/watch.c tests/bench/watch.h
tests_bench_churn_SOURCES = tests/bench/churn.c tests/bench/watch.c tests/bench/watch.h

.PHONY: bench-scale bench-detection bench-large bench-lifeguard bench-badlinks bench-churn bench-row
bench-scale: tests/bench/speed tests/bench/bootstrap
	@{ export GLIBC_TUNABLES=glibc.malloc.hugetlb=1; for n in 5 20 100; do tests/bench/speed $$n 600; done; tests/bench/speed 1000 60; \
	  tests/bench/bootstrap 200; tests/bench/bootstrap 2000; } | tee bench-scale.json
bench-detection: tests/bench/detection
	@for n in "10 400" "100 400" "1000 20"; do tests/bench/detection $$n; tests/bench/detection $$n refused; done
bench-large: tests/bench/speed tests/bench/detection
	@export GLIBC_TUNABLES=glibc.malloc.hugetlb=1; tests/bench/speed 10000 20; tests/bench/detection 10000 3; tests/bench/detection 10000 3 refused
bench-lifeguard: tests/bench/lifeguard
	@for block in paper parts settings; do tests/bench/lifeguard $$block 1 bench-lifeguard.json; done
bench-badlinks: tests/bench/badlinks
	@for fault in deaf mute loss-out loss-in loss-both; do tests/bench/badlinks $$fault 1000 300; done
bench-churn: tests/bench/churn
	@tests/bench/churn 10 600; tests/bench/churn 100 120; tests/bench/churn 1000 20
bench-row: tests/bench/row
	@tests/bench/row 10 100 1000 10000
