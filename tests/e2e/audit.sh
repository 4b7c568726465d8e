# ESCU's searches over Kubernetes audit events against a reader of the same lines that is no part of falcotop
# (audit_rows.py): real events, and some of what these lack, so that every search finds something.
ft=${FALCOTOP:?}
top=${srcdir:-.}
shared=${FALCOTOP_SHARED:-$top/../shared}
if ! command -v python3 >/dev/null; then
	echo "1..0 # SKIP no python3"
	exit 0
fi
if [ ! -r "$shared/data/k8s_audit/events.jsonl" ] || [ ! -d "$shared/data/escu/detections" ]; then
	echo "1..0 # SKIP no $shared/data here"
	exit 0
fi
t=$(mktemp -d) || exit 99
trap 'rm -rf "$t"' EXIT
export TZ=UTC0 LC_ALL=C.UTF-8

event() { # ID MEMBERS
	printf '{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"%s","stage":"ResponseComplete",%s,' "$1" "$2"
	printf '"user":{"username":"jane","uid":"7","groups":["dev","ops","dev"]},"sourceIPs":["203.0.113.7","10.0.0.1"],'
	printf '"requestReceivedTimestamp":"2026-01-15T10:00:00.00000%sZ"}\n' "$1"
}
applied() { # JSON
	printf '"requestObject":{"kind":"Pod","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"%s"}}}' "$1"
}
cat "$shared/data/k8s_audit/events.jsonl" >"$t/all.jsonl" || exit 99
{
	event 1 '"verb":"create","objectRef":{"resource":"pods","namespace":"prod","name":"a"},'"$(applied '{\"securityContext\":{\"privileged\":true}}')"
	event 2 '"verb":"update","objectRef":{"resource":"pods","namespace":"prod","name":"b"},'"$(applied '{\"hostNetwork\":true}')"
	event 3 '"verb":"patch","objectRef":{"resource":"pods","namespace":"prod","name":"c"},'"$(applied '{\"hostNetwork\":true}')"
	event 4 '"verb":"create","objectRef":{"resource":"events","namespace":"prod","name":"web"},"requestObject":{"message":"Pulling image \"x\""}'
	event 5 '"verb":"create","objectRef":{"resource":"events","name":"my-falco-1"},"requestObject":{"message":"Pulling image \"x\""}'
	event 6 '"verb":"create","objectRef":{"resource":"cronjobs","name":"job"},"requestObject":{"kind":"CronJob","spec":{"schedule":"* * * * *","jobTemplate":{"spec":{"template":{"spec":{"containers":[{"image":"a:1"},{"image":"b:2"}]}}}}}}'
	event 7 '"verb":"create","objectRef":{"resource":"daemonsets","name":"d"},"impersonatedUser":null'
	event 8 '"verb":"get","objectRef":{"resource":"secrets","name":"s"},"userAgent":"Helm/3.13.2"'
} >>"$t/all.jsonl"
python3 "$top/tests/e2e/audit_rows.py" "$ft" "$shared/data/escu/detections" "$t/all.jsonl"
