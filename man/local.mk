# The manual pages. Those in man1, man3 and man5 are made by `make manual`, from the command's help, the public headers and man/text; they are
# in the tree, so that nobody needs a program that runs, or Python, to install them. tests/lint/manual.py compares.
# A new command has its page, and its place in the list of them, by that alone.
EXTRA_DIST += \
	man/command_pages.py \
	man/headers.py \
	man/library_pages.py \
	man/manual.py \
	man/mdoc.py \
	man/man3/links \
	man/text/agent \
	man/text/authority \
	man/text/bellwether \
	man/text/bellwether.conf \
	man/text/fence \
	man/text/keys \
	man/text/libbellwether.3 \
	man/text/monitor \
	man/text/run \
	man/text/timeline

include man/pages.mk
dist_man_MANS = $(library_manuals)
if TOOLS
dist_man_MANS += $(command_manuals)
else
EXTRA_DIST += $(command_manuals)
endif

# Each function's name leads to its page.
install-data-hook:
	while read -r page name; do \
		rm -f "$(DESTDIR)$(man3dir)/$$name.3" && $(LN_S) "$$page.3" "$(DESTDIR)$(man3dir)/$$name.3" || exit 1; \
	done <'$(srcdir)/man/man3/links'
uninstall-hook:
	while read -r page name; do rm -f "$(DESTDIR)$(man3dir)/$$name.3"; done <'$(srcdir)/man/man3/links'

.PHONY: manual
manual: tools/bellwether
	@$(AM_TESTS_ENVIRONMENT) $(PYTHON) $(srcdir)/man/manual.py $(srcdir) tools/bellwether $(srcdir)/man
