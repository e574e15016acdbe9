# core_sources += gossip/NAME.c gossip/NAME.h
