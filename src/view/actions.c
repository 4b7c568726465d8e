/*
 * The action table and the key map made of it. Not here: what actions do (common.c and each view).
 */
#include "view/actions.h"

#include "base/xalloc.h"
#include "base/banned.h"

static const struct action_info infos[ACTION_COUNT] = {
#define ACTION(id, action_name, action_keys, action_group, action_help)                            \
	[ACTION_##id] = { .name = (action_name),                                                   \
		.keys = (action_keys),                                                             \
		.group = (action_group),                                                           \
		.help = (action_help) },
#include "view/actions.def"
#undef ACTION
};

const struct action_info *
action_info(enum action a)
{
	return &infos[a];
}

const struct keymap *
action_keys(void)
{
	static struct keymap map;

	if (map.n == 0)
		for (int a = ACTION_NONE + 1; a < ACTION_COUNT; a++)
			if (!keymap_bind(&map, infos[a].keys, a))
				fatal("keys of action %s clash: %s", infos[a].name, infos[a].keys);
	return &map;
}

enum action
action_of_key(int key)
{
	return (enum action)keymap_find(action_keys(), key);
}
