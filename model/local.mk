# Models of the election's rules in Promela (docs/MODEL.md). make check runs small instances, make model larger ones.
EXTRA_DIST += model/quorum.pml model/quorum_rules.pml model/claim.pml model/claim_rules.pml
py_tests += tests/model/models.py

.PHONY: model
model:
	@$(AM_TESTS_ENVIRONMENT) nice $(PYTHON) $(srcdir)/tests/model/models.py --large
