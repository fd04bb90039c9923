/*
 * sql.c - a SQLite file: statements, values, rows.
 *
 * The journal is SQLite's usual one (a rollback journal, synchronous FULL):
 * one file at rest, readable while a writer works between its commits, whole
 * after a kill at any moment. WAL would let readers in during a commit, too,
 * at the price of two more files beside the database; commits here take
 * milliseconds, and readers wait for so long.
 *
 * A writer holds the file's flock from open to close. It is another kind of
 * lock than SQLite's own, so the two do not meet; it keeps a second writer
 * from mixing its measurements in.
 */
#include "profile/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

#define PATIENCE_MS 5000
#define LONGEST_VALUE (1 << 20)

struct clv_sql {
    sqlite3 *db;
    int fd; /* of a writer's lock, or -1 */
    char *path;
};

struct clv_query {
    struct clv_sql *sql;
    sqlite3_stmt *statement;
    int bound;
    int column;
    int code; /* the first failure of binding */
};

/* -- Failures -- */

static cleave_status failed(const struct clv_sql *sql, int code,
                            cleave_error *err)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return clv_fail_memory(err, sql->path, sizeof *sql);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return clv_fail(err, CLEAVE_BUSY, sql->path,
                        "Another process holds this database; try again when "
                        "it is done.");
    case SQLITE_NOTADB:
        return clv_fail(err, CLEAVE_CORRUPT, sql->path,
                        "This file is not a database of profiles; it is left "
                        "as it is. Name another one.");
    case SQLITE_FULL:
        return clv_fail(err, CLEAVE_IO, sql->path,
                        "The disk is full. What was measured before is kept: "
                        "make room and run the command again.");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return clv_fail(err, CLEAVE_IO, sql->path, "%s.",
                        sqlite3_errmsg(sql->db));
    default:
        return clv_fail(err, CLEAVE_CORRUPT, sql->path,
                        "The database is damaged (%s); move it away and "
                        "measure again with `cleave profile`.",
                        sqlite3_errmsg(sql->db));
    }
}

/* -- Opening -- */

static cleave_status lock_writer(struct clv_sql *sql, cleave_error *err)
{
    sql->fd = open(sql->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (sql->fd < 0) {
        return clv_fail_errno(err, CLEAVE_IO, sql->path, "Opening the file");
    }
    if (flock(sql->fd, LOCK_EX | LOCK_NB) == 0) {
        return CLEAVE_OK;
    }
    if (errno == EWOULDBLOCK) {
        return clv_fail(err, CLEAVE_BUSY, sql->path,
                        "Another process is writing this database; wait for "
                        "it, or name another file.");
    }
    return clv_fail_errno(err, CLEAVE_IO, sql->path, "Locking the file");
}

static cleave_status check_there(const struct clv_sql *sql, cleave_error *err)
{
    struct stat st;

    if (stat(sql->path, &st) != 0) {
        return errno == ENOENT || errno == ENOTDIR
                   ? clv_fail(err, CLEAVE_NOT_FOUND, sql->path,
                              "There is no such database; `cleave profile "
                              "APP --data DIR --db %.200s` measures one.",
                              sql->path)
                   : clv_fail_errno(err, CLEAVE_IO, sql->path,
                                    "Opening the file");
    }
    if (!S_ISREG(st.st_mode)) {
        return clv_fail(err, CLEAVE_CORRUPT, sql->path,
                        "This is not a regular file; name a database.");
    }
    return CLEAVE_OK;
}

/* A killed writer leaves a journal that the next one to come rolls back,
   reader or not; so even a reader opens for writing where it may. */
static int open_file(struct clv_sql *sql)
{
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int code = sqlite3_open_v2(sql->path, &sql->db,
                               flags | SQLITE_OPEN_READWRITE, NULL);

    if ((code & 0xff) == SQLITE_CANTOPEN && sql->fd < 0) {
        sqlite3_close(sql->db);
        code = sqlite3_open_v2(sql->path, &sql->db,
                               flags | SQLITE_OPEN_READONLY, NULL);
    }
    return code;
}

/* What a file of others' making could bring along stays off. */
static void distrust(sqlite3 *db)
{
    sqlite3_busy_timeout(db, PATIENCE_MS);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
}

static cleave_status check_sound(struct clv_sql *sql, cleave_error *err)
{
    struct clv_query *query = NULL;
    const char *word = "";
    int is_row = 0;
    cleave_status status =
        clv_query_new(sql, "PRAGMA quick_check(1)", &query, err);

    if (status == CLEAVE_OK) {
        status = clv_query_step(query, &is_row, err);
    }
    if (status == CLEAVE_OK) {
        word = is_row ? clv_query_get_text(query) : "no answer";
        if (strcmp(word, "ok") != 0) {
            status = clv_fail(err, CLEAVE_CORRUPT, sql->path,
                              "The database is damaged (%.200s); move it away "
                              "and measure again with `cleave profile`.",
                              word);
        }
    }
    clv_query_free(query);
    return status;
}

static cleave_status open_all(struct clv_sql *sql, enum clv_sql_mode mode,
                              cleave_error *err)
{
    cleave_status status =
        mode == CLV_SQL_WRITE ? lock_writer(sql, err) : check_there(sql, err);
    int code;

    if (status != CLEAVE_OK) {
        return status;
    }
    code = open_file(sql);
    if (code != SQLITE_OK) {
        return failed(sql, code, err);
    }
    distrust(sql->db);
    status = check_sound(sql, err);
    if (status == CLEAVE_OK && mode == CLV_SQL_READ) {
        status = clv_sql_run(sql, "PRAGMA query_only = 1", err);
    }
    return status;
}

cleave_status clv_sql_open(const char *path, enum clv_sql_mode mode,
                           struct clv_sql **ret_sql, cleave_error *err)
{
    struct clv_sql *sql = calloc(1, sizeof *sql);
    cleave_status status;

    if (sql == NULL) {
        return clv_fail_memory(err, path, sizeof *sql);
    }
    sql->fd = -1;
    sql->path = strdup(path);
    status = sql->path != NULL ? open_all(sql, mode, err)
                               : clv_fail_memory(err, path, strlen(path));
    if (status != CLEAVE_OK) {
        clv_sql_close(sql);
        return status;
    }
    *ret_sql = sql;
    return CLEAVE_OK;
}

void clv_sql_close(struct clv_sql *sql)
{
    if (sql == NULL) {
        return;
    }
    sqlite3_close(sql->db);
    if (sql->fd >= 0) {
        close(sql->fd); /* after SQLite's, whose locks would go with it */
    }
    free(sql->path);
    free(sql);
}

const char *clv_sql_path(const struct clv_sql *sql)
{
    return sql->path;
}

/* -- Statements -- */

cleave_status clv_sql_run(struct clv_sql *sql, const char *statements,
                          cleave_error *err)
{
    int code = sqlite3_exec(sql->db, statements, NULL, NULL, NULL);

    return code == SQLITE_OK ? CLEAVE_OK : failed(sql, code, err);
}

cleave_status clv_sql_number(struct clv_sql *sql, const char *statement,
                             int64_t *ret_number, cleave_error *err)
{
    struct clv_query *query = NULL;
    int is_row = 0;
    cleave_status status = clv_query_new(sql, statement, &query, err);

    if (status == CLEAVE_OK) {
        status = clv_query_step(query, &is_row, err);
    }
    if (status == CLEAVE_OK) {
        *ret_number = is_row ? clv_query_get_int(query) : 0;
    }
    clv_query_free(query);
    return status;
}

cleave_status clv_query_new(struct clv_sql *sql, const char *statement,
                            struct clv_query **ret_query, cleave_error *err)
{
    struct clv_query *query = calloc(1, sizeof *query);
    int code;

    if (query == NULL) {
        return clv_fail_memory(err, sql->path, sizeof *query);
    }
    query->sql = sql;
    code = sqlite3_prepare_v2(sql->db, statement, -1, &query->statement, NULL);
    if (code != SQLITE_OK) {
        clv_query_free(query);
        return failed(sql, code, err);
    }
    *ret_query = query;
    return CLEAVE_OK;
}

void clv_query_free(struct clv_query *query)
{
    if (query != NULL) {
        sqlite3_finalize(query->statement);
        free(query);
    }
}

static void note(struct clv_query *query, int code)
{
    if (query->code == SQLITE_OK) {
        query->code = code;
    }
}

void clv_query_text(struct clv_query *query, const char *text)
{
    note(query, sqlite3_bind_text(query->statement, ++query->bound, text, -1,
                                  SQLITE_STATIC));
}

void clv_query_int(struct clv_query *query, int64_t value)
{
    note(query, sqlite3_bind_int64(query->statement, ++query->bound, value));
}

void clv_query_real(struct clv_query *query, double value)
{
    note(query, sqlite3_bind_double(query->statement, ++query->bound, value));
}

cleave_status clv_query_step(struct clv_query *query, int *ret_is_row,
                             cleave_error *err)
{
    int code = query->code;

    query->column = 0;
    if (code == SQLITE_OK) {
        code = sqlite3_step(query->statement);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return failed(query->sql, code, err);
    }
    *ret_is_row = code == SQLITE_ROW;
    return CLEAVE_OK;
}

cleave_status clv_query_finish(struct clv_query *query, cleave_error *err)
{
    int is_row;

    return clv_query_step(query, &is_row, err);
}

const char *clv_query_get_text(struct clv_query *query)
{
    const unsigned char *text =
        sqlite3_column_text(query->statement, query->column++);

    return text != NULL ? (const char *)text : "";
}

int64_t clv_query_get_int(struct clv_query *query)
{
    return sqlite3_column_int64(query->statement, query->column++);
}

double clv_query_get_real(struct clv_query *query)
{
    int type = sqlite3_column_type(query->statement, query->column);
    double value = sqlite3_column_double(query->statement, query->column++);

    return type == SQLITE_FLOAT || type == SQLITE_INTEGER ? value : NAN;
}
