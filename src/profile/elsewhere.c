/*
 * elsewhere.c - whose rows a profile has, if it has none of ours.
 *
 * A file that is copied from one machine to the next is full of rows and yet
 * says nothing: then the user shall read whose they are.
 */
#include "profile/elsewhere.h"

#include <stdio.h>

#include "base/fail.h"
#include "profile/columns.h"

/* The machine that has measured one of the models, in words; "" if none. */
static cleave_status find_elsewhere(const struct clv_database *database,
                                    const struct clv_wanted *wanted,
                                    const char *machine, char *into,
                                    size_t room, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    into[0] = '\0';
    for (size_t i = 0;
         status == CLEAVE_OK && into[0] == '\0' && i < wanted->variant_count;
         i++) {
        struct clv_query *query = NULL;
        int is_row = 0;
        status = clv_query_new(database->sql,
                               "SELECT coalesce(o.machine_text, o.machine) "
                               "FROM heads t JOIN origins o ON o.id = t.origin "
                               "WHERE t.model = ? AND o.machine <> ? LIMIT 1",
                               &query, err);
        if (status == CLEAVE_OK) {
            clv_query_text(query, wanted->variants[i].sha256);
            clv_query_text(query, machine);
            status = clv_query_step(query, &is_row, err);
        }
        if (status == CLEAVE_OK && is_row) {
            snprintf(into, room, "%.150s", clv_query_get_text(query));
        }
        clv_query_free(query);
    }
    return status;
}

cleave_status clv_database_elsewhere(struct clv_database *database,
                                     const char *model,
                                     char ret_machine[CLV_MACHINE_TEXT],
                                     cleave_error *err)
{
    char here[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];
    struct clv_query *query = NULL;
    int is_row = 0;
    cleave_status status =
        clv_query_new(database->sql,
                      "SELECT o.machine FROM heads t JOIN origins o ON o.id = "
                      "t.origin WHERE t.model = ? ORDER BY o.machine = ?, "
                      "t.id DESC LIMIT 1",
                      &query, err);

    clv_machine_id(here, text);
    if (status == CLEAVE_OK) {
        clv_query_text(query, model);
        clv_query_text(query, here);
        status = clv_query_step(query, &is_row, err);
    }
    if (status == CLEAVE_OK) {
        snprintf(ret_machine, CLV_MACHINE_TEXT, "%s",
                 is_row ? clv_query_get_text(query) : "");
    }
    clv_query_free(query);
    return status;
}

cleave_status clv_elsewhere_why(const struct clv_database *database,
                                const struct clv_wanted *wanted,
                                const char *machine, const char *note,
                                cleave_error *err)
{
    const char *path = clv_sql_path(database->sql);
    char elsewhere[CLV_MACHINE_TEXT];
    int64_t rows = 0;
    cleave_status status =
        clv_sql_number(database->sql, "SELECT count(*) FROM heads", &rows, err);

    if (status == CLEAVE_OK) {
        status = find_elsewhere(database, wanted, machine, elsewhere,
                                sizeof elsewhere, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    if (rows == 0) {
        return clv_fail(err, CLEAVE_NOT_FOUND, path,
                        "Nothing has been measured in this database yet; "
                        "`cleave profile APP --data DIR --db %.100s` does it.",
                        path);
    }
    if (elsewhere[0] != '\0') {
        return clv_fail(err, CLEAVE_NOT_FOUND, path,
                        "This was measured on another machine (%s); measure "
                        "on this one with `cleave profile APP --data DIR --db "
                        "%.100s`.",
                        elsewhere, path);
    }
    return clv_fail(err, CLEAVE_NOT_FOUND, path,
                    "This profile is of other models or engines; `cleave "
                    "profile APP --data DIR --db %.100s` measures these.%s%s",
                    path, note[0] != '\0' ? " " : "", note);
}
