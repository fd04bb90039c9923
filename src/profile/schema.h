/*
 * schema.h - the tables of a profile, and files that have older ones.
 *
 * Private to database.c.
 */
#ifndef CLV_SCHEMA_H
#define CLV_SCHEMA_H

#include "profile/database.h"
#include "profile/sql.h"

/*
 * Sees to it that an open file has our tables: those of the newest schema if
 * it is to be written, which makes them in an empty one; whichever it has if
 * it is only read. `ret_knows_whose` says if its surveys have subjects.
 * CLEAVE_CORRUPT for another program's file, which is left as it is,
 * CLEAVE_MISMATCH for a later schema, CLEAVE_NOT_FOUND for an empty file that
 * is only read.
 */
cleave_status clv_schema_settle(struct clv_sql *sql,
                                enum clv_database_mode mode,
                                int *ret_knows_whose, cleave_error *err);

#endif
