/*
 * The state of the user interface: the stack of views, what all of them share (filter, zone,
 * pause), the prompt, the message line, and the newest snapshot. The main loop feeds it keys and
 * snapshots and acts on the reactions.
 */
#ifndef FALCOTOP_VIEW_STACK_H
#define FALCOTOP_VIEW_STACK_H

#include "tui/prompt.h"
#include "view/view.h"

#define HOLD_NS (2 * NSEC_PER_SEC) /* the order of rows holds that long after a movement */

/*
 * What screens change outside of the program's memory, by the caller's means; any of it NULL: not
 * possible here. err has room for UI_ERROR_MAX bytes.
 */
#define UI_ERROR_MAX 256
struct ui_services {
	void *arg;
	/* A mute from now until expires (wall clock; TIME_NONE: for ever). */
	bool (*mute_add)(
	    void *arg, const char *filter, const char *reason, int64_t expires, char *err);
	void (*mute_lift)(void *arg, uint64_t id);
	void (*mute_arm)(void *arg, uint64_t id, int64_t expires);
	/* Keeps the text of a filter macro ("": the macro's own again) and runs it from now on. */
	bool (*filter_set)(void *arg, const char *macro, const char *text, char *err);
};

enum ui_prompt { UI_NO_PROMPT, UI_PROMPT_FILTER, UI_PROMPT_FIND };

struct ui {
	struct view *top;
	struct view *next; /* REACT_PUSH */

	char *filter; /* NULL: none; always a good one */
	int64_t since, until;
	const struct ui_services *services; /* borrowed; NULL: nothing can be changed */
	bool show_muted;
	uint64_t limit;	    /* rows of a table; 0 = all */
	bool local;	    /* times in the zone of TZ */
	bool frozen;	    /* order of rows */
	int64_t hold_until; /* clock_mono(): order of rows holds until then */
	bool paused;
	uint64_t behind; /* events that came since the pause */
	bool folded;	 /* header lines 2 to 4 hidden */
	bool wrap;

	struct snapshot *snap; /* newest taken; owned; may answer an older request */
	uint64_t asked;	       /* number of the latest request */
	uint64_t valid_from;   /* snapshots of older requests answer another question */
	int64_t now;	       /* what ages count from: the clock, or the end of a recording */

	enum ui_prompt prompting;
	struct prompt prompt;
	struct prompt_history filters, finds;
	struct filter_error error; /* of the filter being typed */
	bool error_set;

	char message[512];
	enum style message_style;
	int64_t message_until; /* clock_mono() */
};

void ui_init(struct ui *ui, struct view *first);
void ui_release(struct ui *ui);

/* The question for the engine, numbered. r is initialised here; request_release() is the caller's.
 */
void ui_request(struct ui *ui, struct request *r);
/* A snapshot from the engine; taken over. */
unsigned ui_offer(struct ui *ui, struct snapshot *s);
unsigned ui_key(struct ui *ui, int key);
/* Once a second or when ui_wakes() says: things that end by themselves. */
unsigned ui_tick(struct ui *ui);
/* clock_mono() of the next thing that ends by itself; INT64_MAX: none. */
int64_t ui_wakes(const struct ui *ui);
/* Composes the whole screen. Returns whether the cursor shows (a prompt). */
bool ui_draw(struct ui *ui);
/* True while the newest snapshot does not answer the present question. */
bool ui_waits(const struct ui *ui);

/* --- for views */

/* Adds the common filter and time range. */
void ui_query(const struct ui *ui, struct query *q);
void ui_say(struct ui *ui, enum style style, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The order of rows holds for a while. */
void ui_hold(struct ui *ui);
bool ui_holds(const struct ui *ui);
/* Replaces the filter; NULL or "" drops it. */
unsigned ui_set_filter(struct ui *ui, const char *filter);
/* The view that fills the screen: the topmost that is no overlay. */
struct view *ui_page(const struct ui *ui);
/* Snapshot that may be drawn, NULL while it answers another question. */
const struct snapshot *ui_snapshot(const struct ui *ui);
/* Whether sources are still read or listened to (else the picture is a finished recording). */
bool ui_live(const struct snapshot *s);

/* Opens a view on top, as a row's Enter does. */
unsigned ui_open(struct ui *ui, struct view *v);
/* Carries out an action on the page, as if its key had been pressed there. For help, which does
 * what a line says. */
unsigned ui_do(struct ui *ui, enum action a);

/* common.c: what actions do when the view passes. */
unsigned common_act(struct ui *ui, enum action a);
/* header.c */
void header_draw(struct ui *ui, int lines);
void footer_draw(struct ui *ui, int y);
/* Lines the header takes on a screen of that many rows. */
int header_lines(const struct ui *ui, int rows);

#endif
