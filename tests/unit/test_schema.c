/*
 * test_schema.c - tables are made, brought up with all their rows, or left
 * alone where they are not ours.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "profile/schema.h"
#include "scratch_folder.h"

/* A survey of schema 1, and tables as they were. */
static const char first_schema[] =
    "DROP TABLE together; DROP TABLE surveys;"
    "CREATE TABLE surveys(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " origin INTEGER NOT NULL REFERENCES origins(id), model TEXT NOT NULL,"
    " complete INTEGER NOT NULL, UNIQUE(origin, model));"
    "INSERT INTO origins VALUES(3, 'm', 'text', '0.1', 'e', 'd');"
    "INSERT INTO surveys VALUES(7, 3, 'sha', 1);"
    "PRAGMA user_version = 1";

static struct clv_sql *open_sql(const char *path)
{
    struct clv_sql *sql = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (clv_sql_open(path, CLV_SQL_WRITE, &sql, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return sql;
}

static void run_once(const char *path, const char *text)
{
    struct clv_sql *sql = open_sql(path);

    assert_int_equal(clv_sql_run(sql, text, NULL), CLEAVE_OK);
    clv_sql_close(sql);
}

static int64_t number(const char *path, const char *statement)
{
    struct clv_sql *sql = open_sql(path);
    int64_t n = -1;

    assert_int_equal(clv_sql_number(sql, statement, &n, NULL), CLEAVE_OK);
    clv_sql_close(sql);
    return n;
}

static cleave_status settle(const char *path, enum clv_database_mode mode,
                            int *ret_knows_whose, cleave_error *err)
{
    struct clv_sql *sql = open_sql(path);
    cleave_status status;

    *err = (cleave_error)CLEAVE_ERROR_INIT;
    status = clv_schema_settle(sql, mode, ret_knows_whose, err);
    clv_sql_close(sql);
    return status;
}

static void an_empty_file_gets_its_tables_from_a_writer(void **state)
{
    const char *path = scratch_path(*state, "p.db");
    cleave_error err;
    int knows = -1;

    assert_int_equal(settle(path, CLV_DATABASE_READ, &knows, &err),
                     CLEAVE_NOT_FOUND);
    assert_non_null(strstr(err.text, "cleave profile"));
    assert_int_equal(knows, -1);
    for (int i = 0; i < 2; i++) { /* the second time they are there */
        assert_int_equal(settle(path, CLV_DATABASE_WRITE, &knows, &err),
                         CLEAVE_OK);
        assert_int_equal(knows, 1);
        knows = -1;
    }
    assert_int_equal(number(path, "SELECT count(*) FROM together"), 0);
    assert_int_equal(settle(path, CLV_DATABASE_READ, &knows, &err), CLEAVE_OK);
    assert_int_equal(knows, 1);
}

static void an_old_file_is_read_as_it_is_and_brought_up_by_a_writer(
    void **state)
{
    const char *path = scratch_path(*state, "p.db");
    cleave_error err;
    int knows = -1;
    int64_t newest;

    assert_int_equal(settle(path, CLV_DATABASE_WRITE, &knows, &err), CLEAVE_OK);
    newest = number(path, "PRAGMA user_version");
    run_once(path, first_schema);
    assert_int_equal(settle(path, CLV_DATABASE_READ, &knows, &err), CLEAVE_OK);
    assert_int_equal(knows, 0);
    assert_int_equal(number(path, "PRAGMA user_version"), 1);
    assert_int_equal(settle(path, CLV_DATABASE_WRITE, &knows, &err), CLEAVE_OK);
    assert_int_equal(knows, 1);
    assert_int_equal(number(path, "PRAGMA user_version"), newest);
    assert_int_equal(number(path, "SELECT count(*) FROM together"), 0);
    assert_int_equal(number(path, "SELECT id FROM surveys WHERE origin = 3 AND "
                                  "model = 'sha' AND complete AND task = '' "
                                  "AND whose = 0"),
                     7);
}

static void databases_of_others_are_left_alone(void **state)
{
    const char *path = scratch_path(*state, "theirs");
    cleave_error err;
    int knows = -1;

    run_once(path, "CREATE TABLE mine(x)");
    assert_int_equal(settle(path, CLV_DATABASE_READ, &knows, &err),
                     CLEAVE_CORRUPT);
    assert_non_null(strstr(err.text, "another program"));
    assert_int_equal(settle(path, CLV_DATABASE_WRITE, &knows, &err),
                     CLEAVE_CORRUPT);
    assert_int_equal(number(path, "SELECT count(*) FROM sqlite_master"), 1);
    assert_int_equal(knows, -1);
}

static void schemas_that_nobody_knows_are_told(void **state)
{
    const char *path = scratch_path(*state, "p.db");
    cleave_error err;
    int knows = -1;

    assert_int_equal(settle(path, CLV_DATABASE_WRITE, &knows, &err), CLEAVE_OK);
    run_once(path, "PRAGMA user_version = 7");
    assert_int_equal(settle(path, CLV_DATABASE_READ, &knows, &err),
                     CLEAVE_MISMATCH);
    assert_non_null(strstr(err.text, "schema 7"));
    run_once(path, "PRAGMA user_version = 0");
    assert_int_equal(settle(path, CLV_DATABASE_WRITE, &knows, &err),
                     CLEAVE_CORRUPT);
    assert_non_null(strstr(err.text, "schema 0"));
}

#define IN_SCRATCH(test) \
    cmocka_unit_test_setup_teardown(test, scratch_begin, scratch_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(an_empty_file_gets_its_tables_from_a_writer),
        IN_SCRATCH(an_old_file_is_read_as_it_is_and_brought_up_by_a_writer),
        IN_SCRATCH(databases_of_others_are_left_alone),
        IN_SCRATCH(schemas_that_nobody_knows_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
