check_LTLIBRARIES += libtest.la
libtest_la_SOURCES = tests/lib/tap.c tests/lib/tap.h tests/lib/marks.c tests/lib/marks.h \
	tests/lib/memory.c tests/lib/memory.h
libtest_la_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE $(CUNIT_CFLAGS)
EXTRA_DIST += tests/lib/tap.py tests/lib/coverage.py tests/lib/summary tests/lib/check-full \
	tests/lib/valgrind.supp
