sim_sources += \
	sim/check.c \
	sim/clock.c \
	sim/count.c \
	sim/disk.c \
	sim/heap.c \
	sim/host.c \
	sim/internal.h \
	sim/network.c \
	sim/record.c \
	sim/sim.h \
	sim/story.c \
	sim/story.h \
	sim/tell.c \
	sim/view.c \
	sim/world.c
