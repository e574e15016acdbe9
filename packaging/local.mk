# systemd's units of an agent and of `run`, for the place where it is installed, and their user.
EXTRA_DIST += packaging/bellwether.service.in packaging/bellwether-run@.service.in packaging/bellwether.sysusers
if SYSTEMD_UNIT
systemdsystemunit_DATA = packaging/bellwether.service packaging/bellwether-run@.service
CLEANFILES += $(systemdsystemunit_DATA)
$(systemdsystemunit_DATA): %: %.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && $(SED) -e 's|@bindir[@]|$(bindir)|g' -e 's|@docdir[@]|$(docdir)|g' '$<' >'$@-t' && mv '$@-t' '$@'
sysusersdir = $(prefix)/lib/sysusers.d
sysusers_DATA = packaging/sysusers/bellwether.conf
CLEANFILES += $(sysusers_DATA)
packaging/sysusers/bellwether.conf: packaging/bellwether.sysusers
	$(AM_V_GEN)$(MKDIR_P) packaging/sysusers && cp '$(srcdir)/packaging/bellwether.sysusers' $@
endif

# For CMake's find_package; libdir and includedir below the prefix, and from the files back to it.
EXTRA_DIST += packaging/bellwether-config.cmake.in packaging/bellwether-config-version.cmake.in
cmakedir = $(libdir)/cmake/bellwether
cmake_DATA = packaging/bellwether-config.cmake packaging/bellwether-config-version.cmake
CLEANFILES += $(cmake_DATA)
packaging/bellwether-config.cmake: packaging/bellwether-config.cmake.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && below() { printf '%s' "$$1" | $(SED) -e 's|^$(prefix)/*||'; } && \
		lib=`below '$(libdir)'` && include=`below '$(includedir)'` && \
		up=`below '$(cmakedir)' | $(SED) -e 's|[^/][^/]*|..|g'` && \
		$(SED) -e "s|@up[@]|$$up|" -e "s|@libdir_below[@]|$$lib|" -e "s|@includedir_below[@]|$$include|" \
		-e 's|@EV_LIBS[@]|$(EV_LIBS)|' -e 's|@THREAD_LIBS[@]|$(THREAD_LIBS)|' \
		'$(srcdir)/packaging/bellwether-config.cmake.in' >$@-t && mv $@-t $@
packaging/bellwether-config-version.cmake: packaging/bellwether-config-version.cmake.in Makefile
	$(AM_V_GEN)$(MKDIR_P) packaging && $(SED) -e 's|@VERSION[@]|$(VERSION)|' \
		'$(srcdir)/packaging/bellwether-config-version.cmake.in' >$@-t && mv $@-t $@

# Debian's packages: ./bootstrap deb.
EXTRA_DIST += packaging/build-deb packaging/check-deb packaging/check-deb-inside \
	packaging/debian/bellwether-doc.install \
	packaging/debian/bellwether.install \
	packaging/debian/bellwether.postrm \
	packaging/debian/changelog.in \
	packaging/debian/control \
	packaging/debian/copyright \
	packaging/debian/libbellwether-dev.install \
	packaging/debian/libbellwether0.install \
	packaging/debian/libbellwether0.symbols \
	packaging/debian/not-installed \
	packaging/debian/python3-bellwether.install \
	packaging/debian/rules \
	packaging/debian/source/format
