#!/usr/bin/env bash
# Builds libsngp and runs its tests. In a fresh clone, as root or with sudo:
#
#   1. installs the Debian packages that are missing (scripts/packages.sh lists them);
#   2. builds the preset "debug", warnings as errors, and runs all tests there;
#   3. builds the preset "asan" (address and undefined-behaviour sanitizers) and runs the unit and
#      robustness tests there.
#
# Ends with one line that says what passed, or where it failed. Everything is written to build/.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

step="preparing"
trap 'printf "\ntest.sh: FAILED while %s\n" "$step" >&2' ERR

# run_preset PRESET [CTEST_OPTION...]: builds the preset and runs its tests; sets `passed`.
run_preset() {
  local preset=$1 log
  shift
  step="configuring $preset"
  say "Configuring the preset $preset"
  cmake --preset "$preset"
  step="building $preset"
  say "Building $preset"
  cmake --build --preset "$preset" --parallel "$(nproc)"
  step="testing $preset"
  say "Testing $preset $*"
  log=build/$preset/tests.log
  ctest --preset "$preset" "$@" -j2 --no-tests=error 2>&1 | tee "$log"
  passed=$(sed -n 's/^100% tests passed.* out of \([0-9]*\)$/\1/p' "$log")
}

step="installing packages"
install_packages "${build_packages[@]}" "${test_packages[@]}"
run_preset debug
all=$passed
run_preset asan -L 'unit|robustness'

say "test.sh: passed. $all tests in debug, $passed under the sanitizers," \
  "in $((SECONDS / 60)) min $((SECONDS % 60)) s"
