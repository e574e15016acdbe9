# c_tests += tests/scenario/NAME (compiles tests/scenario/NAME.c)

c_tests += tests/scenario/detector
tests_scenario_detector_SOURCES = tests/scenario/detector.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/membership
tests_scenario_membership_SOURCES = tests/scenario/membership.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/election
tests_scenario_election_SOURCES = tests/scenario/election.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/faults
tests_scenario_faults_SOURCES = tests/scenario/faults.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/scopes
tests_scenario_scopes_SOURCES = tests/scenario/scopes.c tests/scenario/story.c tests/scenario/story.h
c_tests += tests/scenario/links
tests_scenario_links_SOURCES = tests/scenario/links.c tests/scenario/story.c tests/scenario/story.h
