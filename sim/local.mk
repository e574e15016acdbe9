sim_sources += \
	sim/check.c \
	sim/clock.c \
	sim/count.c \
	sim/demand.c \
	sim/disk.c \
	sim/fault.h \
	sim/fault_parse.c \
	sim/fault_run.c \
	sim/fault_words.c \
	sim/fault_words.h \
	sim/heap.c \
	sim/host.c \
	sim/internal.h \
	sim/invariants.h \
	sim/measure.c \
	sim/measure.h \
	sim/measure_bounds.c \
	sim/network.c \
	sim/record.c \
	sim/sample.c \
	sim/sim.h \
	sim/story.c \
	sim/story.h \
	sim/tell.c \
	sim/user.c \
	sim/view.c \
	sim/world.c
