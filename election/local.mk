core_sources += \
	election/claim.c \
	election/declare.c \
	election/election.c \
	election/election.h \
	election/evidence.c \
	election/guard.c \
	election/guard.h \
	election/handover.c \
	election/heal.c \
	election/lease.c \
	election/message.c \
	election/message.h \
	election/peer.c \
	election/queue.c \
	election/rank.c \
	election/rank.h \
	election/receive.c \
	election/record.c \
	election/record.h \
	election/reign.c \
	election/scope.c \
	election/standing.c \
	election/state.h \
	election/step.c \
	election/stop.c \
	election/successor.c \
	election/view.c
