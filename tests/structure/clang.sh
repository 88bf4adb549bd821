#!/bin/sh
# The library and the program compile with clang, every warning an error.
# usage: clang.sh ROOT SCRATCH CMAKE GENERATOR CLANG
set -eu

root=$1 build=$2/clang cmake=$3 generator=$4 clang=$5
"$cmake" -S "$root" -B "$build" -G "$generator" -D CMAKE_C_COMPILER="$clang" \
  -D CMAKE_BUILD_TYPE=Debug -D CMAKE_C_FLAGS_DEBUG=-O1 -D SNGP_WARNINGS_AS_ERRORS=ON \
  -D SNGP_BUILD_TESTS=OFF -D SNGP_BUILD_BENCH=OFF -D SNGP_BUILD_EXAMPLES=OFF
"$cmake" --build "$build" --parallel 2
