/*
 * database.c - a profile on disk: opening, and one row at a time.
 *
 *     origins    machine, version of cleave, engine, data
 *       |
 *       +-- surveys    model, subject: begun, complete
 *       +-- variants   model: its accuracy
 *       +-- cuts       model, cut
 *       +-- heads      model, cut, engine: times here
 *       +-- tails      model, cut, server: times there
 *       +-- packs      model, cut, packing: times, bytes, accuracy
 *       +-- together   model, sitters, hogs, task: times among others
 *
 * Every table has an `id` that only grows, and a row put in place of another
 * gets a new one: so the greatest id is the latest measurement, whatever
 * clocks say. A put is one transaction and on disk when it returns.
 *
 * What it leaves out: SQLite itself (sql.h), making those tables (schema.h),
 * columns (columns.h), making a table of costs of it all (loading.c), trials of
 * several (togetherrows.c).
 */
#include "profile/database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/columns.h"
#include "profile/schema.h"

/* -- Opening -- */

cleave_status clv_database_open(const char *path, enum clv_database_mode mode,
                                struct clv_database **ret_database,
                                cleave_error *err)
{
    struct clv_database *d = calloc(1, sizeof *d);
    cleave_status status;

    if (d == NULL) {
        return clv_fail_memory(err, path, sizeof *d);
    }
    status = clv_sql_open(
        path, mode == CLV_DATABASE_WRITE ? CLV_SQL_WRITE : CLV_SQL_READ,
        &d->sql, err);
    if (status == CLEAVE_OK) {
        status = clv_schema_settle(d->sql, mode, &d->knows_whose, err);
    }
    if (status != CLEAVE_OK) {
        clv_database_close(d);
        return status;
    }
    *ret_database = d;
    return CLEAVE_OK;
}

void clv_database_close(struct clv_database *database)
{
    if (database != NULL) {
        clv_sql_close(database->sql);
        free(database);
    }
}

/* -- Origins -- */

static void bind_origin(struct clv_query *query, const struct clv_origin *o)
{
    clv_query_text(query, o->machine);
    clv_query_text(query, o->version);
    clv_query_text(query, o->engine);
    clv_query_text(query, o->data);
}

static cleave_status find_origin(struct clv_database *d,
                                 const struct clv_origin *origin,
                                 int64_t *ret_id, cleave_error *err)
{
    struct clv_query *query = NULL;
    int is_row = 0;
    cleave_status status = clv_query_new(
        d->sql,
        "SELECT id FROM origins WHERE machine = ? AND version = ? AND "
        "engine = ? AND data = ?",
        &query, err);

    if (status == CLEAVE_OK) {
        bind_origin(query, origin);
        status = clv_query_step(query, &is_row, err);
    }
    if (status == CLEAVE_OK) {
        *ret_id = is_row ? clv_query_get_int(query) : 0;
    }
    clv_query_free(query);
    return status;
}

cleave_status clv_columns_origin(struct clv_database *d,
                                 const struct clv_origin *origin,
                                 int64_t *ret_id, cleave_error *err)
{
    char here[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];
    struct clv_query *query = NULL;
    cleave_status status = find_origin(d, origin, ret_id, err);

    if (status != CLEAVE_OK || *ret_id != 0) {
        return status;
    }
    clv_machine_id(here, text);
    status = clv_query_new(d->sql,
                           "INSERT INTO origins(machine, version, engine, "
                           "data, machine_text) VALUES(?, ?, ?, ?, ?)",
                           &query, err);
    if (status == CLEAVE_OK) {
        bind_origin(query, origin);
        clv_query_text(query, strcmp(here, origin->machine) == 0 ? text : NULL);
        status = clv_query_finish(query, err);
    }
    clv_query_free(query);
    return status == CLEAVE_OK ? find_origin(d, origin, ret_id, err) : status;
}

/* -- Putting -- */

/* A statement whose first columns are origin and model. */
static cleave_status begin_put(struct clv_database *d, const char *statement,
                               const struct clv_part_name *part,
                               struct clv_query **ret_query, cleave_error *err)
{
    int64_t origin = 0;
    cleave_status status = clv_columns_origin(d, part->origin, &origin, err);

    if (status == CLEAVE_OK) {
        status = clv_query_new(d->sql, statement, ret_query, err);
    }
    if (status == CLEAVE_OK) {
        clv_query_int(*ret_query, origin);
        clv_query_text(*ret_query, part->model);
    }
    return status;
}

static cleave_status end_put(struct clv_query *query, cleave_error *err)
{
    cleave_status status = clv_query_finish(query, err);

    clv_query_free(query);
    return status;
}

/* Of what is more than one statement: all or nothing. */
static cleave_status end_many(struct clv_database *d, cleave_status status,
                              cleave_error *err)
{
    if (status == CLEAVE_OK) {
        status = clv_sql_run(d->sql, "COMMIT", err);
    }
    if (status != CLEAVE_OK) {
        clv_sql_run(d->sql, "ROLLBACK", NULL);
    }
    return status;
}

#define INSERT "INSERT OR REPLACE INTO "

cleave_status clv_database_put_variant(struct clv_database *database,
                                       const struct clv_part_name *part,
                                       const struct clv_cost_variant *row,
                                       cleave_error *err)
{
    struct clv_query *query = NULL;
    cleave_status status =
        begin_put(database,
                  INSERT "variants(origin, model, " CLV_VARIANT_COLUMNS
                         ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  part, &query, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_columns_bind_variant(query, row);
    return end_put(query, err);
}

cleave_status clv_database_put_cut(struct clv_database *database,
                                   const struct clv_part_name *part,
                                   const struct clv_cost_cut *row,
                                   size_t position, cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_cut named = *row;
    cleave_status status =
        begin_put(database,
                  INSERT "cuts(origin, model, " CLV_CUT_COLUMNS
                         ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  part, &query, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    memcpy(&named.name, &part->cut, sizeof named.name);
    clv_columns_bind_cut(query, &named, position);
    return end_put(query, err);
}

cleave_status clv_database_put_head(struct clv_database *database,
                                    const struct clv_part_name *part,
                                    const struct clv_cost_head *row,
                                    cleave_error *err)
{
    struct clv_columns columns;
    struct clv_query *query = NULL;
    cleave_status status =
        begin_put(database,
                  INSERT "heads(origin, model, cut, engine, " CLV_HEAD_COLUMNS
                         ") VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                  part, &query, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_query_text(query, part->cut);
    clv_query_text(query, part->engine);
    clv_columns_bind_head(query, &columns, row);
    return end_put(query, err);
}

cleave_status clv_database_put_tail(struct clv_database *database,
                                    const struct clv_part_name *part,
                                    const struct clv_cost_tail *row,
                                    cleave_error *err)
{
    struct clv_columns columns;
    struct clv_query *query = NULL;
    cleave_status status =
        begin_put(database,
                  INSERT "tails(origin, model, cut, server, " CLV_TAIL_COLUMNS
                         ") VALUES(?, ?, ?, ?, ?)",
                  part, &query, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_query_text(query, part->cut);
    clv_query_text(query, part->server);
    clv_columns_bind_tail(query, &columns, row);
    return end_put(query, err);
}

cleave_status clv_database_put_pack(struct clv_database *database,
                                    const struct clv_part_name *part,
                                    const struct clv_cost_pack *row,
                                    cleave_error *err)
{
    struct clv_columns columns;
    struct clv_query *query = NULL;
    cleave_status status =
        begin_put(database,
                  INSERT "packs(origin, model, cut, " CLV_PACK_COLUMNS
                         ") VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  part, &query, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_query_text(query, part->cut);
    clv_columns_bind_pack(query, &columns, row);
    return end_put(query, err);
}

/* Whose these data are is known now. */
static cleave_status forget_unknown(struct clv_database *d,
                                    const struct clv_part_name *part,
                                    cleave_error *err)
{
    struct clv_query *query = NULL;
    cleave_status status = begin_put(
        d, "DELETE FROM surveys WHERE origin = ? AND model = ? AND whose = 0",
        part, &query, err);

    return status == CLEAVE_OK ? end_put(query, err) : status;
}

static cleave_status put_survey(struct clv_database *d,
                                const struct clv_part_name *part,
                                const struct clv_subject *subject, int complete,
                                cleave_error *err)
{
    struct clv_query *query = NULL;
    cleave_status status = begin_put(
        d,
        INSERT "surveys(origin, model, complete, task, input, labels, whose) "
               "VALUES(?, ?, ?, ?, ?, ?, ?)",
        part, &query, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    clv_query_int(query, complete != 0);
    clv_columns_bind_subject(query, subject);
    clv_query_int(query, subject->task == NULL   ? CLV_WHOSE_UNKNOWN
                         : subject->is_elsewhere ? CLV_WHOSE_STAND_IN
                                                 : CLV_WHOSE_OWN);
    return end_put(query, err);
}

cleave_status clv_database_mark(struct clv_database *database,
                                const struct clv_part_name *part,
                                const struct clv_subject *subject, int complete,
                                cleave_error *err)
{
    cleave_status status = clv_sql_run(database->sql, "BEGIN IMMEDIATE", err);

    if (status == CLEAVE_OK) {
        status = forget_unknown(database, part, err);
    }
    if (status == CLEAVE_OK) {
        status = put_survey(database, part, subject, complete, err);
    }
    return end_many(database, status, err);
}

cleave_status clv_database_forget(struct clv_database *database,
                                  const char *model, const char *machine,
                                  cleave_error *err)
{
    static const char *const tables[] = {
        "surveys", "variants", "cuts", "heads", "tails", "packs", "together"};
    cleave_status status = clv_sql_run(database->sql, "BEGIN IMMEDIATE", err);

    for (size_t i = 0;
         status == CLEAVE_OK && i < sizeof tables / sizeof tables[0]; i++) {
        struct clv_query *query = NULL;
        char text[160];
        snprintf(text, sizeof text,
                 "DELETE FROM %s WHERE %s AND origin IN (SELECT id FROM "
                 "origins WHERE machine = ?)",
                 tables[i],
                 strcmp(tables[i], "together") == 0 ? "instr(sitters, ?) > 0"
                                                    : "model = ?");
        status = clv_query_new(database->sql, text, &query, err);
        if (status == CLEAVE_OK) {
            clv_query_text(query, model);
            clv_query_text(query, machine);
            status = clv_query_finish(query, err);
        }
        clv_query_free(query);
    }
    return end_many(database, status, err);
}

/* -- Finding -- */

/* A row of exactly this origin and model, and what `extra` asks besides. */
static cleave_status begin_find(struct clv_database *d, const char *statement,
                                const struct clv_part_name *part,
                                const char *cut, const char *third,
                                struct clv_query **ret_query, int *ret_found,
                                cleave_error *err)
{
    int64_t origin = 0;
    cleave_status status = find_origin(d, part->origin, &origin, err);

    if (status == CLEAVE_OK) {
        status = clv_query_new(d->sql, statement, ret_query, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    clv_query_int(*ret_query, origin);
    clv_query_text(*ret_query, part->model);
    if (cut != NULL) {
        clv_query_text(*ret_query, cut);
        clv_query_text(*ret_query, third);
    }
    return clv_query_step(*ret_query, ret_found, err);
}

#define SELECT(columns, table) \
    "SELECT " columns " FROM " table " WHERE origin = ? AND model = ?"

cleave_status clv_database_find_variant(struct clv_database *database,
                                        const struct clv_part_name *part,
                                        struct clv_cost_variant *ret_row,
                                        int *ret_found, cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_variant row = {0};
    int found = 0;
    cleave_status status =
        begin_find(database, SELECT(CLV_VARIANT_COLUMNS, "variants"), part,
                   NULL, NULL, &query, &found, err);

    if (status == CLEAVE_OK && found && !clv_columns_get_variant(query, &row)) {
        status = clv_columns_senseless(database, "variants", err);
    }
    if (status == CLEAVE_OK) {
        row.name = NULL;
        row.metric = NULL;
        *ret_row = row;
        *ret_found = found;
    }
    clv_query_free(query);
    return status;
}

cleave_status clv_database_find_head(struct clv_database *database,
                                     const struct clv_part_name *part,
                                     struct clv_cost_head *ret_row,
                                     int *ret_found, cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_head row = {0};
    int found = 0;
    cleave_status status = begin_find(
        database,
        SELECT(CLV_HEAD_COLUMNS, "heads") " AND cut = ? AND engine = ?", part,
        part->cut, part->engine, &query, &found, err);

    if (status == CLEAVE_OK && found && !clv_columns_get_head(query, &row)) {
        status = clv_columns_senseless(database, "heads", err);
    }
    if (status == CLEAVE_OK) {
        *ret_row = row;
        *ret_found = found;
    }
    clv_query_free(query);
    return status;
}

cleave_status clv_database_find_tail(struct clv_database *database,
                                     const struct clv_part_name *part,
                                     struct clv_cost_tail *ret_row,
                                     int *ret_found, cleave_error *err)
{
    struct clv_query *query = NULL;
    struct clv_cost_tail row = {0};
    int found = 0;
    cleave_status status = begin_find(
        database,
        SELECT(CLV_TAIL_COLUMNS, "tails") " AND cut = ? AND server = ?", part,
        part->cut, part->server, &query, &found, err);

    if (status == CLEAVE_OK && found && !clv_columns_get_tail(query, &row)) {
        status = clv_columns_senseless(database, "tails", err);
    }
    if (status == CLEAVE_OK) {
        *ret_row = row;
        *ret_found = found;
    }
    clv_query_free(query);
    return status;
}

cleave_status clv_database_find_pack(struct clv_database *database,
                                     const struct clv_part_name *part,
                                     const struct clv_packing *packing,
                                     struct clv_cost_pack *ret_row,
                                     int *ret_found, cleave_error *err)
{
    char text[CLV_PACKING_TEXT];
    struct clv_query *query = NULL;
    struct clv_cost_pack row = {0};
    int found = 0;
    cleave_status status = begin_find(
        database,
        SELECT(CLV_PACK_COLUMNS, "packs") " AND cut = ? AND packing = ?", part,
        part->cut, clv_packing_text(packing, text), &query, &found, err);

    if (status == CLEAVE_OK && found && !clv_columns_get_pack(query, &row)) {
        status = clv_columns_senseless(database, "packs", err);
    }
    if (status == CLEAVE_OK) {
        *ret_row = row;
        *ret_found = found;
    }
    clv_query_free(query);
    return status;
}
