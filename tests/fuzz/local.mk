# Fuzz targets. Here each is a program that goes through its corpus, as a test. In a build of its own (configure --enable-fuzzing, with
# clang) libFuzzer drives it: `make fuzz FUZZ=node TIME=60`. docs/FUZZING.md.
fuzz_common = tests/fuzz/fuzz.c tests/fuzz/fuzz.h
if FUZZING
fuzz_driver =
check_PROGRAMS += $(fuzz_targets)
else
fuzz_driver = tests/fuzz/replay.c
c_tests += $(fuzz_targets)
endif
fuzz_targets = tests/fuzz/beacon tests/fuzz/decoder tests/fuzz/guard tests/fuzz/identity tests/fuzz/keys tests/fuzz/node tests/fuzz/state $(fuzz_tools)
if TOOLS
fuzz_tools = tests/fuzz/config tests/fuzz/control tests/fuzz/plan tests/fuzz/streams
endif

fuzz_flags = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_fuzz_beacon_SOURCES = tests/fuzz/beacon.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_beacon_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"beacon"'
tests_fuzz_beacon_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_decoder_SOURCES = tests/fuzz/decoder.c tests/fuzz/grammar.c tests/fuzz/grammar.h $(fuzz_common) $(fuzz_driver)
tests_fuzz_decoder_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"decoder"'
tests_fuzz_decoder_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_guard_SOURCES = tests/fuzz/guard.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_guard_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"guard"'
tests_fuzz_guard_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_identity_SOURCES = tests/fuzz/identity.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_identity_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"identity"'
tests_fuzz_identity_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_keys_SOURCES = tests/fuzz/keys.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_keys_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"keys"'
tests_fuzz_keys_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_node_SOURCES = tests/fuzz/node.c tests/fuzz/world.c tests/fuzz/world.h tests/fuzz/grammar.c tests/fuzz/grammar.h \
	$(fuzz_common) $(fuzz_driver)
tests_fuzz_node_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"node"'
tests_fuzz_node_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_state_SOURCES = tests/fuzz/state.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_state_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"state"'
tests_fuzz_state_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)

if TOOLS
fuzz_tools_libs = libtools.a $(LDADD) $(JANSSON_LIBS) $(INIH_LIBS) $(SMARTCOLS_LIBS) $(SECCOMP_LIBS) $(DL_LIBS)
tests_fuzz_config_SOURCES = tests/fuzz/config.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_config_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"config"'
tests_fuzz_config_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_config_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_config_LDADD = $(fuzz_tools_libs)
tests_fuzz_control_SOURCES = tests/fuzz/control.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_control_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"control"'
tests_fuzz_control_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_control_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_control_LDADD = $(fuzz_tools_libs)
tests_fuzz_plan_SOURCES = tests/fuzz/plan.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_plan_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"plan"'
tests_fuzz_plan_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_plan_LDADD = $(fuzz_tools_libs)
tests_fuzz_streams_SOURCES = tests/fuzz/streams.c $(fuzz_common) $(fuzz_driver)
tests_fuzz_streams_CPPFLAGS = $(fuzz_flags) -DFUZZ_TARGET='"streams"'
tests_fuzz_streams_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_streams_LDADD = $(fuzz_tools_libs)
endif

EXTRA_DIST += tests/fuzz/corpus tests/fuzz/dictionary tests/fuzz/fuzz.sh

# A tree that is configured itself cannot be the source of another build: a copy of it can.
.PHONY: fuzz
fuzz:
	@test ! -e $(srcdir)/config.status || $(MAKE) -s distdir distdir=build-fuzz/source
	@$(srcdir)/tests/fuzz/fuzz.sh '$(abs_top_srcdir)' '$(abs_top_builddir)/build-fuzz' '$(FUZZ)' '$(TIME)' '$(MERGE)'
