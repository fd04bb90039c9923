/*
 * sql.h - a SQLite file as database.c sees it: statements, values, rows.
 *
 * The one place that knows SQLite. Texts of statements are constants of the
 * program; whatever comes from outside is bound to them. A file that others
 * made may be hostile: its triggers, views and functions are off, and
 * lengths are bounded. All of it belongs to one thread.
 */
#ifndef CLV_SQL_H
#define CLV_SQL_H

#include <stdint.h>

#include "cleave/status.h"

struct clv_sql;
struct clv_query;

enum clv_sql_mode { CLV_SQL_READ, CLV_SQL_WRITE };

/*
 * Opens a database file; writing makes it, and keeps other writers out as
 * long as it is open. CLEAVE_NOT_FOUND, CLEAVE_BUSY, CLEAVE_CORRUPT for a
 * file that is no database or a damaged one, CLEAVE_IO. The caller closes.
 */
cleave_status clv_sql_open(const char *path, enum clv_sql_mode mode,
                           struct clv_sql **ret_sql, cleave_error *err);

/* Takes NULL. Queries must be gone. */
void clv_sql_close(struct clv_sql *sql);

const char *clv_sql_path(const struct clv_sql *sql);

/* Runs statements that give nothing. */
cleave_status clv_sql_run(struct clv_sql *sql, const char *statements,
                          cleave_error *err);

/* The number that a statement gives. */
cleave_status clv_sql_number(struct clv_sql *sql, const char *statement,
                             int64_t *ret_number, cleave_error *err);

/* The statement is compiled; its ? are bound in order, from the first. */
cleave_status clv_query_new(struct clv_sql *sql, const char *statement,
                            struct clv_query **ret_query, cleave_error *err);

/* Takes NULL. */
void clv_query_free(struct clv_query *query);

/* Each binds the next ?; a failure shows at the first step. Texts must stay
   until then; NULL is bound as such. */
void clv_query_text(struct clv_query *query, const char *text);
void clv_query_int(struct clv_query *query, int64_t value);
void clv_query_real(struct clv_query *query, double value);

/* To the next row, if there is one. */
cleave_status clv_query_step(struct clv_query *query, int *ret_is_row,
                             cleave_error *err);

/* Steps once and expects no row. */
cleave_status clv_query_finish(struct clv_query *query, cleave_error *err);

/* Each takes the next column of the row. Texts are borrowed until the next
   step, "" for what is none; a number that is none is NaN or 0. */
const char *clv_query_get_text(struct clv_query *query);
int64_t clv_query_get_int(struct clv_query *query);
double clv_query_get_real(struct clv_query *query);

#endif
