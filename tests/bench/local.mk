# Programs that measure, each on its own: none is part of a check. What they said stands in docs/MEASURED.md.
measuring_programs = tests/bench/speed tests/bench/bootstrap tests/bench/detection tests/bench/lifeguard \
	tests/bench/badlinks tests/bench/churn tests/bench/row
EXTRA_PROGRAMS = $(measuring_programs)
CLEANFILES += $(measuring_programs) bench-scale.json bench-lifeguard.json

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
