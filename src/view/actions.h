/* The actions by number, with what actions.def says of each. */
#ifndef FALCOTOP_VIEW_ACTIONS_H
#define FALCOTOP_VIEW_ACTIONS_H

#include "tui/keys.h"
#include "view/view.h"

struct action_info {
	const char *name;
	const char *keys;
	const char *group;
	const char *help;
};

/* a > ACTION_NONE */
const struct action_info *action_info(enum action a);
/* The map of all actions; built once. */
const struct keymap *action_keys(void);
enum action action_of_key(int key);

#endif
