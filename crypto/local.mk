core_sources += \
	crypto/aead.c \
	crypto/aead.h \
	crypto/beacon.c \
	crypto/beacon.h \
	crypto/armour.c \
	crypto/armour.h \
	crypto/certificate.c \
	crypto/certificate.h \
	crypto/channel.c \
	crypto/channel.h \
	crypto/clock.c \
	crypto/clock.h \
	crypto/exchange.c \
	crypto/exchange.h \
	crypto/identity.c \
	crypto/identity.h \
	crypto/keyring.c \
	crypto/keyring.h \
	crypto/pair.c \
	crypto/pair.h \
	crypto/replay.c \
	crypto/replay.h \
	crypto/sent.c \
	crypto/sent.h \
	crypto/sessions.c \
	crypto/sessions.h
