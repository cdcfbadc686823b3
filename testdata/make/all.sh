#!/usr/bin/env bash
# Makes every capture of testdata/pcaps anew: all.sh [FAMILY...]
#
# A family that cannot be made (a package is missing) is named at the end, and
# the others are made nevertheless.

set -uo pipefail
if [ -n "${PCAPS:-}" ]; then
	PCAPS=$(realpath -m "$PCAPS") # before the folder changes
	export PCAPS
fi
cd "$(dirname "$0")" || exit

families=("$@")
if [ $# = 0 ]; then
	for script in *.sh; do
		case $script in
		all.sh | lib.sh | lib-*.sh | damaged.sh) ;;
		*) families+=("${script%.sh}") ;;
		esac
	done
	families+=(damaged) # made from the others
fi

failed=()
for family in "${families[@]}"; do
	if [ ! -x "$family.sh" ]; then
		echo "all: there is no family $family" >&2
		exit 2
	fi
	"./$family.sh" || failed+=("$family")
done
if [ ${#failed[@]} -gt 0 ]; then
	echo "all: not made: ${failed[*]}" >&2
	exit 1
fi
