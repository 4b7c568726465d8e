/* The catalogue: every row is found by each of its names, no name means two things; priorities. */
#include "event/field.h"

#include <ctype.h>
#include <pthread.h>

#include "event/event.h"
#include "event/priority.h"
#include "harness.h"

#include "base/banned.h"

START_TEST(rows_are_whole)
{
	for (unsigned id = 0; id < FIELD_KNOWN; id++) {
		const struct field_info *f = field_info((enum field_id)id);

		ck_assert_ptr_nonnull(f->name);
		ck_assert_uint_gt(strlen(f->name), 0);
		ck_assert_uint_gt(strlen(f->title), 0);
		ck_assert_uint_gt(strlen(f->help), 0);
		ck_assert_int_gt(f->width, 0);
		ck_assert_ptr_nonnull(f->escu);
		ck_assert_ptr_nonnull(f->keys);
		for (const char *p = f->title; *p != '\0'; p++)
			ck_assert(!islower((unsigned char)*p));
	}
}
END_TEST

START_TEST(found_by_each_name)
{
	for (unsigned id = 0; id < FIELD_KNOWN; id++) {
		const struct field_info *f = field_info((enum field_id)id);
		struct slice name = slice_of(f->name);

		ck_assert_uint_eq(field_by_name(name), id);
		ck_assert_uint_eq(field_by_falco_name(name), id < FIELD_COLUMNS ? id : FIELD_NONE);
		if (id < FIELD_COLUMNS)
			ck_assert_uint_eq(field_by_text_key(name), id);
		if (f->escu[0] != '\0')
			ck_assert_uint_eq(field_by_name(slice_of(f->escu)), id);
		for (const char *k = f->keys; *k != '\0';) {
			size_t n = strcspn(k, " ");

			ck_assert_msg(field_by_text_key((struct slice){ k, n }) == id,
			    "text key %.*s has two owners", (int)n, k);
			k += n + strspn(k + n, " ");
		}
	}
}
END_TEST

/* The spellings of the official rules, oldest and newest. */
static const struct {
	const char *key;
	enum field_id id;
} keys[] = {
	{ "user", FIELD_USER },
	{ "user_uid", FIELD_USER_UID },
	{ "useruid", FIELD_USER_UID },
	{ "cur_uid", FIELD_USER_UID },
	{ "user_loginuid", FIELD_USER_LOGINUID },
	{ "process", FIELD_PROCESS },
	{ "shell", FIELD_PROCESS },
	{ "exe", FIELD_EXEPATH },
	{ "proc_exepath", FIELD_EXEPATH },
	{ "web_server", FIELD_PARENT },
	{ "command", FIELD_CMDLINE },
	{ "comm", FIELD_CMDLINE },
	{ "pcmdline", FIELD_PCMDLINE },
	{ "gparent", FIELD_ANAME2 },
	{ "aname[3]", FIELD_ANAME3 },
	{ "proc.aname[2]", FIELD_ANAME2 },
	{ "proc_aname[4]", FIELD_ANAME4 },
	{ "terminal", FIELD_TTY },
	{ "evt_type", FIELD_EVT_TYPE },
	{ "operation", FIELD_EVT_TYPE },
	{ "exe_flags", FIELD_EVT_FLAGS },
	{ "returncode", FIELD_EVT_RES },
	{ "file", FIELD_FD_NAME },
	{ "device", FIELD_FD_NAME },
	{ "connection", FIELD_FD_NAME },
	{ "server_ip", FIELD_FD_SIP },
	{ "container", FIELD_CONTAINER_ID },
	{ "container_id", FIELD_CONTAINER_ID },
	{ "image", FIELD_IMAGE },
	{ "container_image_repository", FIELD_IMAGE },
	{ "container_image_tag", FIELD_TAG },
	{ "k8s.ns", FIELD_NAMESPACE },
	{ "k8s_ns_name", FIELD_NAMESPACE },
	{ "k8s.ns.name", FIELD_NAMESPACE },
	{ "k8s_pod_name", FIELD_POD },
	{ "user.name", FIELD_USER },
	{ "user_name", FIELD_USER },
	{ "fd_lport", FIELD_FD_LPORT },
	{ "ka_user_name", FIELD_KA_USER },
	{ "gcp_projectId", FIELD_GCP_PROJECT },
	{ "cap_effective", FIELD_CAP_EFFECTIVE },
	{ "thread_cap_effective", FIELD_CAP_EFFECTIVE },
	{ "", FIELD_NONE },
	{ "User", FIELD_NONE },
	{ "user ", FIELD_NONE },
	{ "use", FIELD_NONE },
	{ "users", FIELD_NONE },
	{ "time", FIELD_NONE },
	{ "container_image_", FIELD_NONE },
};

START_TEST(text_keys)
{
	ck_assert_uint_eq(field_by_text_key(slice_of(keys[_i].key)), keys[_i].id);
}
END_TEST

START_TEST(names)
{
	ck_assert_uint_eq(field_by_name(SLICE("user")), FIELD_USER);
	ck_assert_uint_eq(field_by_falco_name(SLICE("user")), FIELD_NONE);
	ck_assert_uint_eq(field_by_name(SLICE("proc_exepath")), FIELD_EXEPATH);
	ck_assert_uint_eq(field_by_name(SLICE("container_image")), FIELD_IMAGE);
	ck_assert_uint_eq(field_by_name(SLICE("process")), FIELD_PROCESS);
	ck_assert_uint_eq(field_by_name(SLICE("priority")), FIELD_PRIORITY);
	ck_assert_uint_eq(field_by_name(SLICE("output")), FIELD_OUTPUT);
	ck_assert_uint_eq(field_by_name(SLICE("USER.NAME")), FIELD_NONE);
	ck_assert_uint_eq(field_by_name((struct slice){ NULL, 0 }), FIELD_NONE);
}
END_TEST

static void *
look_up(void *arg)
{
	unsigned *bad = arg;

	for (unsigned id = 0; id < FIELD_COLUMNS; id++)
		*bad += field_by_falco_name(slice_of(field_info((enum field_id)id)->name)) != id;
	return NULL;
}

/* The indexes are built by whoever comes first. */
START_TEST(threads_at_once)
{
	pthread_t t[4];
	unsigned bad[4] = { 0 };

	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, look_up, &bad[i]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(bad[i], 0);
}
END_TEST

static const struct {
	const char *s;
	int p; /* -1: refused */
} priorities[] = {
	{ "Emergency", PRIORITY_EMERGENCY },
	{ "ALERT", PRIORITY_ALERT },
	{ "critical", PRIORITY_CRITICAL },
	{ "Error", PRIORITY_ERROR },
	{ "wArNiNg", PRIORITY_WARNING },
	{ "Notice", PRIORITY_NOTICE },
	{ "Informational", PRIORITY_INFORMATIONAL },
	{ "info", PRIORITY_INFORMATIONAL },
	{ "INFO", PRIORITY_INFORMATIONAL },
	{ "Debug", PRIORITY_DEBUG },
	{ "", -1 },
	{ "Unknown", -1 },
	{ "warn", -1 },
	{ "Err", -1 },
	{ "Criticality", -1 },
	{ "Critica", -1 },
	{ " Error", -1 },
	{ "Error ", -1 },
	{ "Inform", -1 },
	{ "emerg", -1 },
	/* Bytes that differ from a letter only in the case bit or the high ones. */
	{ "\x05rror", -1 },
	{ "\xe5rror", -1 },
	{ "E\x52\x52OR", PRIORITY_ERROR },
	{ "E\x12ROR", -1 },
	{ "E\xf2ROR", -1 },
	{ "4", -1 },
	{ "\xc4\xb0nfo", -1 },
};

START_TEST(priority_words)
{
	enum priority p = PRIORITY_COUNT;
	bool ok = priority_parse(slice_of(priorities[_i].s), &p);

	ck_assert_int_eq(ok, priorities[_i].p >= 0);
	ck_assert_int_eq((int)p, ok ? priorities[_i].p : PRIORITY_COUNT);
}
END_TEST

START_TEST(priority_names)
{
	enum priority p;

	for (int i = PRIORITY_UNKNOWN; i < PRIORITY_COUNT; i++) {
		ck_assert_uint_eq(strlen(priority_short((enum priority)i)), 3);
		if (i == PRIORITY_UNKNOWN)
			continue;
		ck_assert(priority_parse(slice_of(priority_name((enum priority)i)), &p));
		ck_assert_int_eq((int)p, i);
	}
	ck_assert_str_eq(priority_name(PRIORITY_CRITICAL), "Critical");
	ck_assert_str_eq(priority_short(PRIORITY_CRITICAL), "CRT");
	ck_assert_str_eq(priority_name(PRIORITY_UNKNOWN), "Unknown");
	ck_assert_str_eq(priority_short((enum priority)77), "???");
}
END_TEST

#define LOOP(tc, test, table)                                                                      \
	tcase_add_loop_test(tc, test, 0, (int)(sizeof(table) / sizeof((table)[0])))

static Suite *
suite(void)
{
	Suite *s = suite_create("event/field");
	TCase *tc = tcase_create("field");

	tcase_add_test(tc, rows_are_whole);
	tcase_add_test(tc, found_by_each_name);
	LOOP(tc, text_keys, keys);
	tcase_add_test(tc, names);
	tcase_add_test(tc, threads_at_once);
	LOOP(tc, priority_words, priorities);
	tcase_add_test(tc, priority_names);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
