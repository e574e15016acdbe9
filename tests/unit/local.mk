# c_tests += tests/unit/NAME (compiles tests/unit/NAME.c)

c_tests += tests/unit/base_test
tests_unit_base_test_SOURCES = \
	tests/unit/base_test.c \
	tests/unit/base_test.h \
	tests/unit/base_base_test.c \
	tests/unit/base_error_test.c \
	tests/unit/base_rng_test.c \
	tests/unit/base_table_test.c \
	tests/unit/base_timer_test.c \
	tests/unit/base_trace_test.c \
	tests/unit/base_wire_test.c \
	tests/unit/base_wire_test.h \
	tests/unit/base_wire_hostile_test.c
EXTRA_DIST += tests/vectors/wire.txt
