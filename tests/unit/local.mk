# c_tests += tests/unit/NAME (compiles tests/unit/NAME.c)

c_tests += tests/unit/base_test
tests_unit_base_test_SOURCES = \
	tests/unit/base_test.c \
	tests/unit/base_test.h \
	tests/unit/base_base_test.c \
	tests/unit/base_error_test.c \
	tests/unit/base_rng_test.c \
	tests/unit/base_table_test.c \
	tests/unit/base_timer_test.c \
	tests/unit/base_trace_test.c \
	tests/unit/base_wire_test.c \
	tests/unit/base_wire_test.h \
	tests/unit/base_wire_hostile_test.c
EXTRA_DIST += tests/vectors/wire.txt

c_tests += tests/unit/crypto_test
tests_unit_crypto_test_SOURCES = \
	tests/unit/crypto_test.c \
	tests/unit/crypto_test.h \
	tests/unit/crypto_beacon_test.c \
	tests/unit/crypto_channel_test.c \
	tests/unit/crypto_clock_test.c \
	tests/unit/crypto_echo_test.c \
	tests/unit/crypto_hostile_test.c \
	tests/unit/crypto_identity_test.c \
	tests/unit/crypto_keyring_test.c \
	tests/unit/crypto_pair_test.c \
	tests/unit/crypto_secrets_test.c \
	tests/unit/crypto_refused_test.c \
	tests/unit/crypto_replay_test.c \
	tests/unit/crypto_sessions_test.c \
	tests/unit/crypto_vectors_test.c
EXTRA_DIST += tests/vectors/seal.txt
py_tests += tests/unit/crypto_vectors_test.py tests/unit/identity_vectors_test.py

c_tests += tests/unit/sim_fault_test tests/unit/sim_story_test tests/unit/sim_attack_test
c_tests += tests/unit/sim_test
tests_unit_sim_test_SOURCES = \
	tests/unit/sim_test.c \
	tests/unit/sim_test.h \
	tests/unit/sim_check_test.c \
	tests/unit/sim_fake.c \
	tests/unit/sim_fake.h \
	tests/unit/sim_fake_state.c

c_tests += tests/unit/loop_test tests/unit/loop_contract_test
tests_unit_loop_test_SOURCES = \
	tests/unit/loop_test.c \
	tests/unit/loop_test.h \
	tests/unit/loop_help.c \
	tests/unit/loop_addr_test.c \
	tests/unit/loop_lan_test.c \
	tests/unit/loop_node_test.c \
	tests/unit/loop_store_test.c \
	tests/unit/loop_udp_test.c
tests_unit_loop_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_loop_contract_test_SOURCES = \
	tests/unit/loop_contract_test.c \
	tests/unit/loop_fake_node.c \
	tests/unit/loop_fake_node.h \
	tests/unit/loop_help.c \
	tests/unit/loop_test.h
tests_unit_loop_contract_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_loop_contract_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sendmmsg

# Each system call of the host goes through a wrapper of the test's.
c_tests += tests/unit/loop_fault_test
tests_unit_loop_fault_test_SOURCES = \
	tests/unit/loop_fault_test.c \
	tests/unit/loop_fault_calls.c \
	tests/unit/loop_fault_calls.h \
	tests/unit/loop_help.c \
	tests/unit/loop_test.h
tests_unit_loop_fault_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_loop_fault_test_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=socket,--wrap=bind,--wrap=connect,--wrap=setsockopt,--wrap=getsockopt \
	-Wl,--wrap=getsockname,--wrap=getifaddrs,--wrap=sendmmsg,--wrap=recvmmsg,--wrap=recvmsg \
	-Wl,--wrap=poll,--wrap=open,--wrap=openat,--wrap=mkdir,--wrap=flock \
	-Wl,--wrap=fstat,--wrap=read,--wrap=write,--wrap=fsync,--wrap=renameat \
	-Wl,--wrap=unlinkat,--wrap=close,--wrap=pthread_create,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=strdup,--wrap=free

c_tests += tests/unit/discovery_test

c_tests += tests/unit/node_test
tests_unit_node_test_SOURCES = \
	tests/unit/node_test.c \
	tests/unit/node_test.h \
	tests/unit/node_history_test.c \
	tests/unit/node_node_test.c \
	tests/unit/node_pair_test.c \
	tests/unit/node_state_test.c

c_tests += tests/unit/election_test
tests_unit_election_test_SOURCES = \
	tests/unit/election_test.c \
	tests/unit/election_test.h \
	tests/unit/election_world.c \
	tests/unit/election_world.h \
	tests/unit/election_world_view.c \
	tests/unit/election_claim_test.c \
	tests/unit/election_declare_test.c \
	tests/unit/election_bully_test.c \
	tests/unit/election_evidence_test.c \
	tests/unit/election_freeze_test.c \
	tests/unit/election_heal_test.c \
	tests/unit/election_lease_test.c \
	tests/unit/election_memory_test.c \
	tests/unit/election_orders_test.c \
	tests/unit/election_message_test.c \
	tests/unit/election_quorum_test.c \
	tests/unit/election_range_test.c \
	tests/unit/election_rank_test.c \
	tests/unit/election_standing_test.c \
	tests/unit/election_preempt_test.c \
	tests/unit/election_reach_test.c \
	tests/unit/election_seat_test.c \
	tests/unit/election_signed_test.c \
	tests/unit/election_handover_test.c \
	tests/unit/election_successor_test.c \
	tests/unit/election_term_test.c \
	tests/unit/election_why_test.c \
	tests/unit/election_word_test.c

# The same in identity mode.
c_tests += tests/unit/election_identity_test
tests_unit_election_identity_test_SOURCES = $(tests_unit_election_test_SOURCES)
tests_unit_election_identity_test_CPPFLAGS = $(AM_CPPFLAGS) -DWORLD_SIGNS

c_tests += tests/unit/gossip_test
tests_unit_gossip_test_SOURCES = \
	tests/unit/gossip_test.c \
	tests/unit/gossip_test.h \
	tests/unit/gossip_net.c \
	tests/unit/gossip_back_test.c \
	tests/unit/gossip_bounds_test.c \
	tests/unit/gossip_claims_test.c \
	tests/unit/gossip_cluster_test.c \
	tests/unit/gossip_cost_test.c \
	tests/unit/gossip_detector_test.c \
	tests/unit/gossip_frames_test.c \
	tests/unit/gossip_accuse_test.c \
	tests/unit/gossip_attest.c \
	tests/unit/gossip_attest.h \
	tests/unit/gossip_checks_test.c \
	tests/unit/gossip_identity_test.c \
	tests/unit/gossip_member_test.c \
	tests/unit/gossip_network_test.c \
	tests/unit/gossip_opening_test.c \
	tests/unit/gossip_operator_test.c \
	tests/unit/gossip_pure_test.c \
	tests/unit/gossip_query_test.c \
	tests/unit/gossip_protocol_test.c \
	tests/unit/gossip_remember_test.c \
	tests/unit/gossip_rush_test.c \
	tests/unit/gossip_switches_test.c \
	tests/unit/gossip_user_test.c \
	tests/unit/gossip_user_test.h \
	tests/unit/gossip_view_test.c
tests_unit_gossip_test_LDADD = $(LDADD) -lm

if TOOLS
c_tests += tests/unit/confine_test
tests_unit_confine_test_SOURCES = tests/unit/confine_test.c tools/confine_calls.c tools/confine_files.c
tests_unit_confine_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_confine_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(SECCOMP_CFLAGS)
tests_unit_confine_test_LDADD = $(LDADD) $(SECCOMP_LIBS)

c_tests += tests/unit/http_test
tests_unit_http_test_SOURCES = tests/unit/http_test.c tools/http_guard.c tools/http_option.c \
	tools/differs.c tools/json.c tools/json_user.c tools/log.c tools/scope_option.c tools/text.c
tests_unit_http_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_http_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_http_test_LDADD = $(LDADD) $(JANSSON_LIBS)

c_tests += tests/unit/doctor_test
tests_unit_doctor_test_SOURCES = tests/unit/doctor_test.c tools/doctor.c tools/doctor_files.c tools/doctor_paths.c tools/doctor_state.c \
	tools/private_file.c tools/vacancy.c tools/differs.c tools/json.c tools/json_user.c tools/log.c tools/scope_option.c tools/text.c
tests_unit_doctor_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_doctor_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_doctor_test_LDADD = $(LDADD) $(JANSSON_LIBS)

c_tests += tests/unit/paths_test
tests_unit_paths_test_SOURCES = tests/unit/paths_test.c tests/unit/loop_help.c tests/unit/loop_test.h \
	tools/agent_paths.c tools/member.c tools/differs.c tools/json.c tools/json_user.c tools/log.c tools/scope_option.c tools/text.c
tests_unit_paths_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_paths_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_paths_test_LDADD = $(LDADD) $(JANSSON_LIBS)

c_tests += tests/unit/tools_test
tests_unit_tools_test_SOURCES = \
	tests/unit/tools_test.c \
	tools/addr.c \
	tools/differs.c \
	tools/event_ring.c \
	tools/event_view.c \
	tools/footprint.c \
	tools/json.c \
	tools/json_user.c \
	tools/log.c \
	tools/scope_option.c \
	tools/seeds.c \
	tools/text.c
tests_unit_tools_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_tools_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_tools_test_LDADD = $(LDADD) $(JANSSON_LIBS)
endif

c_tests += tests/unit/guard_test
tests_unit_guard_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_guard_test_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=pwrite,--wrap=fsync,--wrap=link

# Known answers for other implementations: written and checked by one program, read by another that knows docs/PROTOCOL.md.
c_tests += tests/unit/vectors_test
tests_unit_vectors_test_SOURCES = \
	tests/unit/vectors_test.c \
	tests/unit/vectors_test.h \
	tests/unit/vectors_beacons.c \
	tests/unit/vectors_claims.c \
	tests/unit/vectors_digests.c \
	tests/unit/vectors_frames.c \
	tests/unit/vectors_identity.c \
	tests/unit/vectors_messages.c \
	tests/unit/vectors_packets.c \
	tests/unit/vectors_print.c \
	tests/unit/vectors_ranks.c
tests_unit_vectors_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
EXTRA_DIST += \
	tests/vectors/beacons.json \
	tests/vectors/digests.json \
	tests/vectors/frames.json \
	tests/vectors/identity.json \
	tests/vectors/messages.json \
	tests/vectors/packets.json \
	tests/vectors/ranks.json \
	tests/vectors/decoder.py \
	tests/vectors/signed.py
py_tests += tests/unit/decoder_test.py
.PHONY: vectors
vectors: tests/unit/vectors_test
	@$(AM_TESTS_ENVIRONMENT) BW_VECTORS_WRITE=1 tests/unit/vectors_test
	@$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/tests/unit/frozen_vectors.py --copy

# What earlier versions of the protocol had: tests/vectors/README.md.
EXTRA_DIST += \
	tests/vectors/README.md \
	tests/vectors/protocol-1/beacons.json \
	tests/vectors/protocol-1/digests.json \
	tests/vectors/protocol-1/frames.json \
	tests/vectors/protocol-1/identity.json \
	tests/vectors/protocol-1/messages.json \
	tests/vectors/protocol-1/packets.json \
	tests/vectors/protocol-1/ranks.json
py_tests += tests/unit/frozen_vectors.py
if TOOLS
c_tests += tests/unit/frozen_test
tests_unit_frozen_test_SOURCES = tests/unit/frozen_test.c tests/unit/vectors_print.c tests/unit/vectors_test.h
tests_unit_frozen_test_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
tests_unit_frozen_test_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_unit_frozen_test_LDADD = $(LDADD) $(JANSSON_LIBS)
endif
