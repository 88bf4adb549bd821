#!/bin/sh
# Builds and runs the consumer with the library as a part of its own project, without the optional
# readers.
# usage: subproject.sh CMAKE HERE SOURCE SCRATCH C_COMPILER GENERATOR
set -eu

cmake=$1 here=$2 source=$3 scratch=$4 compiler=$5 generator=$6
build=$scratch/subproject
"$cmake" -S "$here/subproject" -B "$build" -G "$generator" -D CMAKE_C_COMPILER="$compiler" \
  -D SNGP_SOURCE="$source" -D SNGP_WITH_CSV=OFF -D SNGP_WITH_ZLIB=OFF -D SNGP_WARNINGS_AS_ERRORS=ON
"$cmake" --build "$build" --parallel 2
"$build/consumer_shared"
"$build/consumer_static"

# A gzip header and nothing behind it.
printf '\037\213\010\000\000\000\000\000\000\003' > "$scratch/empty.gz"
fixtures=$source/tests/reference/fixtures
"$build/without_readers" "$scratch/empty.gz" "$fixtures/imported_state.npz" "$fixtures/imported_head.npz"
