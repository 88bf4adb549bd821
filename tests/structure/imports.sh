#!/bin/sh
# What the library must not call: nothing that prints, ends the process, or changes what belongs to
# the host (locale, signals, environment, rounding, its random generator, BLAS threads).
# usage: imports.sh STATIC_LIBRARY NM
# The static library is read, so that the object file is named.
set -eu

library=$1 nm=$2
"$nm" -A -u "$library" | awk '
  BEGIN {
    printing = "printf vprintf puts putchar perror psignal stdout stderr"
    ending = "exit _exit _Exit quick_exit abort raise kill __assert_fail __assert_perror_fail err errx"
    host = "setlocale uselocale signal sigaction bsd_signal sigprocmask atexit at_quick_exit"
    host = host " setenv putenv unsetenv clearenv srand rand srandom random chdir umask setrlimit"
    host = host " fesetround fesetenv feupdateenv feenableexcept fedisableexcept"
    host = host " system popen fork vfork strtok tmpnam"
    n = split(printing " " ending " " host, names, " ")
    for (i = 1; i <= n; i++) forbidden[names[i]] = 1
  }
  $(NF - 1) == "U" {
    name = $NF
    sub(/@.*/, "", name)
    place = $1
    sub(/:$/, "", place)
    sub(/.*[:\/]/, "", place)
    plain = name
    # JSON numbers are read and written in a C locale of the thread that does it, which gets its own
    # back: no other way is right where a decimal point has several bytes.
    if (plain == "uselocale" && place == "json_text.c.o") next
    if (plain ~ /^__.*_chk$/) { sub(/^__/, "", plain); sub(/_chk$/, "", plain) }
    if (name in forbidden || plain in forbidden) {
      print place ": calls " plain
      failures++
    }
    if (plain ~ /^(openblas|goto)_set_num_threads/) setters[place] = 1
    seen++
  }
  END {
    n = 0
    for (place in setters) { n++; list = list " " place }
    if (n > 1) { print "BLAS threads are set in more than one place:" list; failures++ }
    if (seen == 0) { print "no symbols read"; failures++ }
    exit failures > 0
  }'
