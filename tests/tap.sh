# Runs a test and makes sure that what comes out is TAP: a program that prints no plan becomes one test by its exit status (77: skipped).
# usage: tap.sh COMMAND [ARG]...
out=$(mktemp) || exit 99
trap 'rm -f "$out"' EXIT
"$@" >"$out" 2>&1
rc=$?
for last; do :; done
name=${last##*/}
if grep -Eq '^1\.\.[0-9]+' "$out"; then
	cat "$out"
	[ $rc -ne 77 ] || exit 0
	exit $rc
fi
sed 's/^/# /' "$out"
echo 1..1
case $rc in
0) echo "ok 1 - $name" ;;
77) echo "ok 1 - $name # SKIP $(tail -n 1 "$out")" ;;
*) echo "not ok 1 - $name (exit $rc)" ;;
esac
