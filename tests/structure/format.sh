#!/bin/sh
# Every C and C++ file is formatted by the .clang-format in the root.
# usage: format.sh ROOT CLANG_FORMAT
set -eu

root=$1 format=$2
cd "$root"
folders=
for folder in include src tests bench examples bindings; do
  [ ! -d "$folder" ] || folders="$folders $folder"
done
# shellcheck disable=SC2086
find $folders \( -name '*.[ch]' -o -name '*.cpp' -o -name '*.hpp' \) -print0 |
  xargs -0 "$format" --style=file --dry-run -Werror --ferror-limit=1
