/*
 * The quick scan says what the reference reader says, for every vector width: on events of every
 * generation of Falco, on each of them damaged in many ways, and on the shared real data.
 */
#include "decode/twins.h"

#include "harness.h"

#include <ftw.h>

#include "decode/envelope_scan.h"
#include "decode/shared.h"

#include "base/banned.h"

static const char *const samples[] = {
	/* Falco 0.39 and later */
	"{\"hostname\":\"n\",\"output\":\"2026-01-15T08:00:00.161934674+0000: Notice A shell | "
	"user=redis command=sh -c \\\"x\\\" \\u001b[0m\","
	"\"output_fields\":{\"container.id\":\"9c200661fccd\","
	"\"container.image.repository\":\"docker.io/library/redis\",\"container.name\":null,"
	"\"evt.time.iso8601\":1768464000161934674,\"evt.type\":\"execve\",\"proc.cmdline\":\"sh "
	"-c caf\xc3\xa9\",\"proc.name\":\"sh\",\"proc.pid\":40564,\"proc.tty\":0,"
	"\"user.loginuid\":-1,\"user.name\":\"<NA>\",\"user.uid\":999},\"priority\":\"Notice\","
	"\"rule\":\"Terminal shell\",\"source\":\"syscall\",\"tags\":[\"T1059\",\"container\"],"
	"\"time\":\"2026-01-15T08:00:00.161934674Z\"}",
	/* 0.38 and before: the graft with blanks */
	"{\"hostname\":\"n\",\"output\":\"08:00:00.161934674: Error File below etc (user=root "
	"file=/etc/x \\ud83d\\ude00)\",\"priority\":\"Error\",\"rule\":\"Write below etc\","
	"\"source\":\"syscall\",\"tags\":[],\"time\":\"2023-01-15T08:00:00.161934674Z\", "
	"\"output_fields\": {\"evt.time\":1673769600161934674,\"fd.name\":\"/etc/x\","
	"\"proc.aname[2]\":null,\"proc.name\":\"\",\"user.name\":\"root\"}}",
	/* falcosidekick */
	"{\"uuid\":\"7e5d4d9b-9b7f-4c0c-8d5b-1f0c1e5f0a01\",\"output\":\"08:00:00.1: Critical X "
	"(a=\\u003cNA\\u003e)\",\"priority\":\"Critical\",\"rule\":\"X\","
	"\"time\":\"2024-01-15T08:00:00.5Z\","
	"\"output_fields\":{\"fd.name\":\"10.0.0.1:5\\u003e\",\"proc.name\":\"curl\","
	"\"custom\":1.5e3},\"source\":\"syscalls\",\"tags\":[\"a\",\"b\"],\"hostname\":\"h\"}",
	/* a plugin, as json.dumps() writes it */
	"{\"hostname\": \"h\", \"output\": \"K8s Pod Created | user=sa pod=p\", "
	"\"output_fields\": {\"ka.user.name\": \"system:serviceaccount:a:b\", "
	"\"ka.target.resource\": \"pods\", \"ka.target.name\": \"p\", \"ka.verb\": \"create\", "
	"\"ka.req.pod.containers.image\": [\"nginx\", null, 3], \"evt.failed\": false}, "
	"\"priority\": \"Informational\", \"rule\": \"Pod\", \"source\": \"k8s_audit\", "
	"\"time\": \"2026-01-15T08:00:00Z\"}",
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))

/* Envelopes that have a quick way in, with an event inside or a piece of one. */
static const char *const envelopes[] = {
	"{\"log\":\"{\\\"output\\\":\\\"08:00:00.1: Error X | a=\\\\\\\"b\\\\\\\" \\\\u00e9\\\", "
	"\\\"priority\\\":\\\"Error\\\",\\\"rule\\\":\\\"R\\\",\\\"time\\\":\\\"2026-01-15T08:00:00Z\\\"}"
	"\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-15T08:00:01.5Z\"}",
	"{\"log\":\"08:00:00.123456789: Notice caf\xc3\xa9 \\ud83d\\ude00 \\/ \\u003c (user=\\troot "
	"command=sh -c \\\"x\\\")\\r\\n\",\"stream\":\"stderr\",\"attrs\":{\"tag\":\"falco\",\"n\":[1]},"
	"\"time\":\"2026-01-15T08:00:01.5Z\"}",
	"{\"log\":\"08:00:00.123456789: Notice half of a line that docker split, with no end\","
	"\"stream\":\"stdout\",\"time\":\"2026-01-15T08:00:01.5Z\"}",
	"{\"stream\": \"stdout\", \"logtag\": \"F\", \"log\": \"{\\\"priority\\\":\\\"Error\\\","
	"\\\"rule\\\":\\\"R\\\"}\", \"kubernetes\": {\"pod_name\": \"falco-7bfl4\", \"labels\": {\"a\": \"b\"}, "
	"\"host\": \"node-1\"}, \"time\": \"2026-01-15T08:00:01.5Z\", \"n\": -1.5e3, \"x\": null}",
	"{\"__REALTIME_TIMESTAMP\":\"1795492216064475\",\"_CMDLINE\":\"falco -o \\\"x\\\" \\u0001\","
	"\"_HOSTNAME\":\"vm\",\"MESSAGE\":\"08:00:00.123456789: Warning A | user=root "
	"command=cat \\\"a b\\\"\",\"_SOURCE_REALTIME_TIMESTAMP\":1795492216064470,"
	"\"PRIORITY\":[\"6\",\"5\"],\"SYSLOG_IDENTIFIER\":\"falco\"}",
	"{\"MESSAGE\":\"{\\\"log\\\":\\\"08:00:00.123456789: Error x (user=a)\\\\n\\\","
	"\\\"stream\\\":\\\"stdout\\\"}\",\"_HOSTNAME\":\"outer\",\"__REALTIME_TIMESTAMP\":\"1\"}",
	"{\"_raw\":\"{\\\"priority\\\":\\\"Error\\\",\\\"rule\\\":\\\"R\\\"}\",\"_time\":"
	"\"2026-01-15T08:00:01.000+00:00\",\"host\":\"h\",\"source\":\"/var/log/falco.log\"}",
};

#define ENVELOPES (sizeof(envelopes) / sizeof(envelopes[0]))

static void
must_agree(struct twins *t, const char *line, size_t len)
{
	const char *differs = twins_line(t, line, len);

	if (differs != NULL)
		ck_abort_msg("%s differs: %.*s", differs, (int)len, line);
}

START_TEST(reads_the_samples)
{
	struct twins t;
	struct falco_event ev;
	struct scanner *s = scanner_new();
	size_t len = strlen(samples[_i]);

	twins_open(&t);
	/* Twice: with keys that are new, and with keys it knows. It must not leave it to the
	 * reference. */
	for (int i = 0; i < 2; i++) {
		must_agree(&t, samples[_i], len);
		scan_set_core(i == 0 ? scan_core_base : NULL);
		ck_assert_uint_eq(scanner_event(s, decoder_context(t.quick),
				      (struct slice){ samples[_i], len }, &ev),
		    len);
	}
	scanner_free(s);
	twins_close(&t);
}
END_TEST

START_TEST(reads_the_envelopes)
{
	const char *line = envelopes[_i];
	struct envelope_scan *s = envelope_scan_new();
	struct decoder *d = decoder_new();
	struct inner inner;
	enum peel peel;
	struct twins t;

	twins_open(&t);
	must_agree(&t, line, strlen(line));
	ck_assert_uint_gt(t.records, 0);
	ck_assert_uint_eq(
	    envelope_scan(s, decoder_context(d), decoder_json(d), slice_of(line), 1, &peel, &inner),
	    strlen(line));
	twins_close(&t);
	decoder_free(d);
	envelope_scan_free(s);
}
END_TEST

/* Every prefix, every byte left out, every bit turned, every byte doubled or replaced by what
 * matters in JSON. */
START_TEST(agrees_on_damage)
{
	static const char bytes[] = "\"\\{}[],:0 -.\n\x01\x7f\x80\xc3\xff\0u";
	const char *s = (size_t)_i < SAMPLES ? samples[_i] : envelopes[(size_t)_i - SAMPLES];
	size_t len = strlen(s);
	char *m = malloc(len + 1);
	struct twins t;

	ck_assert_ptr_nonnull(m);
	twins_open(&t);
	for (size_t at = 0; at < len; at++) {
		must_agree(&t, s, at);
		memcpy(m, s, at);
		memcpy(m + at, s + at + 1, len - at - 1);
		must_agree(&t, m, len - 1);
		memcpy(m, s, at + 1);
		memcpy(m + at + 1, s + at, len - at);
		must_agree(&t, m, len + 1);
		memcpy(m, s, len);
		for (unsigned bit = 0; bit < 8; bit++) {
			m[at] = (char)(s[at] ^ (1 << bit));
			must_agree(&t, m, len);
		}
		for (size_t b = 0; b < sizeof(bytes) - 1; b++) {
			m[at] = bytes[b];
			must_agree(&t, m, len);
		}
	}
	ck_assert_uint_gt(t.records, 1000);
	twins_close(&t);
	free(m);
}
END_TEST

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* What a search in one envelope found is not there in the next one, in the same memory. */
START_TEST(agrees_on_glued_envelopes)
{
	static const char line[] =
	    "{\"log\":\"xx{\\\"rule\\\":\\\"A\\\",\\\"priority\\\":\\\"Error\\\"}\\n\"}"
	    "{\"log\":\"yy{\\\"priority\\\":\\\"Error\\\",\\\"rule\\\":\\\"B\\\"}\\n\"}"
	    "{\"log\":\"zzzzzzzzzzzzzzzzzz{}{}{}{}{}{}{}\\n\"}zz{\"rule\":\"C\",\"priority\":\"Error\"}";
	struct twins t;

	twins_open(&t);
	must_agree(&t, line, strlen(line));
	ck_assert_uint_eq(t.events, 2 * 3);
	twins_close(&t);
}
END_TEST

static const char *
any_sample(uint64_t *state)
{
	size_t i = next_random(state) % (SAMPLES + ENVELOPES);

	return i < SAMPLES ? samples[i] : envelopes[i - SAMPLES];
}

/* Pieces of the samples put together: other key orders, keys twice, objects in objects. */
START_TEST(agrees_on_mixtures)
{
	uint64_t state = 0x9e3779b97f4a7c15u;
	struct buf line = { NULL, 0, 0 };
	struct twins t;

	twins_open(&t);
	for (int round = 0; round < 20000; round++) {
		const char *a = any_sample(&state), *b = any_sample(&state);
		size_t cut = next_random(&state) % strlen(a),
		       from = next_random(&state) % strlen(b);
		const char *comma = memchr(a + cut, ',', strlen(a) - cut);
		const char *key = strstr(b + from, ",\"");

		buf_clear(&line);
		if (comma == NULL || key == NULL)
			continue;
		buf_add(&line, a, (size_t)(comma - a));
		buf_adds(&line, key);
		must_agree(&t, line.p, line.len);
	}
	ck_assert_uint_gt(t.events, 100);
	twins_close(&t);
	buf_release(&line);
}
END_TEST

/* The line inside at every length, so that escapes lie across every edge of what is read at once.
 */
START_TEST(agrees_on_edges)
{
	static const char *const odd[] = { "\\\"", "\\\\", "\\n", "\\u00e9", "\\ud83d\\ude00",
		"\\ud83d", "\xc3\xa9", "\xc3", "\\x", "\"", "\\\\\\\"", "\x01" };
	struct buf line = { NULL, 0, 0 };
	struct twins t;

	twins_open(&t);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		for (size_t n = 0; n < 200; n++) {
			buf_clear(&line);
			buf_adds(&line, "{\"log\":\"08:00:00.123456789: Error ");
			for (size_t k = 0; k < n; k++)
				buf_addc(&line, "abcdefgh "[k % 9]);
			buf_adds(&line, odd[i]);
			for (size_t k = 0; k < n % 7; k++)
				buf_adds(&line, odd[(i + k) % 5]);
			for (size_t k = 0; k < n * 7 % 130; k++)
				buf_addc(&line, "(user=a"[k % 7]);
			buf_adds(&line, "\\n\",\"stream\":\"stdout\"}");
			must_agree(&t, line.p, line.len);
		}
	ck_assert_uint_gt(t.events, 1000);
	twins_close(&t);
	buf_release(&line);
}
END_TEST

/* Many keys: the table of known keys overflows and starts again. */
START_TEST(agrees_on_many_keys)
{
	struct buf line = { NULL, 0, 0 };
	struct twins t;

	twins_open(&t);
	for (unsigned n = 0; n < 3000; n += 7) {
		buf_clear(&line);
		buf_adds(&line, "{\"output_fields\":{");
		for (unsigned i = n; i < n + 60; i++)
			buf_addf(&line, "\"key.%u\":%u,", i, i);
		buf_adds(&line, "\"proc.name\":\"p\"},\"priority\":\"Error\",\"rule\":\"R\","
				"\"time\":\"2026-01-15T08:00:00Z\"}");
		must_agree(&t, line.p, line.len);
	}
	ck_assert_uint_eq(t.events, 2 * 429);
	twins_close(&t);
	buf_release(&line);
}
END_TEST

static struct twins visited;

static int
visit(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct buf text = { NULL, 0, 0 };
	const char *p, *nl, *end;

	(void)ftw;
	if (type != FTW_F || st->st_size > (off_t)4 << 20 || !read_file(&text, path))
		return 0;
	for (p = text.p, end = text.p + text.len; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (nl == NULL)
			nl = end;
		must_agree(&visited, p, (size_t)(nl - p));
	}
	buf_release(&text);
	return 0;
}

START_TEST(agrees_on_real_data)
{
	static const char *const dirs[] = { "data/falco", "data/falco_live",
		"data/splunk_attack_data", "data/k8s_audit", "data/cloudevents", "data/envelopes" };
	struct buf path = { NULL, 0, 0 };
	bool any = false;

	twins_open(&visited);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		if (!shared_path(&path, dirs[i]))
			continue;
		any = true;
		ck_assert_int_eq(nftw(path.p, visit, 16, FTW_PHYS), 0);
	}
	ck_assert(!any || visited.events > 1000);
	twins_close(&visited);
	buf_release(&path);
}
END_TEST

static Suite *
suite(void)
{
	Suite *s = suite_create("json_scan");
	TCase *tc = tcase_create("json_scan");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, reads_the_samples, 0, SAMPLES);
	tcase_add_loop_test(tc, reads_the_envelopes, 0, ENVELOPES);
	tcase_add_loop_test(tc, agrees_on_damage, 0, SAMPLES + ENVELOPES);
	tcase_add_test(tc, agrees_on_edges);
	tcase_add_test(tc, agrees_on_glued_envelopes);
	tcase_add_test(tc, agrees_on_mixtures);
	tcase_add_test(tc, agrees_on_many_keys);
	tcase_add_test(tc, agrees_on_real_data);
	suite_add_tcase(s, tc);
	return s;
}

TEST_MAIN(suite)
