# sim_sources += sim/NAME.c sim/NAME.h
