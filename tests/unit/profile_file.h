/*
 * profile_file.h - a profile in a test's folder: opened, and written to behind
 * the database's back.
 */
#ifndef PROFILE_FILE_H
#define PROFILE_FILE_H

#include "profile/database.h"
#include "profile/sql.h"
#include "scratch_folder.h"

static inline void ok(cleave_status status, const cleave_error *err)
{
    if (status != CLEAVE_OK) {
        fail_msg("%s: %s", err->where, err->text);
    }
}

static inline struct clv_database *open_it(struct scratch *s,
                                           enum clv_database_mode m)
{
    struct clv_database *d = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_database_open(scratch_path(s, "p.db"), m, &d, &err), &err);
    return d;
}

static inline void run_sql(struct scratch *s, const char *text)
{
    struct clv_sql *sql = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    ok(clv_sql_open(scratch_path(s, "p.db"), CLV_SQL_WRITE, &sql, &err), &err);
    ok(clv_sql_run(sql, text, &err), &err);
    clv_sql_close(sql);
}

#endif
