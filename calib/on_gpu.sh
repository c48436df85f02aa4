#!/usr/bin/env bash
# Measures this machine's GPU within a limit of time: builds tiersim_cuda with the machine's own nvcc (which is all that
# it needs), measures family by family in order of worth, then fresh sizes for validation. Everything lands in one
# folder, which a machine with tiersim turns into a profile (calib/README.md). Run again with the same folder, it goes on.
#
#   calib/on_gpu.sh [--out DIR] [--limit SECONDS] [--family A,B] [--fresh N] [--device N]
#   calib/on_gpu.sh --offload FOLDER   instead: serves requests over KV in HBM, DRAM and a file in FOLDER, on the drive
#   calib/on_gpu.sh --dry-run      compiles for sm_80 and sm_90a and lists the plan; needs no GPU
#
# DIR: $OUT, or out/gpu. It gets samples.csv, fresh.csv, machine.json, failures.txt, log.txt. Limit: 570 s, build included.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
out=${OUT:-$root/out/gpu}
limit=570        # seconds for everything: ten minutes with some to spare
fresh=6          # sizes a family for validation
fresh_seconds=70 # kept for them
device=0
families=()
offload= # a folder on the drive, for requests served over HBM, DRAM and a file there
dry_run=

fail() {
  echo "on_gpu.sh: $*" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=yes ;;
    -h | --help)
      sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    --out | --limit | --family | --fresh | --device | --offload)
      [ $# -ge 2 ] || fail "$1 takes a value"
      case $1 in
        --out) out=$2 ;;
        --limit) limit=$2 ;;
        --family) families=(--family "$2") ;;
        --fresh) fresh=$2 ;;
        --device) device=$2 ;;
        --offload) offload=$2 ;;
      esac
      shift
      ;;
    *) fail "unknown option '$1'; --help lists what there is" ;;
  esac
  shift
done
[[ $limit =~ ^[0-9]+$ && $fresh =~ ^[0-9]+$ && $device =~ ^[0-9]+$ ]] || fail "--limit, --fresh, --device take whole numbers"

find_nvcc() {
  local candidate
  for candidate in "${CUDACXX:-}" nvcc /usr/local/cuda/bin/nvcc /opt/cuda/bin/nvcc; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  fail "no nvcc found: put the CUDA toolkit's bin folder in PATH, or name nvcc in CUDACXX"
}

check_version() {
  local release
  release=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\)\..*/\1/p')
  [ "${release:-0}" -ge 12 ] || fail "$nvcc is of CUDA ${release:-?}; 12 or newer is needed (C++20)"
}

# The GPU's own code alone builds fastest; both that are named above where no GPU says what it is.
architectures() {
  local capability=
  [ -n "$dry_run" ] || capability=$(nvidia-smi -i "$device" --query-gpu=compute_cap --format=csv,noheader 2>/dev/null)
  capability=${capability//[^0-9]/}
  case $capability in
    "") echo 80 90a ;;
    90) echo 90a ;;
    *) echo "$capability" ;;
  esac
}

compile() { # one file
  local object=$build/${1//\//__}.o
  "$nvcc" -std=c++20 -O3 "${codes[@]}" -I. -c "$1" -o "$object" 2>"$object.log" || {
    echo "on_gpu.sh: $1 does not compile:"
    cat "$object.log"
    return 1
  }
}

# compile() and what it reads, in shells of its own; arrays do not pass to them.
compile_one() {
  local -a codes
  read -ra codes <<<"$code_flags"
  compile "$1"
}

build_program() {
  local started=$SECONDS architecture
  code_flags=
  for architecture in $(architectures); do
    code_flags+=" -gencode=arch=compute_$architecture,code=sm_$architecture"
  done
  echo "building with $nvcc for$code_flags"
  export nvcc build code_flags
  export -f compile compile_one
  # Kernels first: they take longest.
  # shellcheck disable=SC2016  # the inner shell expands it
  printf '%s\0' calib/cuda/*.cu calib/cuda/*.cpp calib/measure/*.cpp sim/core/rng.cpp sim/core/mathematics.cpp |
    xargs -0 -n 1 -P "$(nproc)" bash -c 'compile_one "$1"' _ || return 1
  local libraries
  libraries=$(dirname "$nvcc")/../lib64
  "$nvcc" "$build"/*.o -o "$build/tiersim_cuda" -L"$libraries" -Xlinker -rpath="$libraries" -lcublasLt -ldl || return 1
  echo "built in $((SECONDS - started)) s"
}

left() { echo $((limit - SECONDS)); }

# A run that ended because the GPU stopped working goes on in a new process, without the point at which it happened.
program() { # seconds, options...
  local end=$((SECONDS + $1)) seconds=$1 attempt status=3
  shift
  for attempt in 1 2 3 4 5; do
    [ "$seconds" -ge 15 ] || { echo "no time left for: $*" && return 0; }
    # --foreground: an interrupt from the terminal reaches the program, which then finishes cleanly.
    timeout --foreground -s TERM -k 15 "$seconds" \
      "$build/tiersim_cuda" --device "$device" --out "$out" --budget "$((seconds - 8))" "${families[@]}" "$@"
    status=$?
    [ $status -eq 3 ] || break
    echo "the GPU stopped working; starting anew (attempt $attempt)"
    seconds=$((end - SECONDS))
  done
  return $status
}

measure() {
  local status=0
  program $(($(left) - (fresh > 0 ? fresh_seconds : 5))) || status=$?
  if [ "$fresh" -gt 0 ] && { [ $status -eq 0 ] || [ $status -eq 124 ]; }; then
    echo "fresh sizes:"
    program $(($(left) - 5)) --fresh "$fresh" || status=$?
  fi
  return $status
}

run() {
  cd "$root" || return 1
  build_program || return 1
  "$build/tiersim_cuda" --dry-run --budget "$limit" "${families[@]}" || return $?
  [ -z "$dry_run" ] || return 0
  local status=0
  if [ -n "$offload" ]; then
    program $(($(left) - 5)) offload --folder "$offload" || status=$?
  else
    measure || status=$?
  fi
  echo "$SECONDS s in all; in $out:"
  ls -l "$out"
  return $status
}

nvcc=$(find_nvcc) || exit 2
check_version
build=$(mktemp -d "${TMPDIR:-/tmp}/tiersim_cuda.XXXXXX") || fail "cannot make a temporary folder"
trap 'rm -rf "$build"' EXIT
if [ -n "$dry_run" ]; then
  run
else
  { mkdir -p "$out" && [ -w "$out" ]; } || fail "cannot write to $out: choose another with --out"
  out=$(cd "$out" && pwd)
  run 2>&1 | tee -a "$out/log.txt"
fi
