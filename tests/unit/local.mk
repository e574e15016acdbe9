# c_tests += tests/unit/NAME (compiles tests/unit/NAME.c)
