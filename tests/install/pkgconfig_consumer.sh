#!/bin/sh
# Builds and runs the consumer with pkg-config.
# usage: pkgconfig_consumer.sh PKG_CONFIG HERE PREFIX SCRATCH shared|static C_COMPILER LIBDIR
set -eu

pkg_config=$1 here=$2 prefix=$3 scratch=$4 kind=$5 compiler=$6 libdir=$7
program=$scratch/pkgconfig_$kind
export PKG_CONFIG_PATH="$prefix/$libdir/pkgconfig"
case $kind in
  shared)
    flags=$("$pkg_config" --cflags --libs sngp)
    case $flags in *openblas* | *lapacke* | *jansson*) echo "private libraries in: $flags"; exit 1 ;; esac
    ;;
  static)
    # The archive by its name, so that the shared library beside it is not taken.
    flags=$("$pkg_config" --static --cflags --libs sngp | sed 's/-lsngp/-l:libsngp.a/')
    ;;
esac
# shellcheck disable=SC2086
"$compiler" -Wall -Wextra -Werror "$here/consumer/consumer.c" $flags -o "$program"
if [ "$kind" = static ] && readelf -d "$program" | grep libsngp; then
  echo "the static program needs the shared library"
  exit 1
fi
LD_LIBRARY_PATH="$prefix/$libdir" "$program"
