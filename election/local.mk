# core_sources += election/NAME.c election/NAME.h
