# Sourced by test.sh and demo.sh: the Debian packages that the project needs, and how missing ones are
# installed. Nothing is installed, and nobody is asked for a password, where all are there.

build_packages=(
  cmake ninja-build gcc libc6-dev pkg-config
  libopenblas-dev liblapacke-dev # matrix products, Cholesky, inverse
  libjansson-dev                 # JSON in model files and reports
  libcsv-dev zlib1g-dev          # CSV files, gzip-compressed IDX files
  librandom123-dev               # random streams; headers, needed to build only
)
test_packages=(
  libcmocka-dev      # unit tests
  g++                # public headers and an example in C++
  clang clang-format # a second compiler's warnings; the formatting check
  locales            # numbers where the decimal point is a comma
)
demo_packages=(
  gnuplot-nox           # draws the figure
  dataset-fashion-mnist # 60,000 + 10,000 images
)

say() { printf '\n==> %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

is_installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2> /dev/null | grep -qx installed; }

# install_packages NAME...: those that are missing, with apt.
install_packages() {
  local missing=() package
  if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
    say "No apt here: going on without a check. Debian's names of what is needed: $*"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  if [ ${#missing[@]} -eq 0 ]; then
    say "All packages are installed: $*"
    return
  fi

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null ||
      die "these packages are missing, and installing them takes root or sudo: ${missing[*]}"
    as_root=(sudo)
  fi
  say "Installing missing packages with apt: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq || die "apt-get update failed (no network?)"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" ||
    die "apt-get could not install: ${missing[*]}"
}
