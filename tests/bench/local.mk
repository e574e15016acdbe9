# Programs that measure, each on its own: none is part of a check. What they said stands in docs/MEASURED.md.
measuring_programs = tests/bench/speed tests/bench/bootstrap tests/bench/detection tests/bench/lifeguard
EXTRA_PROGRAMS = $(measuring_programs)
CLEANFILES += $(measuring_programs) bench-scale.json

.PHONY: bench-scale bench-detection bench-lifeguard
bench-scale: tests/bench/speed tests/bench/bootstrap
	@{ export GLIBC_TUNABLES=glibc.malloc.hugetlb=1; for n in 5 20 100; do tests/bench/speed $$n 600; done; tests/bench/speed 1000 60; \
	  tests/bench/bootstrap 200; tests/bench/bootstrap 2000; } | tee bench-scale.json
bench-detection: tests/bench/detection
	@for n in 10 100 1000; do tests/bench/detection $$n; done
bench-lifeguard: tests/bench/lifeguard
	@tests/bench/lifeguard
