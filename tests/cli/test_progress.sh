# Progress: plain lines where there is no terminal, about twenty of them for many epochs; nothing
# with --quiet; nothing beside the document with --json.
. "$(dirname "$0")/common.sh"

three_groups 0 1 2 >data.csv
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $quick --validation 0.2
empty stderr
[ "$(grep -c '^epoch [1-5]/5  loss .*  val loss ' stdout)" -eq 5 ] || fail "not one line an epoch"
says stdout "Saved       model"
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $small --epochs=200
lines=$(grep -c '^epoch' stdout)
[ "$lines" -ge 10 ] && [ "$lines" -le 22 ] || fail "$lines lines for 200 epochs"
says stdout "epoch 200/200"
if od -c stdout | grep -q '033'; then fail "escape sequences where there is no terminal"; fi
# The members of an ensemble count as one fit.
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $small --epochs 50 --method ensemble --members 4 \
  --member-method sngp --validation 0.2
lines=$(grep -c '^epoch' stdout)
[ "$lines" -ge 10 ] && [ "$lines" -le 22 ] || fail "$lines lines for 4 members of 50 epochs"
grep -q '^epoch 200/200  member [1-4]/4  loss .*  val loss ' stdout || fail "no last epoch of all"
says stdout "Model       ensemble of 4, each SNGP, "
says stdout "Trained     50 epochs each in"
says stdout "Calibrated  temperature "
says stdout "; held-out NLL "
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $quick --quiet
empty stdout
empty stderr
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $quick --json
empty stderr
[ "$(head -c 1 stdout)" = "{" ] || fail "--json does not start with the document"
# shellcheck disable=SC2086
run 0 train --data data.csv --out model $quick --json --quiet
says stdout '"history"'
finish
