check_PROGRAMS += examples/embed
examples_embed_SOURCES = examples/embed.c
examples_embed_LDADD = libbellwether.la $(EV_LIBS)
py_tests += examples/embed_test.py
