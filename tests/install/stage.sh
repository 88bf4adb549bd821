#!/bin/sh
# Installs the build, moves the installed tree, and looks for traces of where it was.
# usage: stage.sh CMAKE BUILD SOURCE SCRATCH LIBDIR
set -eu

cmake=$1 build=$2 source=$3 scratch=$4 libdir=$5
stage=$scratch/stage moved=$scratch/moved
rm -rf "$stage" "$moved"
mkdir -p "$scratch"
"$cmake" --install "$build" --prefix "$stage"
mv "$stage" "$moved"

for file in include/sngp/sngp.h "$libdir/libsngp.so" "$libdir/libsngp.so.0" "$libdir/libsngp.a" \
            "$libdir/cmake/sngp/sngpConfig.cmake" "$libdir/cmake/sngp/sngpConfigVersion.cmake" \
            "$libdir/pkgconfig/sngp.pc" share/doc/sngp/LICENSE; do
  [ -e "$moved/$file" ] || { echo "not installed: $file"; exit 1; }
done

# No text file names the source tree, the build tree or the first prefix.
if grep -r -I -l -F -e "$source" -e "$build" -e "$stage" "$moved"; then
  echo "the files above name a folder of the build machine"
  exit 1
fi
# Neither does the search path of an installed binary.
for binary in "$moved/$libdir/libsngp.so" "$moved"/bin/*; do
  [ -e "$binary" ] || continue
  path=$(readelf -d "$binary" | sed -n 's/.*(R.*PATH).*\[\(.*\)\]/\1/p')
  case $path in
    '' | '$ORIGIN'*) ;;
    *) echo "$binary searches $path"; exit 1 ;;
  esac
done
# The installed program finds its library where it was moved to.
if [ -e "$moved/bin/sngp" ]; then
  "$moved/bin/sngp" --help > /dev/null
fi
readelf -d "$moved/$libdir/libsngp.so" | grep -q 'SONAME.*\[libsngp\.so\.0\]' ||
  { echo "the SONAME is not libsngp.so.0"; exit 1; }
