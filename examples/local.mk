check_PROGRAMS += examples/embed
examples_embed_SOURCES = examples/embed.c
examples_embed_LDADD = libbellwether.la $(EV_LIBS)
py_tests += examples/embed_test.py

check_PROGRAMS += examples/poll
examples_poll_SOURCES = examples/poll.c
examples_poll_LDADD = libbellwether.la
py_tests += examples/poll_test.py
EXTRA_DIST += examples/example.py

# docs/recipes/fencing.md; tried by tests/e2e/fencing_servers.py
EXTRA_DIST += examples/fence.sql examples/fence.lua

# docs/recipes/cron.md, docs/recipes/singleton.md; run by tests/e2e/recipes.py
EXTRA_DIST += examples/cron-once examples/singleton.service
