#!/usr/bin/env bash
# Runs the commands of every README.md as a reader would: readme_commands.sh PATH/TO/tiersim
#
# A command is a line of a ```sh or ```console block that begins with tiersim, build/release/tiersim or tools/dev (after
# "$ "). Runs of tiersim are executed in a scratch copy of the root (links, so that what they write stays out of the
# checkout) and must succeed; a line that ends in "# needs TIERSIM_DATA" is left out where that is unset. The verbs of
# tools/dev build, test or install, so of those it is only checked that they exist.
set -euo pipefail
tiersim=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for entry in "$root"/*; do
  case "${entry##*/}" in build | out) ;; *) ln -s "$entry" "$scratch/" ;; esac
done
mkdir -p "$scratch/build/release" "$scratch/bin"
ln -s "$tiersim" "$scratch/build/release/tiersim"
ln -s "$tiersim" "$scratch/bin/tiersim"
export PATH="$scratch/bin:$PATH"
cd "$scratch"

commands() {  # file:line:command
  awk '/^ *```(sh|console|bash)$/ {inside = 1; next}
       /^ *```/ {inside = 0}
       inside {line = $0; sub(/^ *(\$ )?/, "", line)
               if (line ~ /^(tiersim|build\/release\/tiersim|tools\/dev)( |$)/) print FILENAME ":" FNR ":" line}' "$@"
}

verbs=$("$root/tools/dev" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
run=0 failed=0
while IFS=: read -r file line command; do
  case "$command" in
    tools/dev*)
      verb=$(awk '{print $2}' <<<"$command")
      grep -qx -- "${verb:-none}" <<<"$verbs" && continue
      echo "$file:$line: tools/dev has no verb '$verb'"
      failed=$((failed + 1))
      continue
      ;;
    *'# needs TIERSIM_DATA') [ -n "${TIERSIM_DATA:-}" ] || continue ;;
  esac
  run=$((run + 1))
  if ! bash -euo pipefail -c "$command" >output 2>&1 </dev/null; then
    echo "$file:$line: failed: $command"
    tail -n 8 output | sed 's/^/    /'
    failed=$((failed + 1))
  fi
done < <(cd "$root" && for f in README.md */README.md; do [ ! -f "$f" ] || commands "$f"; done)
echo "$run commands run, $failed failed"
[ "$failed" = 0 ]
