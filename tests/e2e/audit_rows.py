# What the ESCU searches over Kubernetes audit events find, worked out again from the lines of a file: told apart from
# falcotop's own way, it knows no SPL. Compares with the rows that falcotop reports.
#   audit_rows.py FALCOTOP DETECTIONS EVENTS
import itertools, json, subprocess, sys

ft, detections, events = sys.argv[1:]
lines = [json.loads(line) for line in open(events, encoding="utf-8") if line.strip()]


def values(node, path):
    """The values at a path: members joined by dots (names may hold dots), {} for the elements of an array."""
    if path == "":
        if node is None or isinstance(node, dict):
            return []
        return [v for v in node if v is not None] if isinstance(node, list) else [node]
    if path.startswith("{}"):
        if not isinstance(node, list):
            return []
        rest = path[2:]
        return [v for e in node for v in values(e, rest[1:] if rest.startswith(".") else rest)]
    if not isinstance(node, dict):
        return []
    for name, member in node.items():
        rest = path[len(name):]
        if path.startswith(name) and (rest == "" or rest[0] in ".{"):
            found = values(member, rest[1:] if rest.startswith(".") else rest)
            if found:
                return found
    return []


def text(v):
    return v if isinstance(v, str) else json.dumps(v)


def has(e, path, *wanted):
    return any(text(v).lower() in wanted for v in values(e, path))


COMMON = ("objectRef.name objectRef.namespace objectRef.resource requestReceivedTimestamp requestURI responseStatus.code "
          "sourceIPs{} stage user.groups{} user.uid user.username userAgent verb").split()
OBJECT = ("kind objectRef.name objectRef.namespace objectRef.resource requestObject.kind responseStatus.code sourceIPs{} stage "
          "user.username userAgent verb").split()
LAST = "requestObject.metadata.annotations.kubectl.kubernetes.io/last-applied-configuration"
FORBIDDEN = ("objectRef.namespace objectRef.resource requestReceivedTimestamp requestURI responseStatus.code "
             "responseStatus.message sourceIPs{} stage user.groups{} user.uid user.username userAgent verb").split()


def secret(e):
    return has(e, "objectRef.resource", "secrets") and has(e, "verb", "get")


def pod_with(e, words):
    return (has(e, "objectRef.resource", "pods") and has(e, "verb", "create", "update")
            and any(words in text(v) for v in values(e, LAST)))


# name: which events, by what, whether user_groups is a column
TABLE = {
    "Kubernetes Abuse of Secret by Unusual User Agent":
        (lambda e: secret(e) and not has(e, "userAgent", "helm/3.13.2"), COMMON, False),
    "Kubernetes Abuse of Secret by Unusual User Group":
        (lambda e: secret(e) and not has(e, "user.groups{}", "admin"), COMMON, False),
    "Kubernetes Abuse of Secret by Unusual User Name":
        (lambda e: secret(e) and not has(e, "user.username", "admin"), COMMON, False),
    "Kubernetes AWS detect suspicious kubectl calls":
        (lambda e: has(e, "user.username", "system:anonymous") and has(e, "user.groups{}", "system:unauthenticated"), COMMON, False),
    "Kubernetes Pod Created in Default Namespace":
        (lambda e: has(e, "objectRef.resource", "pods") and has(e, "verb", "create")
         and has(e, "objectRef.namespace", "default", "kube-system", "kube-public"), COMMON, False),
    "Kubernetes Suspicious Image Pulling":
        (lambda e: any(text(v).lower().startswith("pulling image") for v in values(e, "requestObject.message"))
         and not any(w in text(v).lower() for v in values(e, "objectRef.name") for w in ("splunk", "falco")), COMMON, False),
    "Kubernetes Unauthorized Access":
        (lambda e: has(e, "verb", "create") and has(e, "responseStatus.reason", "forbidden"), FORBIDDEN, False),
    "Kubernetes DaemonSet Deployed":
        (lambda e: has(e, "objectRef.resource", "daemonsets") and has(e, "verb", "create"), OBJECT, True),
    "Kubernetes Node Port Creation":
        (lambda e: has(e, "objectRef.resource", "services") and has(e, "verb", "create")
         and has(e, "requestObject.spec.type", "nodeport"), OBJECT + ["requestObject.spec.type"], True),
    "Kubernetes Cron Job Creation":
        (lambda e: has(e, "objectRef.resource", "cronjobs") and has(e, "verb", "create"),
         OBJECT + ["requestObject.spec.schedule", "requestObject.spec.jobTemplate.spec.template.spec.containers{}.image"], True),
    "Kubernetes Create or Update Privileged Pod":
        (lambda e: pod_with(e, '"privileged":true'), OBJECT + [LAST], True),
    "Kubernetes Pod With Host Network Attachment":
        (lambda e: pod_with(e, '"hostNetwork":true'), OBJECT + [LAST], True),
}
RENAMED = {"sourceIPs{}": "src_ip", "user.username": "user"}


def wanted(keep, by, groups):
    rows = {}
    for e in filter(keep, lines):
        parts = [sorted({text(v) for v in values(e, f)}) or ["0"] for f in by]
        for key in itertools.product(*parts):
            row = rows.setdefault(key, [0, set()])
            row[0] += 1
            row[1] |= {text(v) for v in values(e, "user.groups{}")} or {"0"}
    out = []
    for key, (count, seen) in rows.items():
        row = dict(zip((RENAMED.get(f, f) for f in by), key), count=count)
        if groups:
            row["user_groups"] = sorted(seen) if len(seen) > 1 else seen.pop()
        out.append(row)
    return out


def reported(name):
    args = [ft, "report", "--history", "none", "--detections", detections, "--detection", name, "--format", "json", "--raw", events]
    done = subprocess.run(args, capture_output=True)
    assert done.returncode in (0, 1), done.stderr  # 1: no rows
    return json.loads(done.stdout)


def in_order(rows):
    return sorted(json.dumps(r, sort_keys=True) for r in rows)


print("1..%d" % len(TABLE))
bad = 0
for n, (name, (keep, by, groups)) in enumerate(TABLE.items(), 1):
    want, got = in_order(wanted(keep, by, groups)), in_order(reported(name))
    good = want == got and len(want) > 0
    print("%s %d - %s: %d rows" % ("ok" if good else "not ok", n, name, len(want)))
    if not good:
        bad = 1
        for sign, rows in (("-", set(want) - set(got)), ("+", set(got) - set(want))):
            for row in sorted(rows)[:3]:
                print("#", sign, row[:400])
sys.exit(bad)
