# c_tests += tests/scenario/NAME (compiles tests/scenario/NAME.c)
