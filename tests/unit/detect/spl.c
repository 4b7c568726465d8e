/* The SPL subset: a table of searches with the rows they give on a handful of events, one of
 * searches that are refused and where. */
#include "detect/spl.h"

#include "lines.h"

/* Two users, JSON with null and absent fields, text of two generations, a hostile value. */
static const char events[] =
    "{\"output\":\"x A shell was spawned in a container y\",\"priority\":\"Notice\",\"rule\":\"Terminal shell in container\",\"source\":\"syscall\","
    "\"tags\":[\"T1059\",\"mitre_execution\"],\"time\":\"2026-01-15T08:00:01.000000000Z\",\"output_fields\":{\"user.name\":\"root\",\"proc.name\":\"bash\","
    "\"container.image.repository\":\"nginx\",\"container.image.tag\":\"1.27\",\"evt.arg.mode\":\"7\",\"fd.lport\":443}}\n"
    "{\"output\":\"x A SHELL was spawned in a container y\",\"priority\":\"Notice\",\"rule\":\"Terminal shell in container\",\"source\":\"syscall\","
    "\"time\":\"2026-01-15T08:30:02.500000000Z\",\"output_fields\":{\"user.name\":\"root\",\"proc.name\":\"sh\","
    "\"container.image.repository\":\"nginx\",\"container.image.tag\":null,\"evt.arg.mode\":\"12\",\"fd.lport\":8080}}\n"
    "{\"output\":\"Read sensitive file\",\"priority\":\"Warning\",\"rule\":\"Read sensitive file untrusted\",\"source\":\"syscall\","
    "\"time\":\"2026-01-15T09:00:03.000000000Z\",\"output_fields\":{\"user.name\":\"Alice\",\"proc.name\":\"cat\",\"fd.name\":\"/etc/shadow\"}}\n"
    "{\"output\":\"No user here\",\"priority\":\"Critical\",\"rule\":\"Odd\",\"source\":\"syscall\","
    "\"time\":\"2026-01-15T09:00:04.000000000Z\",\"output_fields\":{\"proc.name\":\"[k]*\",\"container.image.tag\":\"0\",\"evt.arg.mode\":\"\"}}\n"
    "{\"output\":\"audit\",\"priority\":\"Notice\",\"rule\":\"K8s\",\"source\":\"k8s_audit\",\"time\":\"2026-01-15T09:00:05Z\",\"output_fields\":{"
    "\"ka.user.name\":\"system:anonymous\",\"ka.verb\":\"get\",\"ka.target.resource\":\"secrets\",\"ka.user.groups\":\"(system:unauthenticated,devs)\",\"ka.response.code\":403}}\n"
    "10:00:00.000000000: Notice A shell was spawned in a container with an attached terminal (user=root user_loginuid=-1 process=bash "
    "parent=runc cmdline=bash terminal=34816 container_id=7a2566e8e462 container_image=nginx container_image_tag=1.27 container_name=web)\n"
    "2026-01-15T11:00:00.000000000+0000: Notice A shell was spawned in a container with an attached terminal | evt_type=execve user=<NA> "
    "user_uid=0 process=bash parent=runc command=bash -i terminal=34816 container_id=7a2566e8e462 container_name=web "
    "container_image_repository=nginx container_image_tag=1.27 k8s_pod_name=web-1 k8s_ns_name=shop\n";

static const struct {
	const char *search, *rows;
} table[] = {
	/* searching */
	{ "* | stats count", "count\n7\n" },
	{ "search * | stats count", "count\n7\n" },
	{ "| search * | stats count", "count\n7\n" },
	{ "\"a shell WAS spawned\" | stats count", "count\n4\n" },
	{ "shadow | stats count", "count\n1\n" },
	{ "shad*w | stats count", "count\n1\n" },
	{ "*SHADOW* | stats count", "count\n1\n" },
	{ "NOT shadow | stats count", "count\n6\n" },
	{ "nothing-like-this | stats count", "count\n0\n" },
	{ "nothing-like-this | stats count by user", "user|count\n" },
	{ "user=ROOT | stats count by user", "user|count\nroot|3\n" },
	{ "user=\"root\" process=bash | stats count", "count\n2\n" },
	{ "user = root | stats count", "count\n3\n" },
	{ "user==root | stats count", "count\n3\n" },
	{ "user=*o* | stats count", "count\n4\n" },
	{ "user=* | stats count", "count\n6\n" },
	{ "user!=root | stats count", "count\n3\n" },
	{ "NOT user=root | stats count", "count\n4\n" },
	{ "user!=* | stats count", NULL },
	{ "NOT user=* | stats count", "count\n1\n" },
	{ "process=\"[k]\\**\" | stats count", "count\n0\n" },
	{ "process=\"[k]*\" | stats count", "count\n1\n" },
	{ "process=[k]* | stats count", NULL },
	{ "process=?k* | stats count", "count\n0\n" },
	{ "fd.lport>443 | stats count", "count\n1\n" },
	{ "fd.lport>=443 fd.lport<=8080 | stats count", "count\n2\n" },
	{ "fd.lport<1000 | stats count", "count\n1\n" },
	{ "evt.arg.mode>8 | stats count", "count\n1\n" },
	{ "user IN (alice, \"ro*\") | stats count by user", "user|count\nAlice|1\nroot|3\n" },
	{ "NOT user IN (alice, root) | stats count", "count\n3\n" },
	/* AND binds loosest: (root OR alice) AND bash */
	{ "user=root OR user=alice process=bash | stats count", "count\n2\n" },
	{ "process=bash user=root OR user=alice | stats count", "count\n2\n" },
	{ "(process=bash user=root) OR user=alice | stats count", "count\n3\n" },
	{ "user=root AND NOT (process=bash OR process=zsh) | stats count", "count\n1\n" },
	{ "NOT user=root process=bash | stats count", "count\n1\n" },
	{ "\"user\"=root | stats count", "count\n3\n" },
	{ "sourcetype=\"kube:container:falco\" | stats count", "count\n7\n" },
	{ "sourcetype=kube:* index=main | stats count", "count\n7\n" },
	{ "sourcetype!=other user=alice | stats count", "count\n1\n" },
	{ "source=kubernetes | stats count by user.username verb",
	    "user.username|verb|count\nsystem:anonymous|get|1\n" },
	{ "user.groups{}=DEVS | stats count", "count\n1\n" },
	{ "user.groups{}=dev | stats count", "count\n0\n" },
	{ "user.groups{} IN (system:*) responseStatus.code=403 | stats count", "count\n1\n" },
	{ "rule=Odd | stats count by priority source",
	    "priority|source|count\nCritical|syscall|1\n" },
	{ "tags=T1059 | stats count", "count\n3\n" },
	/* fillnull before stats */
	{ "rule=Term* | stats count by container_image_tag",
	    "container_image_tag|count\n1.27|3\n" },
	{ "rule=Term* | fillnull | stats count by container_image_tag",
	    "container_image_tag|count\n0|1\n1.27|3\n" },
	{ "* | fillnull | stats count by container_image_tag",
	    "container_image_tag|count\n0|4\n1.27|3\n" },
	{ "* | fillnull value=none user | stats count by user",
	    "user|count\n<NA>|1\nAlice|1\nnone|1\nroot|3\nsystem:anonymous|1\n" },
	{ "* | fillnull process | stats count by user process",
	    "user|process|count\n<NA>|bash|1\nAlice|cat|1\nroot|bash|2\nroot|sh|1\nsystem:anonymous|0|1\n" },
	{ "* | fillnull | search user=0 | stats count by rule", "rule|count\nOdd|1\n" },
	{ "* | fillnull | search user!=root | stats count", "count\n4\n" },
	{ "* | fillnull | search NOT user=0 | stats count", "count\n6\n" },
	{ "* | fillnull | search fd.lport<1 | stats count", "count\n5\n" },
	{ "* | fillnull value=x user | fillnull value=y user | stats count by user | search user=x",
	    "user|count\nx|1\n" },
	/* rename before stats */
	{ "* | rename user as who | search who=root | stats count by who", "who|count\nroot|3\n" },
	/* aggregates */
	{ "user=root | stats count as n by user", "user|n\nroot|3\n" },
	{ "user=root | stats dc(process) values(process) as p count by user",
	    "user|dc(process)|p|count\nroot|2|bash,sh|3\n" },
	{ "* | stats distinct_count(user) as users, values(user)",
	    "users|values(user)\n4|<NA>,Alice,root,system:anonymous\n" },
	{ "* | fillnull | stats dc(user) as users", "users\n5\n" },
	{ "* | stats count(fd.lport) as ports c(user) as u", "ports|u\n2|6\n" },
	{ "* | stats min(fd.lport) max(fd.lport) max(evt.arg.mode) as mode",
	    "min(fd.lport)|max(fd.lport)|mode\n443|8080|12\n" },
	{ "user=root | stats min(_time) as firstTime max(_time) as lastTime by user",
	    "user|firstTime|lastTime\nroot|1768464001|1768471200\n" },
	{ "user=root | stats earliest(_time) as e latest(_time) as l",
	    "e|l\n1768464001|1768471200\n" },
	{ "user=root | stats earliest(process) latest(process) by user",
	    "user|earliest(process)|latest(process)\nroot|bash|bash\n" },
	{ "user=root container_image_tag!=x OR evt.arg.mode=12 | stats latest(evt.arg.mode) as m earliest(container_image_tag) as t by user",
	    "user|m|t\nroot|12|1.27\n" },
	{ "user=root | stats count, min(_time) as t BY user, process | `security_content_ctime(t)`",
	    "user|process|count|t\nroot|bash|2|2026-01-15T08:00:01Z\nroot|sh|1|2026-01-15T08:30:02Z\n" },
	{ "user=root process=sh | stats min(_time) as t | convert timeformat=\"%H:%M %Z\" ctime(t) as clock",
	    "t|clock\n1768465802.5|08:30 UTC\n" },
	{ "* | stats values(evt.arg.mode) as m count(evt.arg.mode) as n", "m|n\n,12,7|3\n" },
	{ "* | stats values(user) as u by nosuchfield", "nosuchfield|u\n" },
	{ "* | stats count values(nosuchfield) as x", "count|x\n7|-\n" },
	/* after stats */
	{ "* | stats count by user | where count > 1", "user|count\nroot|3\n" },
	{ "* | stats count by user | where count>=1 AND NOT user=\"root\"",
	    "user|count\n<NA>|1\nAlice|1\nsystem:anonymous|1\n" },
	{ "* | stats count by user | where user=\"ROOT\"", "user|count\n" },
	{ "* | stats count by user | where like(user, \"%l_c%\") OR user LIKE \"sys%\"",
	    "user|count\nAlice|1\nsystem:anonymous|1\n" },
	{ "* | stats count by user | where user IN (\"Alice\", \"x\")", "user|count\nAlice|1\n" },
	{ "* | stats count values(fd.lport) as p by rule | where isnotnull(p)",
	    "rule|count|p\nTerminal shell in container|4|443,8080\n" },
	{ "* | stats count values(fd.lport) as p by rule | where isnull(p) and count=1 | fields rule",
	    "rule\nK8s\nOdd\nRead sensitive file untrusted\n" },
	{ "* | stats count values(fd.lport) as p by rule | where p=443", "rule|count|p\n" },
	{ "* | stats count values(fd.lport) as p by rule | where NOT p=443",
	    "rule|count|p\nTerminal shell in container|4|443,8080\n" },
	{ "* | stats count values(fd.lport) as p by rule | search p=443",
	    "rule|count|p\nTerminal shell in container|4|443,8080\n" },
	{ "* | stats count values(fd.lport) as p by rule | search NOT p=443 | table rule",
	    "rule\nK8s\nOdd\nRead sensitive file untrusted\n" },
	{ "* | stats count by user | search user=ROOT", "user|count\nroot|3\n" },
	{ "* | stats count by user | search user=r* count>2", "user|count\nroot|3\n" },
	{ "* | stats count by user | search NOT user IN (root, alice) user!=sys*",
	    "user|count\n<NA>|1\n" },
	{ "* | stats count by user | search nosuch=x", "user|count\n" },
	{ "* | stats count by user | search *",
	    "user|count\n<NA>|1\nAlice|1\nroot|3\nsystem:anonymous|1\n" },
	{ "* | stats count by user | rename user as \"The User\", count AS n",
	    "The User|n\n<NA>|1\nAlice|1\nroot|3\nsystem:anonymous|1\n" },
	{ "* | stats count by user process | rename user as process | table process",
	    "process\n<NA>\nAlice\nroot\nroot\n" },
	{ "* | stats count by user | rename nosuch as user | table user count",
	    "user|count\n-|1\n-|1\n-|3\n-|1\n" },
	{ "* | stats count values(fd.lport) as p by rule | fillnull value=none p | table p rule",
	    "p|rule\nnone|K8s\nnone|Odd\nnone|Read sensitive file untrusted\n443,8080|Terminal shell in container\n" },
	{ "* | stats count by user | fillnull made | head 1", "user|count|made\n<NA>|1|0\n" },
	{ "* | stats count by user | sort - count, user | table user",
	    "user\nroot\n<NA>\nAlice\nsystem:anonymous\n" },
	{ "* | stats count by user | sort -user | fields user",
	    "user\nsystem:anonymous\nroot\nAlice\n<NA>\n" },
	{ "* | stats count by user | sort 2 -count", "user|count\nroot|3\n<NA>|1\n" },
	{ "* | stats count by fd.lport | sort fd.lport", "fd.lport|count\n443|1\n8080|1\n" },
	{ "* | stats count by fd.lport | sort -fd.lport", "fd.lport|count\n8080|1\n443|1\n" },
	{ "* | stats count by user | head limit=2 | fields - count", "user\n<NA>\nAlice\n" },
	{ "* | stats count by user | fields + count", "count\n1\n1\n3\n1\n" },
	{ "* | stats count dc(process) as p_n dc(rule) as p_r by user | table p_* user | head 1",
	    "p_n|p_r|user\n1|1|<NA>\n" },
	{ "* | stats count by user | table count missing", "count|missing\n1|-\n1|-\n3|-\n1|-\n" },
	/* macros */
	{ "`kube_container_falco` ```a comment``` shell | stats count | `any_filter`",
	    "count\n4\n" },
	{ "`two(root, bash)` | stats count", "count\n2\n" },
	{ "`nested` | stats count", "count\n2\n" },
};

static struct macros *
some_macros(void)
{
	struct macros *m = macros_new();

	ck_assert(macros_set(m, "two", "who, what", "user=$who$ process=\"$what$\""));
	ck_assert(macros_set(m, "nested", NULL, "`two(root, bash)` `kube_container_falco`"));
	ck_assert(macros_set(m, "loop", NULL, "`loop`"));
	ck_assert(macros_set(m, "wide", NULL,
	    "`wide2` `wide2` `wide2` `wide2` `wide2` `wide2` `wide2` `wide2` `wide2` `wide2`"));
	ck_assert(macros_set(m, "wide2", NULL,
	    "`wide3` `wide3` `wide3` `wide3` `wide3` `wide3` `wide3` `wide3` `wide3` `wide3`"));
	ck_assert(macros_set(m, "wide3", NULL,
	    "`none` `none` `none` `none` `none` `none` `none` `none` `none` `none` `none`"));
	ck_assert(macros_set(m, "none", NULL, ""));
	return m;
}

START_TEST(test_table)
{
	struct macros *m = some_macros();
	struct lines l;
	unsigned bad = 0;

	lines_init(&l);
	lines_feed_text(&l, events);
	ck_assert_uint_eq(l.events, 7);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct spl_error err;
		struct spl *s = spl_compile(slice_of(table[i].search), m, NULL, &err);
		char *rows = s == NULL ? NULL : lines_rows(&l, s);

		if ((rows == NULL) != (table[i].rows == NULL) ||
		    (rows != NULL && strcmp(rows, table[i].rows) != 0)) {
			printf("# %s\n# wanted: %s\n# got: %s\n", table[i].search, table[i].rows,
			    rows == NULL ? err.message : rows);
			bad++;
		}
		free(rows);
		spl_free(s);
	}
	ck_assert_uint_eq(bad, 0);
	lines_release(&l);
	macros_free(m);
}
END_TEST

static const struct {
	const char *search;
	unsigned line, column;
	const char *word;
} refused[] = {
	{ "", 1, 1, "" },
	{ "  ", 1, 3, "" },
	{ "user=root", 1, 10, "" },
	{ "| mstats avg(x) where y", 1, 3, "mstats" },
	{ "| tstats count", 1, 3, "tstats" },
	{ "user=root\n| eval x=1\n| stats count", 2, 3, "eval" },
	{ "user=root | iplocation ip | stats count", 1, 13, "iplocation" },
	{ "x | rex field=_raw \"(?<a>.)\" | stats count", 1, 5, "rex" },
	{ "x | where a=1 | stats count", 1, 5, "where" },
	{ "x | stats sum(a)", 1, 11, "sum" },
	{ "x | stats count(eval(a=1)) as n", 1, 17, "eval" },
	{ "x | stats values", 1, 11, "values" },
	{ "x | stats values(*)", 1, 18, "*" },
	{ "x | stats count by", 1, 19, "" },
	{ "x | stats count by a a", 1, 22, "a" },
	{ "x | stats count by _time", 1, 20, "_time" },
	{ "x | stats dc(_time)", 1, 14, "_time" },
	{ "x | stats", 1, 10, "" },
	{ "x | stats count | eval y=1", 1, 19, "eval" },
	{ "x | stats count | stats count", 1, 19, "stats" },
	{ "x | stats count by a | rename a* as b*", 1, 31, "a*" },
	{ "x | stats count | where count + 1 > 2", 1, 31, "+" },
	{ "x | stats count | where len(a) > 2", 1, 25, "len" },
	{ "x | stats count by a.b | where a.b=1", 1, 32, "a.b" },
	{ "x | stats count | where", 1, 24, "" },
	{ "x | stats count | search word", 1, 26, "word" },
	{ "x | stats count | sort num(count)", 1, 27, "(" },
	{ "x | stats count | sort count desc", 1, 30, "desc" },
	{ "x | stats count | head many", 1, 24, "many" },
	{ "x | stats count | fields - count", 1, 33, "" },
	{ "a OR | stats count", 1, 6, "|" },
	{ "(a | stats count", 1, 1, "(" },
	{ "a ) | stats count", 1, 3, ")" },
	{ "a=\"b | stats count", 1, 3, "\"" },
	{ "a= | stats count", 1, 4, "|" },
	{ "a IN b | stats count", 1, 6, "b" },
	{ "a IN (b | stats count", 1, 9, "|" },
	{ "a [search b] | stats count", 1, 3, "[search" },
	{ "TERM(a) | stats count", 1, 1, "TERM" },
	{ "earliest=-1h a | stats count", 1, 1, "earliest" },
	{ "sourcetype=linux_secure | stats count", 1, 1, "linux_secure" },
	{ "a>b | stats count", 1, 1, "b" },
	{ "\"\" | stats count", 1, 1, "" },
	{ "a `nosuch` | stats count", 1, 3, "nosuch" },
	{ "a `two(x)` | stats count", 1, 3, "two" },
	{ "a `open | stats count", 1, 3, "`" },
	{ "a\n  `loop` | stats count", 2, 3, "" },
	{ "`wide` | stats count", 1, 1, "none" },
	{ "a | rename b as c | stats count by b", 1, 36, "b" },
	{ "a | stats count by a1 a2 a3 a4 a5 a6 a7 a8 a9 b1 b2 b3 b4 b5 b6 b7 b8", 1, 68, "b8" },
	{ "a | \"stats\" count", 1, 5, "\"stats\"" },
	{ "a | stats count | lookup x y", 1, 19, "lookup" },
	{ "a | stats count | fillnull x*", 1, 28, "x*" },
};

START_TEST(test_refused)
{
	struct macros *m = some_macros();
	unsigned bad = 0;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct spl_error err;
		struct spl *s = spl_compile(slice_of(refused[i].search), m, NULL, &err);

		if (s != NULL || err.line != refused[i].line || err.column != refused[i].column ||
		    strcmp(err.word, refused[i].word) != 0 || err.message[0] == '\0') {
			printf("# %s\n#   %u:%u \"%s\" %s\n", refused[i].search, err.line,
			    err.column, err.word, s != NULL ? "compiled" : err.message);
			bad++;
		}
		spl_free(s);
	}
	ck_assert_uint_eq(bad, 0);
	macros_free(m);
}
END_TEST

static const struct {
	const char *text, *filter, *rows; /* filter NULL: refused */
} own[] = {
	{ NULL, "rule iglob Term*", "user|count\n<NA>|1\nroot|3\n" },
	{ "search *", "rule iglob Term*", "user|count\n<NA>|1\nroot|3\n" },
	{ "search NOT user=root", "rule iglob Term*", "user|count\n<NA>|1\n" },
	{ "| where count > 1", "rule iglob Term*", "user|count\nroot|3\n" },
	{ "user.name != root", "rule iglob Term* and user.name != root", "user|count\n<NA>|1\n" },
	{ "proc.name = sh or user.name = '<NA>'",
	    "rule iglob Term* and (proc.name = sh or user.name = '<NA>')",
	    "user|count\n<NA>|1\nroot|1\n" },
	{ "", "rule iglob Term*", "user|count\n<NA>|1\nroot|3\n" },
	{ "user.name =", NULL, NULL },
	{ "search (", NULL, NULL },
	{ "eval x=1", NULL, NULL },
};

/* A search's own filter macro takes SPL and Falco's syntax. */
START_TEST(test_own_filter)
{
	const char *search = "rule=Term* | stats count by user | `my_filter`";
	struct macros *m = some_macros();
	struct lines l;

	lines_init(&l);
	lines_feed_text(&l, events);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		struct spl_error err;
		struct spl *s = spl_compile(slice_of(search), m, own[i].text, &err);
		char *rows;

		if (own[i].filter == NULL) {
			ck_assert_msg(s == NULL, "%s", own[i].text);
			ck_assert_str_ne(err.message, "");
			continue;
		}
		ck_assert_msg(s != NULL, "%s: %s", own[i].text, err.message);
		ck_assert_str_eq(spl_filter_macro(s), "my_filter");
		ck_assert_str_eq(spl_filter(s), own[i].filter);
		rows = lines_rows(&l, s);
		ck_assert_str_eq(rows, own[i].rows);
		free(rows);
		spl_free(s);
	}
	lines_release(&l);
	macros_free(m);
}
END_TEST

/* What a column is of, and the term that a drilldown adds. */
START_TEST(test_columns)
{
	struct macros *m = some_macros();
	struct spl_error err;
	struct spl *s = spl_compile(
	    SLICE(
		"* | fillnull user | stats count min(_time) as t by user process | rename user as who | `security_content_ctime(t)`"),
	    m, NULL, &err);
	const char *fill = "?";
	struct buf b = { 0 };

	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(spl_ncolumns(s), 4);
	ck_assert_str_eq(spl_column(s, 0), "who");
	ck_assert_str_eq(spl_column_field(s, 0, &fill), "user.name");
	ck_assert_str_eq(fill, "0");
	ck_assert_str_eq(spl_column_field(s, 1, &fill), "proc.name");
	ck_assert_ptr_null(fill);
	ck_assert_ptr_null(spl_column_field(s, 2, NULL));
	ck_assert_ptr_null(spl_column_field(s, 3, NULL));
	ck_assert_int_eq(spl_column_index(s, SLICE("t")), 3);
	ck_assert_int_eq(spl_column_index(s, SLICE("user")), -1);
	ck_assert(spl_column_term(s, 0, SLICE("it's *"), &b));
	ck_assert_str_eq(b.p, "user.name = \"it's *\"");
	buf_clear(&b);
	ck_assert(spl_column_term(s, 0, SLICE("0"), &b));
	ck_assert_str_eq(b.p, "user.name = 0 or not user.name exists");
	ck_assert(!spl_column_term(s, 2, SLICE("1"), &b));
	buf_release(&b);
	spl_free(s);
	macros_free(m);
}
END_TEST

/* Every hour is an answer of its own: where, sort and head work within it. */
START_TEST(test_buckets)
{
	struct macros *m = some_macros();
	struct spl_error err;
	struct spl *s = spl_compile(
	    SLICE("rule=Term* | stats count by user | where count>0 | sort -count | head 1"), m,
	    NULL, &err);
	const int64_t hour = 3600 * NSEC_PER_SEC;
	const int64_t wanted[] = { LINES_DAY + 10 * hour };
	struct filter_error ferr;
	struct spl_result r;
	struct query q;
	struct live *live;
	struct lines l;

	lines_init(&l);
	lines_feed_text(&l, events);
	spl_query(s, &q);
	q.bucket = hour;
	live = live_open(l.model, &q, &ferr);
	ck_assert_ptr_nonnull(live);
	while (live_work(l.model, 1000000))
		;
	spl_rows(s, live_groups(live), model_symbols(l.model), NULL, 0, &r);
	ck_assert_uint_eq(r.nrows, 3);
	for (uint32_t i = 0; i < 3; i++) {
		static const int hours[] = { 8, 10, 11 };

		ck_assert_int_eq(r.row[i].bucket, LINES_DAY + hours[i] * hour);
		ck_assert_uint_eq(r.row[i].count, i == 0 ? 2 : 1);
	}
	ck_assert_int_eq(r.row[0].first, LINES_DAY + 8 * hour + NSEC_PER_SEC);
	spl_result_release(&r);
	spl_rows(s, live_groups(live), model_symbols(l.model), wanted, 1, &r);
	ck_assert_uint_eq(r.nrows, 1);
	ck_assert_int_eq(r.row[0].bucket, wanted[0]);
	spl_result_release(&r);
	live_close(l.model, live);
	query_release(&q);
	lines_release(&l);
	spl_free(s);
	macros_free(m);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("spl");
	TCase *t = tcase_create("spl");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_table);
	tcase_add_test(t, test_refused);
	tcase_add_test(t, test_own_filter);
	tcase_add_test(t, test_columns);
	tcase_add_test(t, test_buckets);
	suite_add_tcase(s, t);
	return s;
}

TEST_MAIN(suite)
