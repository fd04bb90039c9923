/*
 * database.h - a profile on disk: every measurement with what it depends on.
 *
 * A database is one SQLite file. Each row is one measured part (costs.h), and
 * carries the machine it was measured on, the version of cleave and of the
 * engine, the model's SHA-256 and the inputs used, so that a row is never
 * taken for something else: another machine's rows may lie in the same file.
 * Rows are committed one by one, as they come; whatever is killed when, a
 * database is whole rows.
 *
 * Several processes may read while one writes. A database belongs to one
 * thread.
 */
#ifndef CLV_DATABASE_H
#define CLV_DATABASE_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "profile/costs.h"

struct clv_database;

enum clv_database_mode { CLV_DATABASE_READ, CLV_DATABASE_WRITE };

/*
 * Opens the file; writing makes it if it is not there. CLEAVE_NOT_FOUND (says
 * how to make one), CLEAVE_CORRUPT for a file that is no such database or a
 * damaged one, CLEAVE_MISMATCH for one of a later schema, CLEAVE_BUSY if
 * another process writes, CLEAVE_IO. The caller closes.
 */
cleave_status clv_database_open(const char *path, enum clv_database_mode mode,
                                struct clv_database **ret_database,
                                cleave_error *err);

/* Takes NULL. */
void clv_database_close(struct clv_database *database);

/* What measurements depend on besides their part. Texts are borrowed. */
struct clv_origin {
    const char *machine; /* clv_machine_id */
    const char *version; /* cleave_version */
    const char *engine;  /* clv_engine_identity */
    const char *data;    /* a fingerprint of the inputs, labels and card */
};

/* One model of a task, as somebody wants it. */
struct clv_wanted_variant {
    const char *name;
    const char *sha256;
};

/* The parts of one task that somebody wants. Texts are borrowed. */
struct clv_wanted {
    const char *machine; /* NULL: this one */
    const struct clv_wanted_variant *variants;
    size_t variant_count;
    const char *const *engines;
    size_t engine_count;
    const char *const *servers; /* by URL; as `put` named them */
    size_t server_count;
};

/*
 * Fills a table of costs with the latest rows of what is wanted. Parts that
 * are missing are left out; `ret_note` (512 bytes) says in a sentence what is
 * missing or old: rows of another version of cleave or of the engine are
 * taken, and named there; "" if all is well. CLEAVE_NOT_FOUND if there is
 * nothing to decide on: says whether the file is empty, of another model, or
 * of another machine, and the command that measures it. The caller calls
 * clv_costs_fini.
 */
cleave_status clv_database_load(struct clv_database *database,
                                const struct clv_wanted *wanted,
                                struct clv_costs *ret_costs, char ret_note[512],
                                cleave_error *err);

/*
 * A stable name of this machine for profiles: the processor's model, cores,
 * memory and operating system, hashed; `ret_text` says the same in words for
 * people. Both hold CLV_MACHINE_TEXT bytes.
 */
#define CLV_MACHINE_TEXT 160
void clv_machine_id(char ret_id[CLV_MACHINE_TEXT],
                    char ret_text[CLV_MACHINE_TEXT]);

#endif
