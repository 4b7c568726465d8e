/*
 * Falco's text output to events: "<time>: <Priority> <message with key=value pairs>". The line
 * names no rule, source, tags or node; the rule comes from the built-in message table
 * (message_rules.c) or the message stands in for it. Pairs are split in text_split.c, heads found
 * in text_head.c; here the pairs become fields.
 */
#include "decode/parts.h"

#include "decode/message_rules.h"
#include "decode/text_head.h"
#include "decode/text_split.h"
#include "decode/text_unescape.h"

#include "base/banned.h"

#define DAY_NS (INT64_C(86400) * 1000000000)

/* What the keys of the plugins' rules mean; the same words mean something else in rules over system
 * calls. */
struct plugin_key {
	const char *key;
	enum field_id field; /* FIELD_NONE: no field of the catalogue */
	const char *name;    /* Falco's name when it is none of the catalogue */
};

static const struct plugin_key k8s_audit_keys[] = {
	{ "user", FIELD_KA_USER, NULL },
	{ "ns", FIELD_KA_NAMESPACE, NULL },
	{ "namespace", FIELD_KA_NAMESPACE, NULL },
	{ "verb", FIELD_KA_VERB, NULL },
	{ "resource", FIELD_KA_RESOURCE, NULL },
	{ "resp", FIELD_KA_RESPONSE, NULL },
	{ "reason", FIELD_KA_REASON, NULL },
	{ "target", FIELD_KA_TARGET, NULL },
	{ "clusterrole", FIELD_KA_TARGET, NULL },
	{ "clusterrolebinding", FIELD_KA_TARGET, NULL },
	{ "binding", FIELD_KA_TARGET, NULL },
	{ "configmap", FIELD_KA_TARGET, NULL },
	{ "deployment", FIELD_KA_TARGET, NULL },
	{ "ingress", FIELD_KA_TARGET, NULL },
	{ "role", FIELD_KA_TARGET, NULL },
	{ "rolebinding", FIELD_KA_TARGET, NULL },
	{ "secret", FIELD_KA_TARGET, NULL },
	{ "service", FIELD_KA_TARGET, NULL },
	{ "serviceaccount", FIELD_KA_TARGET, NULL },
	{ "command", FIELD_NONE, "ka.uri.param[command]" },
	{ "image", FIELD_NONE, "ka.req.pod.containers.image" },
	{ NULL, FIELD_NONE, NULL },
};

static const struct plugin_key cloudtrail_keys[] = {
	{ "requesting user", FIELD_CT_USER, NULL },
	{ "user", FIELD_CT_USER, NULL },
	{ "requesting IP", FIELD_CT_SRCIP, NULL },
	{ "AWS region", FIELD_CT_REGION, NULL },
	{ NULL, FIELD_NONE, NULL },
};

static const struct plugin_key okta_keys[] = {
	{ "user", FIELD_OKTA_ACTOR, NULL },
	{ "ip", FIELD_NONE, "okta.client.ip" },
	{ "app", FIELD_NONE, "okta.app" },
	{ NULL, FIELD_NONE, NULL },
};

/* Where the fields of an event come from while it is filled. */
struct filling {
	const struct decode_context *c;
	struct falco_event *ev;
	const struct plugin_key *plugin; /* NULL: system calls, or not known */
	struct slice message;
	bool has_tag, has_path; /* tag and executable path have pairs by their proper names */
};

static const struct plugin_key *
plugin_keys(const struct message_rule *rule, const struct text_split *split)
{
	bool verb = false, process = false;

	if (rule != NULL) {
		if (slice_eq(rule->source, SLICE("k8s_audit")))
			return k8s_audit_keys;
		if (slice_eq(rule->source, SLICE("aws_cloudtrail")))
			return cloudtrail_keys;
		return slice_eq(rule->source, SLICE("okta")) ? okta_keys : NULL;
	}
	for (unsigned i = 0; i < split->n; i++) {
		const struct text_mark *m = &split->mark[i];

		verb = verb || m->field == FIELD_KA_VERB || m->field == FIELD_KA_RESOURCE;
		process = process || m->field == FIELD_EVT_TYPE || m->field == FIELD_PROCESS ||
			  (m->flags & TEXT_COMMAND) != 0;
	}
	return verb && !process ? k8s_audit_keys : NULL;
}

/* 12 or 64 hexadecimal digits, or one of the words that stand for none. */
static bool
is_container_id(struct slice s)
{
	if (slice_eq(s, SLICE("host")) || slice_eq(s, SLICE("<NA>")))
		return true;
	if (s.len != 12 && s.len != 64)
		return s.len == 0;
	for (size_t i = 0; i < s.len; i++)
		if (strchr("0123456789abcdef", s.p[i]) == NULL || s.p[i] == '\0')
			return false;
	return true;
}

static size_t
word_length(struct slice s)
{
	const char *blank = memchr(s.p, ' ', s.len);

	return blank == NULL ? s.len : (size_t)(blank - s.p);
}

/*
 * "container=" of old and own rules: an id or a name, by its looks. People annotate the end of a
 * line: *value is without that. FIELD_NONE when it is neither.
 */
static enum field_id
container_field(struct slice *value)
{
	struct slice word = { value->p, word_length(*value) };

	if (is_container_id(*value))
		return FIELD_CONTAINER_ID;
	if (word.len == value->len)
		return FIELD_CONTAINER_NAME;
	*value = word;
	return is_container_id(word) ? FIELD_CONTAINER_ID : FIELD_NONE;
}

/* "repo:tag": the tag's ':' comes after the last '/'. */
static bool
split_image(struct slice image, struct slice *repository, struct slice *tag)
{
	const char *slash = memrchr(image.p, '/', image.len);
	size_t from = slash == NULL ? 0 : (size_t)(slash - image.p);
	const char *colon = memrchr(image.p + from, ':', image.len - from);

	if (colon == NULL || memchr(image.p, '@', image.len) != NULL)
		return false;
	*repository = (struct slice){ image.p, (size_t)(colon - image.p) };
	*tag = (struct slice){ colon + 1, image.len - (size_t)(colon - image.p) - 1 };
	return true;
}

static void
put(struct filling *f, enum field_id field, struct slice value, bool override)
{
	if (override || !event_has(f->ev, field))
		event_set(f->ev, field, value, VALUE_STRING);
}

static void
put_catalogue(
    struct filling *f, enum field_id field, struct slice key, struct slice value, bool override)
{
	struct slice repository, tag;

	switch (field) {
	case FIELD_CONTAINER_ID:
		if (slice_eq(key, SLICE("container")))
			field = container_field(&value);
		if (field == FIELD_NONE)
			return;
		break;
	case FIELD_IMAGE:
		if (!f->has_tag && split_image(value, &repository, &tag)) {
			put(f, FIELD_TAG, tag, override);
			value = repository;
		}
		break;
	case FIELD_EXEPATH:
		if (f->has_path && slice_eq(key, SLICE("exe")))
			field = FIELD_EXE;
		break;
	case FIELD_EVT_TYPE:
		/* Plugins print whole documents as "event=". */
		if (value.len > 0 && (value.p[0] == '{' || value.p[0] == '['))
			return;
		break;
	default: break;
	}
	put(f, field, value, override);
}

/* A field outside the catalogue, asked for by Falco's name; the text may spell it with '_' for '.'.
 */
static void
put_wanted(struct filling *f, struct slice name, struct slice value)
{
	const struct decode_context *c = f->c;

	for (unsigned i = 0; i < c->nwant; i++) {
		bool same = c->want[i].len == name.len;

		for (size_t k = 0; same && k < name.len; k++)
			same = c->want[i].p[k] == name.p[k] ||
			       (c->want[i].p[k] == '.' && name.p[k] == '_');
		if (!same || (f->ev->extra_present >> i & 1) != 0)
			continue;
		f->ev->extra[i] = (struct value){ value, VALUE_STRING };
		f->ev->extra_present |= (uint32_t)1 << i;
	}
}

static const struct plugin_key *
plugin_key(const struct plugin_key *keys, struct slice key)
{
	for (; keys != NULL && keys->key != NULL; keys++)
		if (slice_eq(key, slice_of(keys->key)))
			return keys;
	return NULL;
}

/* Field and Falco's name of a pair in this event; the key as written when the name is not known. */
static enum field_id
resolve(const struct filling *f, const struct text_mark *m, struct slice *name)
{
	const struct plugin_key *own = plugin_key(f->plugin, m->name);

	*name = m->name;
	if (own != NULL) {
		*name =
		    slice_of(own->field == FIELD_NONE ? own->name : field_info(own->field)->name);
		return own->field;
	}
	if (f->plugin == k8s_audit_keys && slice_eq(m->name, SLICE("pod"))) {
		bool target = f->message.len > 6 && (memcmp(f->message.p, "Attach", 6) == 0 ||
							memcmp(f->message.p, "Portfo", 6) == 0);

		*name = target ? SLICE("ka.target.name") : SLICE("ka.resp.name");
		return target ? FIELD_KA_TARGET : FIELD_KA_RESP_NAME;
	}
	if (m->key == NULL)
		return FIELD_NONE;
	if (m->key->name.p != NULL)
		*name = m->key->name;
	return m->key->field;
}

static void
fill_pairs(struct filling *f, const struct text_split *split)
{
	for (unsigned i = 0; i < split->n; i++) {
		const struct text_mark *m = &split->mark[i];
		bool override = i >= split->suffix;
		struct slice name = m->name;
		enum field_id field;

		if ((m->flags & TEXT_INFO) != 0) {
			put(f, FIELD_CONTAINER_NAME, m->name, false);
			put(f, FIELD_CONTAINER_ID, m->value, false);
			continue;
		}
		field = m->field;
		if (f->plugin != NULL || (f->c->nwant > 0 && field >= FIELD_COLUMNS))
			field = resolve(f, m, &name);
		if (field < FIELD_COLUMNS)
			put_catalogue(f, field, m->name, m->value, override);
		else if (f->c->nwant > 0)
			put_wanted(f, name, m->value);
	}
}

/* What the meaning of some keys depends on: which others there are. */
static void
look_around(struct filling *f, const struct text_split *split)
{
	for (unsigned i = 0; i < split->n; i++) {
		const struct text_mark *m = &split->mark[i];

		f->has_tag = f->has_tag || m->field == FIELD_TAG;
		f->has_path = f->has_path || (m->field == FIELD_EXEPATH && m->name.len > 3);
	}
}

/* The time of day is known, the moment of the envelope too: the day that brings the two nearest. */
static int64_t
date_clock(int64_t clock, int64_t peeled)
{
	int64_t t = time_day(peeled) * DAY_NS + clock;

	if (t - peeled > DAY_NS / 2)
		t -= DAY_NS;
	else if (peeled - t > DAY_NS / 2)
		t += DAY_NS;
	return t;
}

static void
set_time(struct falco_event *ev, const struct text_head *head, int64_t peeled)
{
	/* Room for a day on both sides, so that the sums cannot overflow. */
	bool usable = peeled != TIME_NONE && peeled > INT64_MIN + 3 * DAY_NS &&
		      peeled < INT64_MAX - 3 * DAY_NS;

	ev->time = head->ns;
	if (head->ns == TIME_NONE) {
		ev->time = peeled;
		ev->flags |= peeled != TIME_NONE ? EVENT_TIME_PEELED : EVENT_TIME_ARRIVAL;
	} else if (head->clock && usable) {
		ev->time = date_clock(head->ns, peeled);
		ev->flags |= EVENT_TIME_PEELED;
	} else if (head->clock) {
		ev->flags |= EVENT_TIME_CLOCK;
	}
}

/* Without any fixed message the first key is what names the event: "evt=". A sentence behind its
 * value is better. */
static struct slice
bare_message(const struct text_split *split, struct slice body)
{
	const struct text_mark *m = &split->mark[0];
	const char *blank;
	struct slice rest;

	if (split->n == 0)
		return body;
	blank = memchr(m->value.p, ' ', m->value.len);
	if (blank != NULL) {
		rest = (struct slice){ blank + 1, m->value.len - (size_t)(blank + 1 - m->value.p) };
		while (rest.len > 0 && rest.p[rest.len - 1] == ' ')
			rest.len--;
		if (rest.len > 0)
			return rest;
	}
	return (struct slice){ m->name.p, (size_t)(m->value.p - m->name.p) };
}

static void
set_rule(struct falco_event *ev, const struct message_rule *rule, struct slice message)
{
	event_set(ev, FIELD_RULE, rule != NULL ? rule->rule : message, VALUE_STRING);
	ev->flags |= EVENT_RULE_GUESSED;
	if (rule == NULL)
		return;
	event_set(ev, FIELD_SOURCE, rule->source, VALUE_STRING);
	if (rule->tags.len > 0)
		event_set(ev, FIELD_TAGS, rule->tags, VALUE_STRING);
}

static bool
starts_with(struct slice s, struct slice start)
{
	return s.len >= start.len && memcmp(s.p, start.p, start.len) == 0;
}

static uint64_t
leading_number(const char *p, const char *end)
{
	uint64_t n = 0;

	while (p < end && (*p == '"' || *p == ' '))
		p++;
	for (; p < end && *p >= '0' && *p <= '9' && n < UINT64_MAX / 16; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	return n;
}

/* Falco's own records: drops and metrics. Their pairs are JSON values by Falco's names; only two
 * matter here. */
static bool
decode_internal(struct falco_event *ev, struct slice body)
{
	static const struct slice own = SLICE("Falco internal: "),
				  metrics = SLICE("Falco metrics snapshot"),
				  drops = SLICE(" n_drops="), drops_first = SLICE("(n_drops="),
				  node = SLICE("evt.hostname=\"");
	const char *end = body.p + body.len, *p;
	struct slice rule = SLICE("Falco internal: metrics snapshot");

	if (starts_with(body, own)) {
		p = memchr(body.p, '.', body.len);
		rule = (struct slice){ body.p, p == NULL ? body.len : (size_t)(p - body.p) };
		p = memchr(rule.p + own.len, '(', rule.len - own.len);
		if (p != NULL)
			rule.len = (size_t)(p - rule.p);
		while (rule.p[rule.len - 1] == ' ')
			rule.len--;
	} else if (!starts_with(body, metrics)) {
		return false;
	}
	event_set(ev, FIELD_RULE, rule, VALUE_STRING);
	event_set(ev, FIELD_SOURCE, SLICE("internal"), VALUE_STRING);
	p = memmem(body.p, body.len, drops.p, drops.len);
	if (p == NULL)
		p = memmem(body.p, body.len, drops_first.p, drops_first.len);
	if (p != NULL)
		ev->kernel_drops = leading_number(p + drops.len, end);
	else if ((p = memmem(body.p, body.len, "event drop. ", 12)) != NULL)
		ev->kernel_drops = leading_number(p + 12, end);
	p = memmem(body.p, body.len, node.p, node.len);
	if (p != NULL) {
		const char *quote = memchr(p + node.len, '"', (size_t)(end - p) - node.len);

		if (quote != NULL)
			event_set(ev, FIELD_HOSTNAME,
			    (struct slice){ p + node.len, (size_t)(quote - p) - node.len },
			    VALUE_STRING);
	}
	return true;
}

static struct slice
rest_of(struct slice text, size_t from)
{
	return (struct slice){ text.p + from, text.len - from };
}

/* The text without what a terminal or a file from another system leaves at its end. */
static struct slice
trim_end(struct slice s)
{
	while (s.len > 0 && (s.p[s.len - 1] == '\r' || s.p[s.len - 1] == '\n'))
		s.len--;
	if (s.len > 3 && s.p[s.len - 1] == 'm' && memcmp(s.p + s.len - 3, "\x1b[m", 3) == 0)
		s.len -= 3;
	else if (s.len > 4 && memcmp(s.p + s.len - 4, "\x1b[0m", 4) == 0)
		s.len -= 4;
	return s;
}

/* With a damaged head a message that is known says that the line is Falco's, or pairs behind what
 * was a time. */
static bool
is_event(const struct text_head *head, struct slice body, const struct message_rule *rule)
{
	return !head->mended || rule != NULL ||
	       (!head->lost && memchr(body.p, '=', body.len) != NULL);
}

/* All values but the node's name are part of the output, so one look at that will do. */
static void
finish(const struct decode_context *c, struct falco_event *ev)
{
	event_add_peeled(c, ev);
	if (value_is_hostile(ev->output) ||
	    (event_has(ev, FIELD_HOSTNAME) && value_is_hostile(ev->field[FIELD_HOSTNAME].text)))
		ev->flags |= EVENT_HOSTILE;
}

enum verdict
text_decode(struct decode_context *c, struct slice text, struct falco_event *ev)
{
	struct text_split split;
	struct text_head head;
	const struct message_rule *rule;
	struct filling f = { .c = c, .ev = ev };
	struct slice body;

	event_begin(ev);
	text = text_unescape(trim_end(text), &c->scratch);
	if (!text_head(text, &head))
		return VERDICT_END;
	body = rest_of(text, head.len);
	rule = message_rule_find(body);
	if (body.len == 0 || !is_event(&head, body, rule))
		return VERDICT_END;
	ev->output = rest_of(text, head.start);
	ev->priority = head.priority;
	ev->flags = (uint16_t)(EVENT_TEXT | (head.mended ? EVENT_REPAIRED : 0));
	set_time(ev, &head, c->peeled.time);
	ev->message = message_of(body);
	if (decode_internal(ev, body)) {
		finish(c, ev);
		return VERDICT_INTERNAL;
	}
	text_split(body, &split);
	if (split.cut)
		ev->flags |= EVENT_CUT;
	if (ev->message.len == 0)
		ev->message = bare_message(&split, body);
	set_rule(ev, rule, ev->message);
	f.message = ev->message;
	f.plugin = plugin_keys(rule, &split);
	look_around(&f, &split);
	fill_pairs(&f, &split);
	event_fill_plugin(ev);
	finish(c, ev);
	return VERDICT_EVENT;
}

static void
tell(void (*each)(const struct event_key *, void *), void *arg, struct slice name,
    struct slice value, bool top)
{
	struct event_key key = { name, { value, VALUE_STRING }, top };

	each(&key, arg);
}

bool
text_every_key(struct decode_context *c, struct slice text,
    void (*each)(const struct event_key *key, void *arg), void *arg)
{
	struct text_split split;
	struct text_head head;
	struct filling f = { .c = c };
	const struct message_rule *rule;
	struct slice body;

	text = text_unescape(trim_end(text), &c->scratch);
	if (!text_head(text, &head))
		return false;
	body = rest_of(text, head.len);
	rule = message_rule_find(body);
	text_split(body, &split);
	f.message = message_of(body);
	f.plugin = plugin_keys(rule, &split);
	tell(each, arg, SLICE("time"), head.time, true);
	tell(each, arg, SLICE("priority"), slice_of(priority_name(head.priority)), true);
	tell(each, arg, SLICE("message"), f.message, true);
	for (unsigned i = 0; i < split.n; i++) {
		const struct text_mark *m = &split.mark[i];
		struct slice name, value = m->value;

		if ((m->flags & TEXT_INFO) != 0) {
			tell(each, arg, SLICE("container.name"), m->name, false);
			tell(each, arg, SLICE("container.id"), m->value, false);
			continue;
		}
		if (resolve(&f, m, &name) == FIELD_CONTAINER_ID &&
		    slice_eq(m->name, SLICE("container")) &&
		    container_field(&value) == FIELD_CONTAINER_NAME)
			name = SLICE("container.name");
		tell(each, arg, name, m->value, false);
	}
	return true;
}
