/*
 * schema.c - making the tables, and bringing older ones up.
 *
 * Schema 2 added `together`; schema 3 added to `surveys` whose they were, so
 * that one data set's accuracies are not taken for another's. Older files are
 * taken as they are by readers, and brought up by the first writer, a schema
 * at a time, each in one transaction. All rows stay; whose the surveys were
 * is not known of them (`whose` 0) until the same data are asked for again.
 */
#include "profile/schema.h"

#include <stdlib.h>

#include "base/fail.h"

#define APPLICATION_ID "1668048240" /* "clvp" */
#define SCHEMA 3
#define SCHEMA_TEXT "3"

#define PART_COLUMNS                        \
    "id INTEGER PRIMARY KEY AUTOINCREMENT," \
    "origin INTEGER NOT NULL REFERENCES origins(id), model TEXT NOT NULL,"

#define TOGETHER                                                    \
    "CREATE TABLE together(" PART_COLUMNS " sitters TEXT NOT NULL," \
    " hogs INTEGER NOT NULL, task INTEGER NOT NULL, alone_ns TEXT," \
    " together_ns TEXT, UNIQUE(origin, sitters, hogs, task));"

#define SURVEYS                                                        \
    "CREATE TABLE surveys(" PART_COLUMNS " complete INTEGER NOT NULL," \
    " task TEXT NOT NULL, input TEXT NOT NULL, labels TEXT NOT NULL,"  \
    " whose INTEGER NOT NULL, UNIQUE(origin, model, task, input, labels));"

/* From the schema before each to the next. */
static const char *const steps_up[SCHEMA] = {
    NULL,
    "BEGIN IMMEDIATE;" TOGETHER "PRAGMA user_version = 2;"
    "COMMIT;",
    "BEGIN IMMEDIATE;"
    "ALTER TABLE surveys RENAME TO surveys_2;" SURVEYS
    "INSERT INTO surveys SELECT id, origin, model, complete, '', '', '', 0"
    " FROM surveys_2;"
    "DROP TABLE surveys_2;"
    "PRAGMA user_version = 3;"
    "COMMIT;",
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE origins(id INTEGER PRIMARY KEY, machine TEXT NOT NULL,"
    " machine_text TEXT, version TEXT NOT NULL, engine TEXT NOT NULL,"
    " data TEXT NOT NULL, UNIQUE(machine, version, engine, data));" SURVEYS
    "CREATE TABLE variants(" PART_COLUMNS " name TEXT, metric TEXT,"
    " size_bytes INTEGER, macs INTEGER, score REAL, low REAL, high REAL,"
    " UNIQUE(origin, model));"
    "CREATE TABLE cuts(" PART_COLUMNS " cut TEXT NOT NULL, tensors INTEGER,"
    " head_share REAL, raw_bytes INTEGER, is_activation INTEGER,"
    " is_picture INTEGER, position INTEGER, UNIQUE(origin, model, cut));"
    "CREATE TABLE heads(" PART_COLUMNS " cut TEXT NOT NULL,"
    " engine TEXT NOT NULL, time_ns TEXT, finish_ns TEXT, memory_bytes REAL,"
    " energy_j REAL, UNIQUE(origin, model, cut, engine));"
    "CREATE TABLE tails(" PART_COLUMNS " cut TEXT NOT NULL,"
    " server TEXT NOT NULL, time_ns TEXT, UNIQUE(origin, model, cut, server));"
    "CREATE TABLE packs(" PART_COLUMNS " cut TEXT NOT NULL,"
    " packing TEXT NOT NULL, pack_ns TEXT, unpack_ns TEXT, bytes_up TEXT,"
    " bytes_down REAL, drop_pp REAL, drop_low_pp REAL, drop_high_pp REAL,"
    " huffman_bytes REAL, UNIQUE(origin, model, cut, packing));" TOGETHER
    "PRAGMA application_id = " APPLICATION_ID ";"
    "PRAGMA user_version = " SCHEMA_TEXT ";"
    "COMMIT;";

static cleave_status bring_up(struct clv_sql *sql, int64_t version,
                              cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (; status == CLEAVE_OK && version < SCHEMA; version++) {
        status = clv_sql_run(sql, steps_up[version], err);
    }
    return status;
}

static cleave_status check_version(struct clv_sql *sql,
                                   enum clv_database_mode mode,
                                   int *ret_knows_whose, cleave_error *err)
{
    int64_t version = 0;
    cleave_status status =
        clv_sql_number(sql, "PRAGMA user_version", &version, err);

    if (status == CLEAVE_OK && version > SCHEMA) {
        status = clv_fail(err, CLEAVE_MISMATCH, clv_sql_path(sql),
                          "This database is of a later cleave (schema %lld, "
                          "this one knows %d); use that one, or name another "
                          "file.",
                          (long long)version, SCHEMA);
    }
    if (status == CLEAVE_OK && version < 1) {
        status = clv_fail(err, CLEAVE_CORRUPT, clv_sql_path(sql),
                          "There is no schema %lld of this database; move it "
                          "away and measure again with `cleave profile`.",
                          (long long)version);
    }
    if (status == CLEAVE_OK && mode == CLV_DATABASE_WRITE) {
        status = bring_up(sql, version, err);
    }
    if (status == CLEAVE_OK) {
        *ret_knows_whose = version >= 3 || mode == CLV_DATABASE_WRITE;
    }
    return status;
}

static cleave_status check_empty(struct clv_sql *sql,
                                 enum clv_database_mode mode,
                                 int *ret_knows_whose, cleave_error *err)
{
    const char *path = clv_sql_path(sql);
    cleave_status status;

    if (mode == CLV_DATABASE_WRITE) {
        status = clv_sql_run(sql, schema, err);
        if (status == CLEAVE_OK) {
            *ret_knows_whose = 1;
        }
        return status;
    }
    return clv_fail(err, CLEAVE_NOT_FOUND, path,
                    "This database is empty; `cleave profile APP --data DIR "
                    "--db %.200s` fills it.",
                    path);
}

cleave_status clv_schema_settle(struct clv_sql *sql,
                                enum clv_database_mode mode,
                                int *ret_knows_whose, cleave_error *err)
{
    int64_t id = 0;
    int64_t tables = 0;
    cleave_status status =
        clv_sql_number(sql, "PRAGMA application_id", &id, err);

    if (status == CLEAVE_OK) {
        status = clv_sql_number(sql, "SELECT count(*) FROM sqlite_master",
                                &tables, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (id == 0 && tables == 0) {
        return check_empty(sql, mode, ret_knows_whose, err);
    }
    if (id != strtoll(APPLICATION_ID, NULL, 10)) {
        return clv_fail(err, CLEAVE_CORRUPT, clv_sql_path(sql),
                        "This database is another program's; it is left as it "
                        "is. Name another file.");
    }
    return check_version(sql, mode, ret_knows_whose, err);
}
