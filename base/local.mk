# core_sources += base/NAME.c base/NAME.h
