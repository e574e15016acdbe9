# if TOOLS
# bin_PROGRAMS += tools/bellwether
# tools_bellwether_SOURCES = tools/main.c
# tools_bellwether_CPPFLAGS = $(AM_CPPFLAGS) -D_GNU_SOURCE
# tools_bellwether_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(INIH_CFLAGS) $(SMARTCOLS_CFLAGS)
# tools_bellwether_LDADD = $(inside_libs) $(JANSSON_LIBS) $(INIH_LIBS) $(SMARTCOLS_LIBS)
# endif
