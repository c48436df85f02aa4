#!/usr/bin/env bash
# Does calib/on_gpu.sh go on after the GPU stopped working, keep its files, and pass on what went wrong? With a compiler
# that makes empty objects and, for a program, a script that plays tiersim_cuda; no CUDA, no GPU, a second or two.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cat >"$scratch/nvcc" <<'COMPILER'
#!/usr/bin/env bash
case "$*" in *--version*) echo "Cuda compilation tools, release ${RELEASE:-13}.0, V13.0.88" && exit ;; esac
for ((i = 1; i < $#; i++)); do
  if [ "${!i}" = -o ]; then j=$((i + 1)) && out=${!j}; fi
done
case $out in
  *.o) : >"$out" ;;
  *) cp "$(dirname "$0")/program" "$out" ;;
esac
COMPILER
cat >"$scratch/program" <<'PROGRAM'
#!/usr/bin/env bash
# Loses the GPU in its first $LOST runs, then ends with $STATUS.
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) echo "the plan" && exit 0 ;;
    --out) out=$2 ;;
    --fresh) fresh=fresh ;;
  esac
  shift
done
echo "run" >>"$out/runs"
if [ "$(wc -l <"$out/runs")" -le "${LOST:-0}" ]; then exit 3; fi
touch "$out/${fresh:-samples}.csv"
exit "${STATUS:-0}"
PROGRAM
chmod +x "$scratch/nvcc" "$scratch/program"

failures=0
expect() { # what happens, wanted status, folder, files wanted...; the run is $run (environment) and $options
  local what=$1 wanted=$2 folder=$scratch/$3 status
  shift 3
  env "${run[@]}" CUDACXX="$scratch/nvcc" "$root/calib/on_gpu.sh" --out "$folder" "${options[@]}" >"$scratch/log" 2>&1
  status=$?
  local file missing=
  for file in "$@"; do [ -e "$folder/$file" ] || missing+=" $file"; done
  if [ $status -ne "$wanted" ] || [ -n "$missing" ]; then
    echo "$what: status $status, wanted $wanted; missing:${missing:- nothing}"
    cat "$scratch/log"
    failures=$((failures + 1))
  fi
}

options=()
run=(LOST=0) && expect "all goes well" 0 well samples.csv fresh.csv log.txt
run=(LOST=2) && expect "the GPU stops working twice" 0 lost samples.csv fresh.csv
run=(LOST=99) && expect "the GPU stops working again and again" 3 dead log.txt
run=(STATUS=2) && expect "there is no usable GPU" 2 none log.txt
run=(RELEASE=11) && expect "nvcc is too old" 2 old
options=(--limit 20) && run=(LOST=0) && expect "there is no time" 0 late log.txt
options=(--dry-run) && run=(LOST=0) && expect "a dry run" 0 dry
options=(--limit soon) && run=(LOST=0) && expect "a wrong option" 2 wrong
[ ! -e "$scratch/dry" ] || { echo "a dry run leaves files" && failures=$((failures + 1)); }
exit $((failures > 0))
