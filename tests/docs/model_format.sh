#!/bin/sh
# The Python programs of docs/model-format.md read a model file; the second, where numpy and
# safetensors are installed, predicts what the program predicts.
# usage: model_format.sh ROOT PROGRAM SCRATCH PYTHON
set -eu

root=$1 program=$2 scratch=$3 python=$4
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"
for n in 1 2; do
  awk -v language=python -v number=$n -f "$root/tests/docs/blocks.awk" "$root/docs/model-format.md" \
    > program_$n.py
done
"$program" train --data "$root/examples/iris.csv" --epochs 20 --quiet --out model.safetensors

"$python" program_1.py model.safetensors > listing
grep -qx "sngp 1 gaussian_process [0-9.]*" listing
# The page's table of tensors has a row for each of the file's.
"$python" program_1.py model.safetensors | sed -n 's/^\([a-z_]*\.[a-z0-9_.]*\) [FI].*/\1/p' > names
[ "$(wc -l < names)" -gt 10 ]
sed 's/^block\.[0-9]*\./block.N./' names | sort -u | while read -r name; do
  grep -q "^| \`$name\` |" "$root/docs/model-format.md" || { echo "no row for $name"; exit 1; }
done

if ! "$python" -c 'import numpy, safetensors' 2> /dev/null; then
  echo "numpy or safetensors is not installed: the second program was not run"
  exit 0
fi
printf '5.1,3.5,1.4,0.2\n5.1,3.5,14.0,2.0\n' > rows.csv
"$program" predict model.safetensors --data rows.csv --header no | tail -n +2 > predictions.csv
while IFS=, read -r a b c d <&3 && IFS=, read -r _ _ p0 p1 p2 variance _ <&4; do
  "$python" program_2.py model.safetensors "$a" "$b" "$c" "$d" | tr -d '[]' > found
  echo "$p0 $p1 $p2 $variance" | cat found - | tr '\n' ' ' |
    awk '{ for (i = 0; i < 4; i++) {
             found = $(i < 3 ? 2 + i : 6); expected = $(7 + i); off = found - expected
             if (off < 0) off = -off
             if (off > 1e-4 * expected + 1e-6) { print found, "instead of", expected; exit 1 } } }'
done 3< rows.csv 4< predictions.csv
