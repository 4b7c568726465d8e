/*
 * MITRE ATT&CK as far as Falco's rules and ESCU's Kubernetes detections go: tactics and techniques
 * by id (attack.mitre.org, v19 names with the older ones beside).
 */
#ifndef FALCOTOP_DETECT_ATTACK_H
#define FALCOTOP_DETECT_ATTACK_H

#include "base/buf.h"

struct attack_tactic {
	const char *id, *name;
	const char *old;   /* the name before v19, NULL: the same */
	const char *tag;   /* of Falco's rules */
	const char *brief; /* two letters */
};

struct attack_technique {
	const char *id, *name;
	const char *tactics; /* ids, separated by blanks */
};

/* NULL when it is not in the table. A sub-technique that is not there gives its parent. */
const struct attack_tactic *attack_tactic(struct slice id);
const struct attack_technique *attack_technique(struct slice id);

/* Technique and tactic ids in a rule's tags (mitre_execution T1059 TA0003, separated by blanks),
 * each once, separated by blanks, in ascending order; appended. */
void attack_from_tags(struct slice tags, struct buf *techniques, struct buf *tactics);
/* Tactic ids of techniques separated by blanks, each once, ascending; appended. A sub-technique
 * that is not listed counts as its parent. */
void attack_tactics_of(struct slice techniques, struct buf *tactics);

#endif
