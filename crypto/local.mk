core_sources += \
	crypto/aead.c \
	crypto/aead.h \
	crypto/channel.c \
	crypto/channel.h \
	crypto/clock.c \
	crypto/clock.h \
	crypto/keyring.c \
	crypto/keyring.h \
	crypto/replay.c \
	crypto/replay.h \
	crypto/sent.c \
	crypto/sent.h \
	crypto/sessions.c \
	crypto/sessions.h
