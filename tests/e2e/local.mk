# py_tests += tests/e2e/NAME.py
