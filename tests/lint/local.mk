lint_tests = \
	tests/lint/abi.py \
	tests/lint/format.py \
	tests/lint/layers.py \
	tests/lint/manual.py \
	tests/lint/packaging.py \
	tests/lint/pure.py \
	tests/lint/rules.py \
	tests/lint/size.py \
	tests/lint/symbols.py \
	tests/lint/tap_itself.py \
	tests/lint/tree.py
py_tests += $(lint_tests)
EXTRA_DIST += tests/lint/house.py tests/lint/abi.txt

# What programs rely on has grown: writes the known layout anew.
.PHONY: abi
abi:
	@$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/tests/lint/abi.py --write

# Planted failures: tap_itself.py runs this program and reads what it says. It is no test of its own.
tap_programs = tests/lint/tap_sample
if TESTS_POSSIBLE
check_PROGRAMS += $(tap_programs)
endif

# Which rules were hit is known only when all programs have run.
tests/lint/rules.log: $(c_tests:=.log)
