/*
 * A row in plain words: what a person would say of it. Not here: cells.
 */
#include "view/list.h"

#include "view/text.h"
#include "base/banned.h"

static bool
has(const struct view_def *def, const struct snap_row *row, const char *field, struct slice *v)
{
	sym_t kind;

	return row_field(def, row, field, v, &kind) && kind >= SYM_FIRST && v->len > 0;
}

static void
add_value(struct buf *out, const char *before, struct slice v)
{
	buf_adds(out, before);
	/* A value is event text of any length: the sentence has room for its beginning. */
	buf_add(out, v.p, v.len < 200 ? v.len : 200);
	if (v.len >= 200)
		buf_adds(out, "...");
}

/* "root ran /bin/bash from runc in container api" */
static bool
who_did_what(const struct view_def *def, const struct snap_row *row, struct buf *out)
{
	struct slice user, exe, parent, v;
	sym_t kind;
	bool know_exe = has(def, row, "proc_exepath", &exe) || has(def, row, "process", &exe);

	if (!know_exe)
		return false;
	if (!row_field(def, row, "user", &user,
		&kind)) { /* counted over users: "runc started /bin/bash" */
		add_value(
		    out, "", has(def, row, "parent", &parent) ? parent : SLICE("some process"));
		add_value(out, " started ", exe);
		return true;
	}
	if (has(def, row, "user", &user))
		add_value(out, "", user);
	else
		buf_adds(out, "an unknown user");
	add_value(out, " ran ", exe);
	if (has(def, row, "parent", &parent))
		add_value(out, " from ", parent);
	if (has(def, row, "container_name", &v))
		add_value(out, " in container ", v);
	return true;
}

/* "a,b" reads "a, b". */
static void
add_values(struct buf *out, struct slice v)
{
	buf_adds(out, ": ");
	for (size_t i = 0; i < v.len && i < 300; i++) {
		buf_addc(out, v.p[i]);
		if (v.p[i] == ',')
			buf_addc(out, ' ');
	}
	if (v.len >= 300)
		buf_adds(out, "...");
}

static void
distinct(const struct view_def *def, const struct snap_row *row, struct buf *out)
{
	static const struct {
		const char *field, *word;
	} words[] = {
		{ "user", "user" },
		{ "container.id", "container" },
		{ "rule", "rule" },
		{ "hostname", "node" },
		{ "k8s.pod.name", "pod" },
		{ "process", "process name" },
		{ "k8s.ns.name", "namespace" },
	};

	for (unsigned i = 0; i < GROUP_DISTINCT && def->distinct[i] != NULL; i++) {
		const char *word = def->distinct[i];

		for (size_t w = 0; w < sizeof(words) / sizeof(words[0]); w++)
			if (strcmp(words[w].field, word) == 0)
				word = words[w].word;
		buf_adds(out, "; ");
		text_plural(out, row->group.distinct[i], word);
		if (row->values[i].len > 0)
			add_values(out, row->values[i]);
	}
}

static void
image(const struct view_def *def, const struct snap_row *row, struct buf *out)
{
	struct slice v;

	if (!has(def, row, "process", &v) || !has(def, row, "container_image", &v))
		return;
	add_value(out, "; image ", v);
	if (has(def, row, "container_image_tag", &v))
		add_value(out, ":", v);
}

static void
when(const struct snap_row *row, const struct ui *ui, struct buf *out)
{
	text_plural(out, row->group.count, "event");
	buf_adds(out, row->group.first == row->group.last ? " at " : ", ");
	text_when(out, row->group.first, ui->now, ui->local);
	if (row->group.first != row->group.last) {
		buf_adds(out, " to ");
		text_when(out, row->group.last, ui->now, ui->local);
	}
	buf_addf(out, ", up to %s", priority_name((enum priority)row->group.priority));
}

struct slice
text_of_output(struct slice output, enum priority p)
{
	const char *name = priority_name(p);
	size_t n = strlen(name);

	/* "08:00:03.123456789: Notice A shell …" and "2026-11-20T08:00:03.123Z: Notice A shell …"
	 */
	for (size_t i = 8; i + n + 3 < output.len && i < 40; i++)
		if (output.p[i] == ':' && output.p[i + 1] == ' ' &&
		    memcmp(output.p + i + 2, name, n) == 0 && output.p[i + 2 + n] == ' ')
			return (struct slice){ output.p + i + 3 + n, output.len - i - 3 - n };
	return output;
}

static void
event_sentence(const struct view_def *def, const struct snap_row *row, struct buf *out)
{
	unsigned n = 0;
	struct slice text;

	while (n < GROUP_BY_MAX && def->by[n] != NULL)
		n++;
	buf_addf(out, "%s: ", priority_name(row->event.priority));
	text = text_of_output(row->cell[n], row->event.priority);
	if (text.p != NULL)
		buf_add(out, text.p, text.len < 4096 ? text.len : 4096);
}

void
sentence_of_row(
    const struct view_def *def, const struct snap_row *row, const struct ui *ui, struct buf *out)
{
	struct slice v;
	bool missing;

	if (def->kind == QUERY_EVENTS) {
		event_sentence(def, row, out);
		return;
	}
	if (def->by[0] == NULL)
		return;
	if (!who_did_what(def, row, out)) {
		v = text_value(row->cell[0], row->symbol[0], &missing);
		add_value(out, "", v);
	}
	buf_adds(out, ": ");
	when(row, ui, out);
	distinct(def, row, out);
	image(def, row, out);
	buf_addc(out, '.');
	if (row->group.hostile)
		buf_adds(out,
		    " ! some of its text acts on a terminal (shown as marks), looks like other text or was mended.");
}
