#!/usr/bin/env bash
# Shows libsngp at work. In a fresh clone, as root or with sudo:
#
#   1. installs the Debian packages that are missing (scripts/packages.sh lists them);
#   2. builds the preset "release";
#   3. two moons: trains a deterministic network, a deep ensemble and an SNGP, draws what each, and
#      Monte Carlo dropout, is unsure about;
#   4. Fashion-MNIST: trains an SNGP on 60,000 images and evaluates it on the 10,000 test images; with
#      MNIST's test images as out-of-domain data where SNGP_MNIST_DIR names the folder that holds
#      t10k-images-idx3-ubyte or t10k-images-idx3-ubyte.gz.
#
# Results are written to sngp-demo/.
set -Eeuo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

epochs=10
fashion=/usr/share/datasets/fashion-mnist
results=sngp-demo

step="preparing"
trap 'printf "\ndemo.sh: FAILED while %s\n" "$step" >&2' ERR

ood=()
if [ -n "${SNGP_MNIST_DIR:-}" ]; then
  for name in t10k-images-idx3-ubyte t10k-images-idx3-ubyte.gz; do
    [ ! -f "$SNGP_MNIST_DIR/$name" ] || ood=(--ood-idx "$SNGP_MNIST_DIR/$name")
  done
  [ ${#ood[@]} -gt 0 ] ||
    die "SNGP_MNIST_DIR is $SNGP_MNIST_DIR, but there is no t10k-images-idx3-ubyte[.gz] in it"
fi

step="installing packages"
install_packages "${build_packages[@]}" "${demo_packages[@]}"

step="building"
say "Building the preset release"
options=()
# A first build leaves out what a demonstration does not need; an existing one is kept as it is.
[ -f build/release/CMakeCache.txt ] ||
  options=(-D SNGP_BUILD_TESTS=OFF -D SNGP_BUILD_BENCH=OFF -D SNGP_BUILD_EXAMPLES=OFF)
cmake --preset release "${options[@]}"
cmake --build --preset release --parallel "$(nproc)" --target sngp_cli
sngp=build/release/bin/sngp

start=$SECONDS
mkdir -p "$results"

step="running the two moons"
say "Two moons: a deterministic network, Monte Carlo dropout, a deep ensemble, an SNGP"
"$sngp" demo two-moons --out "$results/two-moons"

step="training on Fashion-MNIST"
say "Fashion-MNIST: SNGP, default preset, $epochs epochs"
"$sngp" train --idx $fashion/train-images-idx3-ubyte.gz $fashion/train-labels-idx1-ubyte.gz \
  --epochs "$epochs" --out "$results/fashion-mnist.safetensors"

step="evaluating on Fashion-MNIST"
say "Fashion-MNIST: the test images${ood[0]:+, and MNIST as out-of-domain data}"
"$sngp" evaluate "$results/fashion-mnist.safetensors" \
  --idx $fashion/t10k-images-idx3-ubyte.gz $fashion/t10k-labels-idx1-ubyte.gz "${ood[@]}"

say "Done in $((SECONDS - start)) s after the build. Written:"
find "$PWD/$results" -type f | sort
pictures=$(find "$PWD/$results" -name '*.png' | sort)
[ -z "$pictures" ] || printf '\nPictures to look at:\n%s\n' "$pictures"
[ ${#ood[@]} -gt 0 ] ||
  printf '\nWith SNGP_MNIST_DIR=<folder> the evaluation adds MNIST as out-of-domain data.\n'
