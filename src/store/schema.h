/* The tables of the history: making them, bringing old ones up to date, telling ours from anything
 * else. Private to store/. */
#ifndef FALCOTOP_STORE_SCHEMA_H
#define FALCOTOP_STORE_SCHEMA_H

#include "store/db.h"

#define SCHEMA_APPLICATION 0x466c7454 /* "FltT" */
#define SCHEMA_VERSION	   1

/*
 * Settings of the connection, then the tables: made in an empty file, migrated from an older
 * version, checked otherwise. A reader changes nothing. False with db->fault and db->error.
 */
bool schema_open(struct db *db, bool read_only);

#endif
