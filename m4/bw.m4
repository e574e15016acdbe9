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
