# What the documents show and link to; installed with them.
shown_examples += examples/embed.c examples/poll.c examples/threads.c examples/peers.c

check_PROGRAMS += examples/embed
examples_embed_SOURCES = examples/embed.c
examples_embed_LDADD = libbellwether.la $(EV_LIBS)
py_tests += examples/embed_test.py

check_PROGRAMS += examples/poll
examples_poll_SOURCES = examples/poll.c
examples_poll_LDADD = libbellwether.la
py_tests += examples/poll_test.py

# docs/EMBEDDING.md
check_PROGRAMS += examples/threads
examples_threads_SOURCES = examples/threads.c
examples_threads_LDADD = libbellwether.la $(EV_LIBS) $(THREAD_LIBS)
py_tests += examples/threads_test.py

# docs/recipes/embedding.md
check_PROGRAMS += examples/peers
examples_peers_SOURCES = examples/peers.c
examples_peers_LDADD = libbellwether.la $(EV_LIBS)
py_tests += examples/peers_test.py
EXTRA_DIST += examples/example.py

# docs/recipes/embedding.md; run by tests/e2e/python_module.py
shown_examples += examples/asyncio_member.py

# docs/recipes/fencing.md; tried by tests/e2e/fencing_servers.py
shown_examples += examples/fence.sql examples/fence.lua

# docs/recipes/standby.md; run by tests/e2e/standby.py
shown_examples += examples/journal.py examples/standby-health

# docs/recipes/pair.md; run by tests/e2e/pair.py
shown_examples += examples/fence-other

# docs/recipes/sharded.md; run by tests/e2e/sharded.py
shown_examples += examples/shard-put

# docs/recipes/cron.md, docs/recipes/singleton.md; run by tests/e2e/recipes.py
shown_examples += examples/cron-once examples/singleton.service

# docs/HTTP.md; run by tests/e2e/over_http_others.py
shown_examples += examples/http/alerts.yml examples/http/haproxy.cfg examples/http/nginx.conf examples/http/prometheus.yml
