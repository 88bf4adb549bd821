# CSV in and out: names of classes and columns, order of columns, a label column or none, and
# numbers that do not depend on the locale.
. "$(dirname "$0")/common.sh"

classes() { tail -n +2 "$1" | cut -d, -f2; }

# Classes are printed as they were written, quoted where RFC 4180 asks for it.
three_groups setosa '"a,""b"' virginica >strings.csv
{ echo 'length,width,kind'; cat strings.csv; } >named.csv
# shellcheck disable=SC2086
run 0 train --data named.csv --out model $small --epochs 60 --learning-rate 0.01 --quiet
run 0 predict model --data named.csv --out p.csv
empty stdout
head -n 1 p.csv >header
echo 'row,class,probability_0,probability_1,probability_2,variance,uncertainty' >expected
same header expected
[ "$(wc -l <p.csv)" -eq 61 ] || fail "not one line a row: $(wc -l <p.csv)"
for name in setosa virginica '"a,""b"'; do
  [ "$(grep -cF ",$name,0." p.csv)" -gt 0 ] || [ "$(grep -cF ",$name," p.csv)" -gt 0 ] ||
    fail "no row of class $name"
done
run 0 info model
says stdout 'setosa'
says stdout 'length, width'

# Evaluated against the names, in a file of another order and with fewer classes.
run 0 evaluate model --data named.csv --json
says stdout '"rows": 60'
says stdout '"accuracy": 1.0'
grep virginica named.csv | awk -F, 'BEGIN {print "kind,width,length"} {print $3 "," $2 "," $1}' >turned.csv
run 0 evaluate model --data turned.csv --label kind --json
says stdout '"rows": 20'
says stdout '"accuracy": 1.0'

# Out-of-domain rows need no label column, and one that they have is not read.
awk -F, 'BEGIN {print "width,length"} {print $2 "," $1}' strings.csv >unknown.csv
run 0 evaluate model --data turned.csv --label kind --ood-data unknown.csv --json
says stdout '"ood"'
awk -F, 'BEGIN {print "kind,width,length"} {print "new kind," $2 "," $1}' strings.csv >unknown.csv
run 0 evaluate model --data turned.csv --label kind --ood-data unknown.csv --json
says stdout '"ood"'
awk -F, '{print $1 "," $2 ",new kind"}' strings.csv >unknown.csv
run 0 evaluate model --data named.csv --ood-data unknown.csv --json
says stdout '"ood"'
run 1 evaluate model --data unknown.csv
says stderr 'new kind'

# Columns are found by name, in any order; the label column may be there or not.
awk -F, 'BEGIN {print "width,length"} {print $2 "," $1}' strings.csv >swapped.csv
run 0 predict model --data swapped.csv
same stdout p.csv
awk -F, 'BEGIN {print "length,width"} {print $1 "," $2}' strings.csv >unlabelled.csv
run 0 predict model --data unlabelled.csv
same stdout p.csv
tail -n +2 unlabelled.csv >bare.csv
run 0 predict model --data bare.csv
same stdout p.csv
run 0 predict model --data strings.csv
same stdout p.csv
awk -F, 'BEGIN {print "kind,width,length"} {print "?," $2 "," $1}' strings.csv >first.csv
run 0 predict model --data first.csv --label kind
same stdout p.csv
printf 'length,height\n1,2\n' >other.csv
run 1 predict model --data other.csv
says stderr 'width'

# Prediction sets: one column more, classes by name, in the model's order, joined by semicolons.
awk -F, 'NR % 2 == 1' named.csv >half.csv
run 0 predict model --data named.csv --calibration-data half.csv --coverage 0.5 --out sets.csv
empty stderr
head -n 1 sets.csv >header
echo 'row,class,probability_0,probability_1,probability_2,variance,uncertainty,set' >expected
same header expected
[ "$(grep -cE ',(setosa|virginica)$' sets.csv)" -gt 0 ] || fail "no set of one class"
[ "$(cut -d, -f1 sets.csv)" = "$(cut -d, -f1 p.csv)" ] || fail "sets changed the rows"
# Too few rows to promise so much: every class, and a word of warning.
run 0 predict model --data named.csv --calibration-data half.csv --coverage 0.99
says stderr "30 calibration rows are too few for a coverage of 0.99"
says stderr "it takes 99 rows or more"
[ "$(grep -c ',"a,""b;setosa;virginica"$' stdout)" -eq 60 ] || fail "not all classes in each set"

# Plain numbers keep their value in a file that lacks some of them.
three_groups 0 1 2 >numbers.csv
# shellcheck disable=SC2086
run 0 train --data numbers.csv --out numbered $small --epochs 60 --learning-rate 0.01 --quiet
grep ',2$' numbers.csv >twos.csv
run 0 evaluate numbered --data twos.csv --ood-data bare.csv --json
says stdout '"accuracy": 1.0'
run 0 predict numbered --data twos.csv --out twos_p.csv
[ "$(classes twos_p.csv | sort -u)" = 2 ] || fail "class 2 is printed as $(classes twos_p.csv | sort -u)"

# A deterministic model has no variance: the field is empty.
# shellcheck disable=SC2086
run 0 train --data numbers.csv --method deterministic --out dense $small_network --epochs 5 --quiet
run 0 predict dense --data bare.csv
[ "$(grep -c ',,' stdout)" -eq 60 ] || fail "variances of a deterministic model"

# Mean field and MAP share the class and the variance, not the probabilities.
run 0 predict model --data bare.csv --method map --out map.csv
[ "$(classes map.csv)" = "$(classes p.csv)" ] || fail "MAP changed a class"
cmp -s map.csv p.csv && fail "MAP and mean field agree"

# The seed, and nothing else, decides: the same bytes again.
# shellcheck disable=SC2086
run 0 train --data named.csv --out again $small --epochs 60 --learning-rate 0.01 --quiet
same again model
# shellcheck disable=SC2086
run 0 train --data named.csv --out other $small --epochs 60 --learning-rate 0.01 --quiet --seed 1
cmp -s other model && fail "another seed gave the same model"

# A locale with a decimal comma changes nothing.
localedef -i de_DE -f UTF-8 "$PWD/de_DE.UTF-8" || fail "Debian's package locales is needed"
LOCPATH=$PWD LC_ALL=de_DE.UTF-8
export LOCPATH LC_ALL
[ "$(locale decimal_point)" = , ] || fail "the locale is not in effect"
run 0 predict model --data named.csv
same stdout p.csv
unset LOCPATH LC_ALL

# A file is replaced through a symbolic link, which stays one.
echo old >target.csv
ln -s target.csv link.csv
run 0 predict model --data bare.csv --out link.csv
same target.csv p.csv
[ -L link.csv ] || fail "the symbolic link was replaced"
# A set of classes can be taken apart whatever the names: 'a;b' and 'c\d' are one class each. One
# calibration row is too few for 90%: every class is in every set.
three_groups 'a;b' 'c\d' e >names.csv
# shellcheck disable=SC2086
run 0 train --data names.csv --out named $quick --quiet
head -n 1 names.csv >one.csv
run 0 predict named --data names.csv --coverage 0.9 --calibration-data one.csv
[ "$(sed -n 2p stdout | grep -c ',a\\;b;c\\\\d;e$')" -eq 1 ] || fail "the set is $(sed -n 2p stdout)"
finish
