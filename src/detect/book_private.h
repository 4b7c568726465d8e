/* The inside of the risk book: book.c keeps it, book_sum.c sums it up, book_ledger.c tells of one
 * object. Private to the layer. */
#ifndef FALCOTOP_DETECT_BOOK_PRIVATE_H
#define FALCOTOP_DETECT_BOOK_PRIVATE_H

#include "detect/book.h"
#include "detect/texts.h"
#include "event/timestamp.h"

#define SCORE_UNIT 1000 /* scores are whole thousandths */
#define NOWHERE	   UINT32_MAX

/* What the sums read: all of them, in order of place. */
struct book_hot {
	int64_t first, last;
	uint64_t tactics; /* bits of b->tactic */
	int32_t score;	  /* thousandths, with the factors */
	uint32_t pair;	  /* NOWHERE: the place is free */
	uint32_t object;  /* the pair's */
	bool muted;
};

struct book_cold {
	uint64_t id[2];
	int64_t hour;
	uint64_t count;
	int32_t base;
	uint32_t message, row, stories, techniques, tactics; /* texts */
	uint32_t object_next, object_prev;		     /* of one object */
	uint32_t hour_next;				     /* of one hour; next free place */
};

struct book_object {
	uint32_t name, type; /* texts */
	uint32_t events;     /* refs; 0: free, and `head` is the next free one */
	uint32_t head;	     /* newest entry first */
	uint64_t hash;
	/* of the last sums, when mark is theirs */
	uint32_t mark;
	uint32_t counted, muted, sources, tactic_sources;
	uint64_t tactics;
	int64_t sum24, sum7d, first, last;
	float trend[BOOK_TREND];
};

/* An object and a search. */
struct book_pair {
	uint32_t object, search; /* search: text */
	uint32_t events;	 /* refs; 0: free, and `object` is the next free one */
	uint32_t mark;
	int64_t sum24, sum7d;
	int32_t max24, max7d;
	bool has_tactic;
	/* of a ledger: the window slides over them */
	int64_t window;
	uint32_t high, low, start; /* queue of falling scores: [low, high) of b->queue */
};

/* Entries of one hour, in order of coming. */
struct book_hour {
	int64_t hour;
	uint32_t head, tail;
	uint32_t next_free;
};

struct book {
	struct book_options options;
	const struct risk_factors *factors;
	struct texts texts;
	struct book_hot *hot;
	struct book_cold *cold;
	uint32_t places, room, free_place;
	struct lookup ids;
	struct book_object *object;
	uint32_t nobjects, object_room, free_object;
	struct lookup objects;
	struct book_pair *pair;
	uint32_t npairs, pair_room, free_pair;
	struct lookup pairs;
	struct book_hour *hour;
	uint32_t nhours, hour_room, free_hour;
	struct lookup hours;
	uint32_t *heap; /* hours, the oldest first */
	uint32_t nheap;
	char tactic[BOOK_TACTICS][8];
	unsigned ntactics;
	struct book_status status;
	/* the last sums: book_sum.c */
	uint64_t summed;
	int64_t summed_at;
	uint32_t mark;
	uint32_t *touched, *touched_pair; /* objects and pairs with this mark */
	uint32_t ntouched, ntouched_pair, touched_room, touched_pair_room;
};

/* now - span without overflow. */
static inline int64_t
book_before(int64_t now, int64_t span)
{
	return now < INT64_MIN + span ? INT64_MIN : now - span;
}

uint32_t book_find_object(const struct book *b, struct slice object, struct slice type);
/* Found or made; an entry that joins an object counts itself in `events`. */
uint32_t book_take_object(struct book *b, struct slice object, struct slice type);
void book_drop_object(struct book *b, uint32_t i);
/* The pair of an object and a search, counted once more; takes over the hold on the text. */
uint32_t book_take_pair(struct book *b, uint32_t object, uint32_t search);
void book_drop_pair(struct book *b, uint32_t i);
uint32_t book_take_hour(struct book *b, int64_t hour);
/* The hour at place i of the heap: the oldest is at 0. */
int64_t book_heap_hour(const struct book *b, uint32_t i);
void book_drop_oldest_hour(struct book *b);
/* Brings the marks and sums in objects and pairs up to now. */
void book_sum(struct book *b, int64_t now);
/* What a source counts for: its sum, or less with the cap. */
int64_t book_share(const struct book *b, int64_t sum, int32_t max);

#endif
