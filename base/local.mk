core_sources += \
	base/base.c \
	base/base.h \
	base/envelope.h \
	base/error.c \
	base/list.h \
	base/mutant.h \
	base/rng.c \
	base/rng.h \
	base/rules.h \
	base/rules_crypto.h \
	base/rules_election.h \
	base/rules_gossip.h \
	base/seat.c \
	base/table.c \
	base/table.h \
	base/textname.h \
	base/timer.c \
	base/timer.h \
	base/trace.c \
	base/trace.h \
	base/wire.c \
	base/wire.h \
	base/wire_print.c
