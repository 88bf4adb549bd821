#!/bin/sh
# Every relative link of the Markdown files leads to a file that is there.
# usage: links.sh ROOT
set -eu

cd "$1"
failures=0
for page in *.md docs/*.md; do
  for link in $(tr '\n' ' ' < "$page" | grep -o '](\([^) ]*\))' | sed 's/^](//; s/[)#].*$//'); do
    case $link in http*) continue ;; esac
    [ -e "$(dirname "$page")/$link" ] || { echo "$page: no $link"; failures=1; }
  done
done
exit $failures
