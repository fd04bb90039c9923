/*
 * columns.h - rows of costs as columns of the database, both ways.
 *
 * Private to database.c, loading.c and togetherrows.c. A list of columns stands
 * beside the functions that bind and get them, in the same order. A spread is
 * one column, a JSON list of its nine numbers in the order of struct
 * clv_spread; a number nobody has measured is NULL. What is read is checked as
 * if a stranger had written it.
 */
#ifndef CLV_COLUMNS_H
#define CLV_COLUMNS_H

#include "profile/costs.h"
#include "profile/database.h"
#include "profile/sql.h"

struct clv_database {
    struct clv_sql *sql;
    int knows_whose; /* surveys have subjects */
};

/* The longest text of an origin's data that is compared. */
#define CLV_DATA_TEXT 160

/* What `surveys.whose` says of a survey's data. */
enum clv_whose {
    CLV_WHOSE_UNKNOWN,  /* measured when it was not kept */
    CLV_WHOSE_STAND_IN, /* the subject's, but not its input and labels */
    CLV_WHOSE_OWN,      /* its input and labels */
};

#define CLV_VARIANT_COLUMNS "name, metric, size_bytes, macs, score, low, high"
#define CLV_CUT_COLUMNS                                                \
    "cut, tensors, head_share, raw_bytes, is_activation, is_picture, " \
    "position"
#define CLV_HEAD_COLUMNS "time_ns, finish_ns, memory_bytes, energy_j"
#define CLV_TAIL_COLUMNS "time_ns"
#define CLV_PACK_COLUMNS                                           \
    "packing, pack_ns, unpack_ns, bytes_up, bytes_down, drop_pp, " \
    "drop_low_pp, drop_high_pp, huffman_bytes"

/* The longest text of a spread. */
#define CLV_SPREAD_TEXT 256

/* Texts written for the binding; must stay until the query's step. */
struct clv_columns {
    char texts[3][CLV_SPREAD_TEXT];
    char packing[CLV_PACKING_TEXT];
};

/* Each binds a row's columns behind those bound before. */
void clv_columns_bind_variant(struct clv_query *query,
                              const struct clv_cost_variant *row);
void clv_columns_bind_cut(struct clv_query *query,
                          const struct clv_cost_cut *row, size_t position);
void clv_columns_bind_head(struct clv_query *query, struct clv_columns *c,
                           const struct clv_cost_head *row);
void clv_columns_bind_tail(struct clv_query *query, struct clv_columns *c,
                           const struct clv_cost_tail *row);
void clv_columns_bind_pack(struct clv_query *query, struct clv_columns *c,
                           const struct clv_cost_pack *row);

/* Task, input and labels, "" for what is none. */
void clv_columns_bind_subject(struct clv_query *query,
                              const struct clv_subject *subject);

/*
 * Each gets a row's columns; indices are left 0. Texts are borrowed from the
 * query until its next step. Returns 0 for values that no measurement gives.
 */
int clv_columns_get_variant(struct clv_query *query,
                            struct clv_cost_variant *ret_row);
int clv_columns_get_cut(struct clv_query *query, struct clv_cost_cut *ret_row);
int clv_columns_get_head(struct clv_query *query,
                         struct clv_cost_head *ret_row);
int clv_columns_get_tail(struct clv_query *query,
                         struct clv_cost_tail *ret_row);
int clv_columns_get_pack(struct clv_query *query,
                         struct clv_cost_pack *ret_row);

/* A spread by itself: bound from a text that must stay, as above, and got. */
void clv_columns_bind_spread(struct clv_query *query,
                             char into[CLV_SPREAD_TEXT],
                             const struct clv_spread *spread);
int clv_columns_get_spread(struct clv_query *query,
                           struct clv_spread *ret_spread);

/* The number of this origin's row, which is made if there is none. */
cleave_status clv_columns_origin(struct clv_database *database,
                                 const struct clv_origin *origin,
                                 int64_t *ret_id, cleave_error *err);

/* CLEAVE_CORRUPT: a row of this database makes no sense. */
cleave_status clv_columns_senseless(const struct clv_database *database,
                                    const char *table, cleave_error *err);

#endif
