#!/bin/sh
# Proves that layering.sh fails where it must: each case puts one line into one file of a small
# clean tree, and what is wrong with it must be named.
# usage: layering_selftest.sh CHECKER SCRATCH
set -eu

checker=$1
tree=$2/layering
failures=0

clean_tree() {
  rm -rf "$tree"
  mkdir -p "$tree/include/sngp"
  for module in base linalg nn gp data optim model predict metrics train io api cli; do
    mkdir -p "$tree/src/$module"
    echo '#include "sngp/sngp.h"' > "$tree/src/$module/file.c"
  done
  echo '#include <stdint.h>' > "$tree/include/sngp/sngp.h"
}

# accepts FILE LINE: the tree stays clean.
accepts() {
  clean_tree
  echo "$2" >> "$tree/$1"
  if ! output=$(sh "$checker" "$tree" 2>&1); then
    echo "refused, but allowed: $1: $2"; echo "$output"; failures=$((failures + 1))
  fi
}

# refuses FILE LINE REASON: the check fails and says REASON with the place.
refuses() {
  clean_tree
  mkdir -p "$(dirname "$tree/$1")"
  echo "$2" >> "$tree/$1"
  if output=$(sh "$checker" "$tree" 2>&1); then
    echo "accepted, but forbidden: $1: $2"; failures=$((failures + 1)); return
  fi
  case $output in
    *"$1"*"$3"*) ;;
    *) echo "refused for another reason: $1: $2"; echo "$output"; failures=$((failures + 1)) ;;
  esac
}

accepts src/base/file.c '#include "base/other.h"'
accepts src/nn/file.c '#include "linalg/matrix.h"'
accepts src/io/file.c '#include "train/fit.h"'
accepts src/api/file.c '#include "io/model_file.h"'
accepts src/cli/file.c '#include "cli/options.h"'
accepts src/linalg/file.c '#include <cblas.h>'
accepts src/linalg/file.c '#include <lapacke.h>'

refuses src/base/file.c '#include "linalg/matrix.h"' 'upward'
refuses src/model/file.h '#include "predict/predict.h"' 'upward'
refuses src/linalg/file.c '  #  include "nn/dense.h"' 'upward'
refuses src/train/file.c '#include "api/check.h"' 'upward'
refuses src/nn/file.c '#include "gp/posterior.h"' 'sideways'
refuses src/gp/file.c '#include "nn/dense.h"' 'sideways'
refuses src/optim/file.c '#include "data/dataset.h"' 'sideways'
refuses src/metrics/file.c '#include "predict/predict.h"' 'sideways'
refuses src/train/file.c '#include "io/safetensors.h"' 'sideways'
refuses src/cli/file.c '#include "base/status.h"' 'public headers only'
refuses include/sngp/sngp.h '#include "base/status.h"' 'internal'
refuses src/gp/file.c '#include <cblas.h>' 'src/linalg only'
refuses src/api/file.c '#include "lapacke.h"' 'src/linalg only'
refuses include/sngp/sngp.h '#include <openblas/cblas.h>' 'src/linalg only'
refuses src/base/file.c '#include "memory.h"' 'folder/file.h'
refuses src/base/file.c '#include <base/memory.h>' 'quotes'
refuses src/base/file.c '#include "utils/list.h"' 'no such module'
refuses src/utils/list.c '#include "base/memory.h"' 'module folder'
refuses src/stray.c '#include "base/memory.h"' 'module folder'

rm -rf "$tree"
[ "$failures" -eq 0 ] || { echo "$failures cases went wrong"; exit 1; }
