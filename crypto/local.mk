# core_sources += crypto/NAME.c crypto/NAME.h
