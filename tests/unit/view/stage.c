/* See stage.h. */
#include "view/stage.h"

#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <time.h>
#include <wchar.h>

#include "base/clock.h"
#include "harness.h"
#include "tui/screen.h"
#include "view/pages.h"

#define NOON (1763640000 * NSEC_PER_SEC) /* 2025-11-20 12:00 UTC */

/* The engine counts mutes beside answering: until it says that so many are on and counted. */
static void
await_mutes(struct stage *s, unsigned on)
{
	bool done = false;

	for (unsigned i = 1; i < 10000 && !done; i++) {
		const struct timespec ms = { 0, 1000000 };
		struct snapshot *snap;
		struct request r;

		request_init(&r);
		r.number = i;
		r.want_mutes = true;
		engine_request(s->engine, &r);
		request_release(&r);
		(void)nanosleep(&ms, NULL);
		snap = engine_take(s->engine);
		if (snap == NULL)
			continue;
		done = snap->nmutes == on &&
		       (on == 0 || (snap->muted > 0 && snap->mute[0].sight.events > 0));
		snapshot_free(snap);
	}
	ck_assert(done);
}

static bool
add_mute(void *arg, const char *filter, const char *reason, int64_t expires, char *err)
{
	struct stage *s = arg;
	struct filter_error why;

	if (engine_mute_add(s->engine, filter, reason, "tester", expires, &why)) {
		await_mutes(s, ++s->mutes);
		return true;
	}
	(void)snprintf(err, UI_ERROR_MAX, "%s", why.message);
	return false;
}

static void
lift_mute(void *arg, uint64_t id)
{
	struct stage *s = arg;

	if (engine_mute_lift(s->engine, id))
		await_mutes(s, --s->mutes);
}

static bool
save_filter(void *arg, const char *macro, const char *text, char *err)
{
	struct stage *s = arg;

	(void)err;
	(void)snprintf(s->saved, sizeof(s->saved), "%s=%s", macro, text);
	return true;
}

/* The shipped ones of the source tree, whatever is installed. */
static struct detection_set *
load_detections(const char *file)
{
	const char *srcdir = getenv("srcdir");
	struct buf path = { 0 };
	const char *extra[2] = { NULL, file };
	struct detection_paths paths = {
		.extra = extra, .nextra = file == NULL ? 1 : 2, .only_extra = true
	};
	struct detection_set *set;

	buf_addf(&path, "%s/data/detections", srcdir == NULL ? "." : srcdir);
	extra[0] = path.p;
	set = detection_set_load(&paths);
	ck_assert_uint_ge(set->n, 1);
	buf_release(&path);
	return set;
}

static void
open_stage(struct stage *s, const char *term, int rows, int cols, bool ascii,
    const struct risk_options *risk)
{
	const struct engine_options eo = {
		.threads = 0, .memory = 64 << 20, .spool = 1 << 20, .risk = risk
	};
	const struct screen_options so = { .color = COLOR_MODE_AUTO, .ascii = ascii };

	(void)setenv("TZ", "UTC0", 1);
	(void)unsetenv("NO_COLOR");
	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
	clock_set(NOON);
	s->engine = engine_new(&eo);
	s->source = engine_add_source(s->engine, "sample.jsonl");
	s->origin = rawstore_add(engine_raw(s->engine), "sample.jsonl", -1);
	s->out = fopen("/dev/null", "w");
	s->in = fopen("/dev/null", "r");
	ck_assert_int_eq(screen_open_fake(term, s->out, s->in, rows, cols, &so), 0);
	ui_init(&s->ui, table_new(&view_defs[0], NULL, NULL, NULL));
	(void)ui_draw(&s->ui);
}

void
stage_open(struct stage *s, const char *term, int rows, int cols, bool ascii)
{
	memset(s, 0, sizeof(*s));
	open_stage(s, term, rows, cols, ascii, NULL);
}

static void
open_with(struct stage *s, const char *term, int rows, int cols, bool ascii, const char *file)
{
	struct risk_options risk = { 0 };

	memset(s, 0, sizeof(*s));
	risk.detections = s->detections = load_detections(file);
	open_stage(s, term, rows, cols, ascii, &risk);
	s->services = (struct ui_services){
		.arg = s, .mute_add = add_mute, .mute_lift = lift_mute, .filter_set = save_filter
	};
	s->ui.services = &s->services;
}

void
stage_open_risk(struct stage *s, const char *term, int rows, int cols, bool ascii)
{
	open_with(s, term, rows, cols, ascii, NULL);
}

void
stage_open_detections(struct stage *s, int rows, int cols, const char *file)
{
	open_with(s, "xterm-256color", rows, cols, false, file);
}

void
stage_close(struct stage *s)
{
	ui_release(&s->ui);
	screen_close();
	engine_free(s->engine);
	if (s->detections != NULL)
		detection_set_drop(s->detections);
	fclose(s->out);
	fclose(s->in);
	clock_set(0);
}

void
stage_feed(struct stage *s, const char *text, size_t len, bool last)
{
	struct batch *b = engine_batch(s->engine, true);

	memcpy(b->data, text, len);
	b->len = len;
	b->source = s->source;
	b->origin = s->origin;
	b->first = s->offset == 0;
	b->last = last;
	b->streamed = b->recorded = true;
	b->offset = s->offset;
	b->arrival = b->reference = NOON;
	s->offset += len;
	engine_source_total(s->engine, s->source, s->offset);
	engine_push(s->engine, b);
	engine_source_state(s->engine, s->source, last ? SOURCE_DONE : SOURCE_OK, NULL);
	stage_settle(s);
}

static void
event(struct buf *out, unsigned minute, const char *priority, const char *rule, const char *phrase,
    const char *user, const char *container, const char *process)
{
	static unsigned n;

	n++;
	buf_addf(out,
	    "{\"hostname\":\"node-%u\",\"output\":\"%02u:%02u:%02u.000000000: %s %s (user=x)\",",
	    n % 3, 8 + minute / 60, minute % 60, n % 60, priority, phrase);
	buf_addf(out, "\"output_fields\":{\"container.id\":\"%s0e5b80\",\"container.name\":\"%s\",",
	    container, container);
	buf_addf(out,
	    "\"container.image.repository\":\"registry.local/team/%s\",\"container.image.tag\":\"1.%u\",",
	    container, (unsigned)strlen(container));
	buf_addf(out,
	    "\"k8s.ns.name\":\"payments\",\"k8s.pod.name\":\"%s-7d9f\",\"proc.name\":\"%s\",",
	    container, process);
	buf_addf(out,
	    "\"proc.exepath\":\"/usr/bin/%s\",\"proc.pname\":\"runc\",\"proc.tty\":34816,\"user.name\":%s},",
	    process, user);
	buf_addf(out,
	    "\"priority\":\"%s\",\"rule\":\"%s\",\"source\":\"syscall\",\"tags\":[\"container\",\"T1059\"],",
	    priority, rule);
	buf_addf(out, "\"time\":\"2025-11-20T%02u:%02u:%02u.123456789Z\"}\n", 8 + minute / 60,
	    minute % 60, n % 60);
}

void
stage_sample(struct buf *out)
{
	static const char phrase[] = "A shell was spawned in a container with an attached terminal";
	static const char shell[] = "Terminal shell in container",
			  file[] = "Read sensitive file untrusted";

	for (unsigned i = 0; i < 30; i++)
		event(out, 4 * i, "Notice", shell, phrase, "\"root\"", "api", "bash");
	for (unsigned i = 0; i < 20; i++)
		event(out, 5 * i, "Notice", shell, phrase, "\"jenkins\"", "runner", "sh");
	for (unsigned i = 0; i < 9; i++)
		event(out, 100 + i, "Notice", shell, phrase, "\"root\"", "runner", "sh");
	for (unsigned i = 0; i < 12; i++)
		event(out, 60 + 3 * i, "Warning", file, "Sensitive file opened", "\"www-data\"",
		    "nginx", "cat");
	event(out, 90, "Critical", "Drop and execute new binary in container",
	    "Executing binary not part of base image", "\"root\"", "api", "k");
	event(out, 95, "Notice", shell, phrase, "null", "api", "ash");
	event(out, 96, "Notice", shell, phrase, "\"\"", "api", "ash");
	event(out, 97, "Notice", shell, phrase, "\"<NA>\"", "api", "ash");
	event(out, 110, "Notice", shell, phrase, "\"ev\\u001b[2Jil\\u202e\"", "api", "bash");
	buf_adds(out, "{\"torn\": \n");
	buf_adds(out, "not an event \x1b]0;title\x07\n");
}

void
stage_risk_sample(struct buf *out)
{
	static const char phrase[] = "A shell was spawned in a container with an attached terminal";
	static const char *const containers[] = { "db", "mail", "cache", "proxy" };

	for (unsigned i = 0; i < 4; i++)
		event(out, 20 + 20 * i, "Notice", "Terminal shell in container", phrase, "\"root\"",
		    containers[i], "sh");
	event(out, 30, "Notice", "Terminal shell in container", phrase, "\"root \"", "api", "sh");
}

void
stage_settle(struct stage *s)
{
	unsigned react = REACT_REQUEST;

	for (int i = 0; i < 6 && (react & REACT_REQUEST); i++) {
		struct request r;
		struct snapshot *snap;

		ui_request(&s->ui, &r);
		snap = engine_answer(s->engine, &r);
		request_release(&r);
		ck_assert_ptr_nonnull(snap);
		react = ui_offer(&s->ui, snap);
	}
	ck_assert(!(react & REACT_REQUEST));
	(void)ui_draw(&s->ui);
}

static void
key(struct stage *s, int k)
{
	unsigned react = ui_key(&s->ui, k);

	s->quit |= (react & REACT_QUIT) != 0;
	if (react & REACT_REQUEST)
		stage_settle(s);
	(void)ui_draw(&s->ui);
}

void
stage_keys(struct stage *s, const char *keys)
{
	while (*keys != '\0') {
		size_t n = strcspn(keys, " ");
		int k = key_parse((struct slice){ keys, n });

		ck_assert_msg(k != 0, "%s", keys);
		key(s, k);
		keys += n;
		keys += strspn(keys, " ");
	}
}

void
stage_type(struct stage *s, const char *text)
{
	for (; *text != '\0'; text++)
		key(s, (unsigned char)*text);
}

void
stage_screen(struct stage *s, struct buf *out)
{
	wchar_t line[1024];
	char utf8[4096];

	(void)s;
	for (int y = 0; y < draw_rows(); y++) {
		size_t n;

		memset(line, 0, sizeof(line));
		(void)mvwinnwstr(stdscr, y, 0, line, draw_cols());
		n = wcstombs(utf8, line, sizeof(utf8));
		ck_assert(n != (size_t)-1);
		while (n > 0 && utf8[n - 1] == ' ')
			n--;
		buf_add(out, utf8, n);
		buf_addc(out, '\n');
	}
}

bool
stage_shows(struct stage *s, const char *text)
{
	struct buf b = { 0 };
	bool found;

	stage_screen(s, &b);
	found = strstr(b.p, text) != NULL;
	if (!found)
		fprintf(stderr, "# \"%s\" is not on the screen:\n%s", text, b.p);
	buf_release(&b);
	return found;
}

void
stage_golden(struct stage *s, const char *name)
{
	const char *srcdir = getenv("srcdir"), *update = getenv("UPDATE_SCREENS");
	struct buf got = { 0 }, path = { 0 }, want = { 0 };
	FILE *f;
	int c;

	stage_screen(s, &got);
	buf_addf(&path, "%s/tests/screen/%s.txt", srcdir == NULL ? "." : srcdir, name);
	if (update != NULL && *update == '1') {
		f = fopen(path.p, "w");
		ck_assert_msg(f != NULL, "%s", path.p);
		fwrite(got.p, 1, got.len, f);
		fclose(f);
	}
	f = fopen(path.p, "r");
	ck_assert_msg(f != NULL, "%s is missing", path.p);
	while ((c = getc(f)) != EOF)
		buf_addc(&want, (char)c);
	fclose(f);
	/* Check's messages have a limit: the screen itself goes to standard error. */
	if (!slice_eq(buf_slice(&got), buf_slice(&want)))
		fprintf(stderr, "# %s differs; the screen is:\n%s", path.p, got.p);
	ck_assert_msg(slice_eq(buf_slice(&got), buf_slice(&want)), "%s differs", path.p);
	buf_release(&got);
	buf_release(&path);
	buf_release(&want);
}
