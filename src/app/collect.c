/*
 * Keeping the history without a screen: what is detected goes there until the sources end or
 * somebody says stop. For a service manager: it is told when sources are open and when they are
 * being closed, and SIGHUP loads rules and detections again.
 */
#include "app/collect.h"

#include "app/detecting.h"
#include "app/notify.h"
#include "app/reading.h"
#include "app/stop.h"

#include "base/banned.h"

static int
finish(struct reading *r, const struct options *o)
{
	struct request req;
	struct snapshot *s;
	bool failed;

	(void)o;
	request_init(&req);
	req.want_sources = req.want_bad = true;
	s = engine_answer(r->engine, &req); /* everything so far is with the history */
	failed = reading_say_failed(s);
	reading_say_bad(s);
	snapshot_free(s);
	request_release(&req);
	return failed ? 2 : 0;
}

int
collect_run(const struct options *o)
{
	struct detecting *d = detecting_new(o, DETECTING_RULES | DETECTING_SET | DETECTING_HISTORY |
						   DETECTING_MEMORY | DETECTING_MUTES);
	struct engine_options eo = {
		.threads = o->threads, .memory = o->memory, .spool = o->memory
	};
	struct source_options so = reading_options(o);
	struct reading r = { 0 };
	int status = 2;

	if (detecting_history(d) == NULL)
		complain("collect keeps the history: --history none leaves nothing to do");
	else if ((eo.risk = detecting_risk(d)) != NULL &&
		 reading_open(&r, &eo, (const char *const *)o->source, o->nsources, &so)) {
		detecting_attach(d, r.engine);
		stop_on_reload(detecting_reload, d);
		reading_start(&r);
		notify("READY=1");
		reading_wait(&r);
		notify("STOPPING=1");
		status = finish(&r, o);
		source_set_keep(r.sources, history_flush(detecting_history(d), DETECTING_BRIEF));
		detecting_detach(d);
	}
	reading_close(&r);
	if (!detecting_free(d, DETECTING_BRIEF))
		status = 2;
	return status;
}
