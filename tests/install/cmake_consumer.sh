#!/bin/sh
# Builds and runs the consumer with find_package(sngp).
# usage: cmake_consumer.sh CMAKE HERE PREFIX SCRATCH shared|static C_COMPILER GENERATOR
set -eu

cmake=$1 here=$2 prefix=$3 scratch=$4 kind=$5 compiler=$6 generator=$7
build=$scratch/cmake_$kind
rm -rf "$build"
# A user of the shared library needs none of the libraries behind it: they are hidden from him here.
hide=
[ "$kind" = static ] ||
  hide="-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON"
# shellcheck disable=SC2086
"$cmake" -S "$here/consumer" -B "$build" -G "$generator" -D CMAKE_C_COMPILER="$compiler" \
  -D CMAKE_PREFIX_PATH="$prefix" -D SNGP_KIND="$kind" $hide
"$cmake" --build "$build"
"$build/consumer"

# Without them the static library is refused, and what is missing is named.
if [ "$kind" = static ]; then
  if "$cmake" -S "$here/consumer" -B "$build-refused" -G "$generator" \
    -D CMAKE_C_COMPILER="$compiler" -D CMAKE_PREFIX_PATH="$prefix" -D SNGP_KIND=static \
    -D CMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON > "$build-refused.log" 2>&1; then
    echo "the static library was found without what it needs"
    exit 1
  fi
  grep -q 'the static library needs' "$build-refused.log" ||
    { cat "$build-refused.log"; exit 1; }
fi
