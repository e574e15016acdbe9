# node_sources += node/NAME.c node/NAME.h
