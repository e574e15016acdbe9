# BW_MISSING(WHAT, DEBIAN-PACKAGE)
# Notes a missing part; BW_REPORT_MISSING names them all in one go.
AC_DEFUN([BW_MISSING], [
  bw_missing_parts="$bw_missing_parts
  $1 (Debian package: $2)"
  bw_missing_packages="$bw_missing_packages $2"])

AC_DEFUN([BW_REPORT_MISSING], [
  AS_IF([test -n "$bw_missing_parts"],
    [AC_MSG_ERROR([missing:
$bw_missing_parts

On Debian 12 run:

  apt-get install$bw_missing_packages

or let ./bootstrap do it.])])])

# BW_NEED_MODULE(VARIABLE-PREFIX, PKG-CONFIG-MODULE, DEBIAN-PACKAGE)
AC_DEFUN([BW_NEED_MODULE], [
  PKG_CHECK_MODULES([$1], [$2], [:], [BW_MISSING([$2], [$3])])])

# BW_C_FLAGS(VARIABLE, FLAGS): appends those flags that the compiler knows.
AC_DEFUN([BW_C_FLAGS], [
  for bw_flag in $2; do
    AC_MSG_CHECKING([whether $CC accepts $bw_flag])
    bw_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $bw_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
      [AC_MSG_RESULT([yes])
       AS_VAR_APPEND([$1], [" $bw_flag"])],
      [AC_MSG_RESULT([no])])
    CFLAGS=$bw_saved_CFLAGS
  done
  AC_SUBST([$1])])

# BW_HTTP_LIBRARY: the name under which libmicrohttpd is loaded when an agent starts that answers HTTP, as the linker would note it for
# the loader, and the Debian package that has it.
AC_DEFUN([BW_HTTP_LIBRARY], [
  AC_MSG_CHECKING([for the name of libmicrohttpd at run time])
  bw_http_library=
  bw_saved_CFLAGS=$CFLAGS
  bw_saved_LIBS=$LIBS
  CFLAGS="$CFLAGS $MICROHTTPD_CFLAGS"
  LIBS="$MICROHTTPD_LIBS $LIBS"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <microhttpd.h>]], [[return MHD_get_version() == 0;]])],
    [bw_http_library=`test -n "$READELF" && $READELF -d conftest$EXEEXT | $SED -n 's/.*(NEEDED).*\@<:@\(libmicrohttpd\.so@<:@^@:>@@:>@*\)@:>@.*/\1/p'`])
  CFLAGS=$bw_saved_CFLAGS
  LIBS=$bw_saved_LIBS
  test -n "$bw_http_library" || bw_http_library=libmicrohttpd.so.12
  bw_http_package=`echo "$bw_http_library" | $SED 's/\.so\.//'`
  AC_DEFINE_UNQUOTED([HTTP_LIBRARY], ["$bw_http_library"], [what agents load that answer HTTP])
  AC_DEFINE_UNQUOTED([HTTP_PACKAGE], ["$bw_http_package"], [the Debian package that has it])
  AC_MSG_RESULT([$bw_http_library])])
