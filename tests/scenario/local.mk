# c_tests += tests/scenario/NAME (compiles tests/scenario/NAME.c)

c_tests += tests/scenario/detector
tests_scenario_detector_SOURCES = tests/scenario/detector.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/membership
tests_scenario_membership_SOURCES = tests/scenario/membership.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/election
tests_scenario_election_SOURCES = tests/scenario/election.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/faults
tests_scenario_faults_SOURCES = tests/scenario/faults.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/lives
tests_scenario_lives_SOURCES = tests/scenario/lives.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/setback
tests_scenario_setback_SOURCES = tests/scenario/setback.c tests/scenario/certified.c tests/scenario/certified.h tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/twice
tests_scenario_twice_SOURCES = tests/scenario/twice.c tests/scenario/story.c tests/scenario/story.h

# The swarm, and the same with the core compiled so that single rules can be switched off (base/mutant.h).
swarm_sources = tests/scenario/swarm.h tests/scenario/swarm_draw.c tests/scenario/swarm_least.c tests/scenario/swarm_plan.c tests/scenario/swarm_run.c tests/scenario/swarm_scopes.c
c_tests += tests/scenario/swarm tests/scenario/swarm_mutants
tests_scenario_swarm_SOURCES = tests/scenario/swarm.c $(swarm_sources)
tests_scenario_swarm_mutants_SOURCES = tests/scenario/swarm_mutants.c $(swarm_sources)
tests_scenario_swarm_mutants_CPPFLAGS = $(AM_CPPFLAGS) -DBW_MUTANTS
tests_scenario_swarm_mutants_LDADD = libtest.la libsim.la libnode.la libcore_mutants.la $(library_libs) $(CUNIT_LIBS)
check_LTLIBRARIES += libcore_mutants.la
libcore_mutants_la_SOURCES = $(core_sources)
libcore_mutants_la_CPPFLAGS = $(AM_CPPFLAGS) -DBW_MUTANTS
libcore_mutants_la_CFLAGS = $(AM_CFLAGS) -fno-profile-arcs -fno-test-coverage
c_tests += tests/scenario/spread
tests_scenario_spread_SOURCES = tests/scenario/spread.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/scopes
tests_scenario_scopes_SOURCES = tests/scenario/scopes.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/links
tests_scenario_links_SOURCES = tests/scenario/links.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/late
tests_scenario_late_SOURCES = tests/scenario/late.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/operator
tests_scenario_operator_SOURCES = tests/scenario/operator.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/handover
tests_scenario_handover_SOURCES = tests/scenario/handover.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/quorum_swarm tests/scenario/quorum_mutants
tests_scenario_quorum_swarm_SOURCES = tests/scenario/quorum_swarm.c tests/scenario/quorum_chaos.c tests/scenario/quorum_chaos.h
tests_scenario_quorum_mutants_SOURCES = tests/scenario/quorum_mutants.c tests/scenario/quorum_chaos.c tests/scenario/quorum_chaos.h
tests_scenario_quorum_mutants_CPPFLAGS = $(AM_CPPFLAGS) -DBW_MUTANTS
tests_scenario_quorum_mutants_LDADD = libtest.la libsim.la libnode.la libcore_mutants.la $(library_libs) $(CUNIT_LIBS)
# The claim rules of the other modes, one by one.
c_tests += tests/scenario/claim_mutants
tests_scenario_claim_mutants_CPPFLAGS = $(AM_CPPFLAGS) -DBW_MUTANTS
tests_scenario_claim_mutants_LDADD = libtest.la libsim.la libnode.la libcore_mutants.la $(library_libs) $(CUNIT_LIBS)
c_tests += tests/scenario/quorum
tests_scenario_quorum_SOURCES = tests/scenario/quorum.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/reach
tests_scenario_reach_SOURCES = tests/scenario/reach.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/clocks
tests_scenario_clocks_SOURCES = tests/scenario/clocks.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/freeze
tests_scenario_freeze_SOURCES = tests/scenario/freeze.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/orders
tests_scenario_orders_SOURCES = tests/scenario/orders.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/users
tests_scenario_users_SOURCES = tests/scenario/users.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/declare
tests_scenario_declare_SOURCES = tests/scenario/declare.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/rejoin
tests_scenario_rejoin_SOURCES = tests/scenario/rejoin.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/modes
tests_scenario_modes_SOURCES = tests/scenario/modes.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/scale
tests_scenario_scale_SOURCES = tests/scenario/scale.c tests/scenario/story.c tests/scenario/story.h

.PHONY: soak
SOAK = 600
soak: tests/scenario/swarm
	@tests/scenario/swarm --soak $(SOAK)
c_tests += tests/scenario/seats
tests_scenario_seats_SOURCES = tests/scenario/seats.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/keyring
tests_scenario_keyring_SOURCES = tests/scenario/keyring.c tests/scenario/rotation.c tests/scenario/rotation.h tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/identity
tests_scenario_identity_SOURCES = tests/scenario/identity.c tests/scenario/rotation.c tests/scenario/rotation.h tests/scenario/certified.c tests/scenario/certified.h tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/forged
tests_scenario_forged_SOURCES = tests/scenario/forged.c tests/scenario/certified.c tests/scenario/certified.h tests/scenario/story.c tests/scenario/story.h
