/*
 * ATT&CK as a table of tactics and one of techniques (attack.mitre.org; v19 ids). Everything is
 * keyed by id; names are for people.
 */
#include "detect/attack.h"

#include "base/banned.h"

#define TACTICS_MAX 32

static const struct attack_tactic tactics[] = {
	{ "TA0001", "Initial Access", NULL, "mitre_initial_access", "IA" },
	{ "TA0002", "Execution", NULL, "mitre_execution", "EX" },
	{ "TA0003", "Persistence", NULL, "mitre_persistence", "PS" },
	{ "TA0004", "Privilege Escalation", NULL, "mitre_privilege_escalation", "PE" },
	{ "TA0005", "Stealth", "Defense Evasion", "mitre_defense_evasion", "DE" },
	{ "TA0006", "Credential Access", NULL, "mitre_credential_access", "CA" },
	{ "TA0007", "Discovery", NULL, "mitre_discovery", "DI" },
	{ "TA0008", "Lateral Movement", NULL, "mitre_lateral_movement", "LM" },
	{ "TA0009", "Collection", NULL, "mitre_collection", "CO" },
	{ "TA0010", "Exfiltration", NULL, "mitre_exfiltration", "XF" },
	{ "TA0011", "Command and Control", NULL, "mitre_command_and_control", "C2" },
	{ "TA0040", "Impact", NULL, "mitre_impact", "IM" },
	{ "TA0042", "Resource Development", NULL, "mitre_resource_development", "RD" },
	{ "TA0043", "Reconnaissance", NULL, "mitre_reconnaissance", "RE" },
	{ "TA0112", "Defense Impairment", NULL, "mitre_defense_impairment", "DX" },
};

static const struct attack_technique techniques[] = {
	{ "T1003", "OS Credential Dumping", "TA0006" },
	{ "T1003.008", "/etc/passwd and /etc/shadow", "TA0006" },
	{ "T1005", "Data from Local System", "TA0009" },
	{ "T1014", "Rootkit", "TA0005" },
	{ "T1020", "Automated Exfiltration", "TA0010" },
	{ "T1021", "Remote Services", "TA0008" },
	{ "T1021.004", "SSH", "TA0008" },
	{ "T1027", "Obfuscated Files or Information", "TA0005" },
	{ "T1036", "Masquerading", "TA0005" },
	{ "T1037", "Boot or Logon Initialization Scripts", "TA0003 TA0004" },
	{ "T1041", "Exfiltration Over C2 Channel", "TA0010" },
	{ "T1046", "Network Service Discovery", "TA0007" },
	{ "T1048", "Exfiltration Over Alternative Protocol", "TA0010" },
	{ "T1053", "Scheduled Task/Job", "TA0002 TA0003 TA0004" },
	{ "T1053.003", "Cron", "TA0002 TA0003 TA0004" },
	{ "T1053.007", "Container Orchestration Job", "TA0002 TA0003 TA0004" },
	{ "T1055", "Process Injection", "TA0004 TA0005" },
	{ "T1055.008", "Ptrace System Calls", "TA0004 TA0005" },
	{ "T1059", "Command and Scripting Interpreter", "TA0002" },
	{ "T1059.004", "Unix Shell", "TA0002" },
	{ "T1059.013", "Container CLI/API", "TA0002" },
	{ "T1068", "Exploitation for Privilege Escalation", "TA0004" },
	{ "T1070", "Indicator Removal", "TA0005" },
	{ "T1071", "Application Layer Protocol", "TA0011" },
	{ "T1078", "Valid Accounts", "TA0001 TA0003 TA0004 TA0005" },
	{ "T1083", "File and Directory Discovery", "TA0007" },
	{ "T1098", "Account Manipulation", "TA0003 TA0004" },
	{ "T1098.004", "SSH Authorized Keys", "TA0003 TA0004" },
	{ "T1105", "Ingress Tool Transfer", "TA0011" },
	{ "T1132", "Data Encoding", "TA0011" },
	{ "T1136", "Create Account", "TA0003" },
	{ "T1190", "Exploit Public-Facing Application", "TA0001" },
	{ "T1195", "Supply Chain Compromise", "TA0001" },
	{ "T1195.002", "Compromise Software Supply Chain", "TA0001" },
	{ "T1203", "Exploitation for Client Execution", "TA0002" },
	{ "T1204", "User Execution", "TA0002" },
	{ "T1204.003", "Malicious Image", "TA0002" },
	{ "T1212", "Exploitation for Credential Access", "TA0006" },
	{ "T1485", "Data Destruction", "TA0040" },
	{ "T1496", "Resource Hijacking", "TA0040" },
	{ "T1505", "Server Software Component", "TA0003" },
	{ "T1505.003", "Web Shell", "TA0003" },
	{ "T1526", "Cloud Service Discovery", "TA0007" },
	{ "T1543", "Create or Modify System Process", "TA0003 TA0004" },
	{ "T1546", "Event Triggered Execution", "TA0003 TA0004" },
	{ "T1546.004", "Unix Shell Configuration Modification", "TA0003 TA0004" },
	{ "T1548", "Abuse Elevation Control Mechanism", "TA0004 TA0005" },
	{ "T1548.001", "Setuid and Setgid", "TA0004 TA0005" },
	{ "T1548.003", "Sudo and Sudo Caching", "TA0004 TA0005" },
	{ "T1552", "Unsecured Credentials", "TA0006" },
	{ "T1552.001", "Credentials In Files", "TA0006" },
	{ "T1552.005", "Cloud Instance Metadata API", "TA0006" },
	{ "T1552.007", "Container API", "TA0006" },
	{ "T1555", "Credentials from Password Stores", "TA0006" },
	{ "T1562", "Impair Defenses", "TA0005" },
	{ "T1565", "Data Manipulation", "TA0040" },
	{ "T1571", "Non-Standard Port", "TA0011" },
	{ "T1609", "Container Administration Command", "TA0002" },
	{ "T1610", "Deploy Container", "TA0002 TA0005" },
	{ "T1611", "Escape to Host", "TA0004" },
	{ "T1612", "Build Image on Host", "TA0005" },
	{ "T1613", "Container and Resource Discovery", "TA0007" },
	{ "T1620", "Reflective Code Loading", "TA0005" },
	{ "T1622", "Debugger Evasion", "TA0005 TA0007" },
	{ "T1685", "Disable or Modify Tools", "TA0112" },
	{ "T1686", "Disable or Modify Firewall", "TA0112" },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const struct attack_tactic *
attack_tactic(struct slice id)
{
	for (size_t i = 0; i < COUNT(tactics); i++)
		if (slice_eq(slice_of(tactics[i].id), id))
			return &tactics[i];
	return NULL;
}

const struct attack_technique *
attack_technique(struct slice id)
{
	const char *dot;

	for (size_t i = 0; i < COUNT(techniques); i++)
		if (slice_eq(slice_of(techniques[i].id), id))
			return &techniques[i];
	dot = id.len == 0 ? NULL : memchr(id.p, '.', id.len);
	return dot == NULL ? NULL : attack_technique((struct slice){ id.p, (size_t)(dot - id.p) });
}

/* Ids found, as a sorted list without doubles. */
struct found {
	struct slice id[TACTICS_MAX];
	unsigned n;
};

static void
add(struct found *f, struct slice id)
{
	unsigned i = 0;

	while (i < f->n && slice_cmp(f->id[i], id) < 0)
		i++;
	if (f->n == TACTICS_MAX || (i < f->n && slice_eq(f->id[i], id)))
		return;
	memmove(f->id + i + 1, f->id + i, (f->n - i) * sizeof(f->id[0]));
	f->id[i] = id;
	f->n++;
}

/* The next word of a text of words; an empty one at its end. */
static struct slice
word(struct slice *rest)
{
	size_t from = 0, to;

	while (from < rest->len && rest->p[from] == ' ')
		from++;
	for (to = from; to < rest->len && rest->p[to] != ' ';)
		to++;
	*rest = (struct slice){ rest->p + to, rest->len - to };
	return (struct slice){ rest->p - (to - from), to - from };
}

static void
add_tactics_of(struct found *f, struct slice technique)
{
	const struct attack_technique *t = attack_technique(technique);
	struct slice rest = slice_of(t == NULL ? "" : t->tactics), id;

	while ((id = word(&rest)).len > 0)
		add(f, id);
}

static void
print(const struct found *f, struct buf *out)
{
	for (unsigned i = 0; i < f->n; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		buf_add(out, f->id[i].p, f->id[i].len);
	}
}

static bool
all_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return true;
}

/* T1059, T1059.004 */
static bool
is_technique(struct slice s)
{
	if ((s.len != 5 && s.len != 9) || s.p[0] != 'T')
		return false;
	return all_digits((struct slice){ s.p + 1, 4 }) &&
	       (s.len == 5 || (s.p[5] == '.' && all_digits((struct slice){ s.p + 6, 3 })));
}

static const struct attack_tactic *
tactic_by_tag(struct slice tag)
{
	for (size_t i = 0; i < COUNT(tactics); i++)
		if (slice_eq(slice_of(tactics[i].tag), tag))
			return &tactics[i];
	return NULL;
}

/* The tactics that the rule names; those of its techniques only when it names none. */
void
attack_from_tags(struct slice tags, struct buf *out_techniques, struct buf *out_tactics)
{
	struct found named = { 0 }, implied = { 0 }, found = { 0 };
	struct slice tag;

	while ((tag = word(&tags)).len > 0) {
		const struct attack_tactic *t = tactic_by_tag(tag);

		if (t == NULL)
			t = attack_tactic(tag);
		if (t != NULL)
			add(&named, slice_of(t->id));
		if (!is_technique(tag))
			continue;
		add(&found, tag);
		add_tactics_of(&implied, tag);
	}
	print(&found, out_techniques);
	print(named.n > 0 ? &named : &implied, out_tactics);
}

void
attack_tactics_of(struct slice list, struct buf *out)
{
	struct found f = { 0 };
	struct slice id;

	while ((id = word(&list)).len > 0)
		add_tactics_of(&f, id);
	print(&f, out);
}
