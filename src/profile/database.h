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
#include "profile/contention.h"
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
    const char *data;    /* a fingerprint of the inputs, labels and card; ""
                            for what does not depend on them */
};

/*
 * What a row is of. A variant needs `model`, a cut also `cut`, a head also
 * `engine` (its full name), a tail also `server` (as the application calls
 * it). Texts are borrowed.
 */
struct clv_part_name {
    const struct clv_origin *origin;
    const char *model; /* SHA-256 */
    const char *cut;
    const char *engine;
    const char *server;
};

/*
 * Whose accuracy it is: one model may serve several tasks, and be right on one
 * task's inputs and wrong on another's. Paths are whole (clv_path_whole), NULL
 * or "" for none. A model measured alone is of the task "", with the inputs
 * that it was measured on. Borrowed.
 */
struct clv_subject {
    const char *task;   /* NULL: nobody's in particular */
    const char *input;  /* of the task, as its application says */
    const char *labels; /* likewise */
    int is_elsewhere;   /* measured on other inputs, that stood in for these */
};

/*
 * Each puts one row in, in place of the one of the same origin and name, and
 * on disk. What says which part it is comes from the part's name and not from
 * the row, but for a variant's name, which is kept for people. CLEAVE_BUSY, and
 * CLEAVE_IO for a full disk and the like: then the row is not in, and all
 * before it are.
 */
cleave_status clv_database_put_variant(struct clv_database *database,
                                       const struct clv_part_name *part,
                                       const struct clv_cost_variant *row,
                                       cleave_error *err);
cleave_status clv_database_put_cut(struct clv_database *database,
                                   const struct clv_part_name *part,
                                   const struct clv_cost_cut *row,
                                   size_t position, cleave_error *err);
cleave_status clv_database_put_head(struct clv_database *database,
                                    const struct clv_part_name *part,
                                    const struct clv_cost_head *row,
                                    cleave_error *err);
cleave_status clv_database_put_tail(struct clv_database *database,
                                    const struct clv_part_name *part,
                                    const struct clv_cost_tail *row,
                                    cleave_error *err);
cleave_status clv_database_put_pack(struct clv_database *database,
                                    const struct clv_part_name *part,
                                    const struct clv_cost_pack *row,
                                    cleave_error *err);

/*
 * Each finds the row of exactly this origin and name, so that an interrupted
 * run goes on where it was; `ret_found` is 0 if there is none. Indices in the
 * row are 0, and a variant's texts NULL.
 */
cleave_status clv_database_find_variant(struct clv_database *database,
                                        const struct clv_part_name *part,
                                        struct clv_cost_variant *ret_row,
                                        int *ret_found, cleave_error *err);
cleave_status clv_database_find_head(struct clv_database *database,
                                     const struct clv_part_name *part,
                                     struct clv_cost_head *ret_row,
                                     int *ret_found, cleave_error *err);
cleave_status clv_database_find_tail(struct clv_database *database,
                                     const struct clv_part_name *part,
                                     struct clv_cost_tail *ret_row,
                                     int *ret_found, cleave_error *err);
cleave_status clv_database_find_pack(struct clv_database *database,
                                     const struct clv_part_name *part,
                                     const struct clv_packing *packing,
                                     struct clv_cost_pack *ret_row,
                                     int *ret_found, cleave_error *err);

/*
 * Says that a survey of this model has begun, or is complete, for this subject
 * and on the data of its origin; loading notes one that is not. So it is known
 * whose the accuracies of that origin are, and which were asked for last:
 * mark also where all was there already.
 */
cleave_status clv_database_mark(struct clv_database *database,
                                const struct clv_part_name *part,
                                const struct clv_subject *subject, int complete,
                                cleave_error *err);

/* Forgets all rows of a model on this machine, of all subjects, to measure
   afresh. */
cleave_status clv_database_forget(struct clv_database *database,
                                  const char *model, const char *machine,
                                  cleave_error *err);

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
    const char *const *servers; /* as `put` named them */
    size_t server_count;
    const char *identity;       /* of the engine now; NULL: not compared */
    struct clv_subject subject; /* who asks */
};

/*
 * Fills a table of costs with the latest rows of what is wanted. Parts that
 * are missing are left out; `ret_note` (512 bytes) says in a sentence what is
 * missing or old: rows of another version of cleave or of the engine are
 * taken, and named there; "" if all is well. Engines and servers that nothing
 * was measured on are not in the table. CLEAVE_NOT_FOUND if there is
 * nothing to decide on: says whether the file is empty, of another model, or
 * of another machine, and the command that measures it. The caller calls
 * clv_costs_fini.
 *
 * Accuracies, whole and of packings, are of one data set, the best there is
 * for the subject: that of this task with this input and these labels; of
 * another task with the same; of this task before they were changed; of the
 * model alone; from before it was kept whose they are; and for a task that
 * names no input, of another one. All but the first two are named in the note
 * (the model alone only if the task names an input). A variant whose accuracy
 * is only of tasks with other inputs is left out, as if it had not been
 * measured. Where nobody in particular asks, the latest is taken.
 */
cleave_status clv_database_load(struct clv_database *database,
                                const struct clv_wanted *wanted,
                                struct clv_costs *ret_costs, char ret_note[512],
                                cleave_error *err);

/* One task of a trial of several: its model's SHA-256 and its engine. NULL: it
   did not run. */
struct clv_sitter {
    const char *model;
    const char *engine;
};

/*
 * Puts in what a trial of several tasks told of one of them (contention.h), in
 * place of what the same trial told before: same origin, same sitters in the
 * same order, same hogs, same task. Statuses as the others.
 */
cleave_status clv_database_put_together(
    struct clv_database *database, const struct clv_origin *origin,
    const struct clv_sitter *sitters, size_t count, uint32_t hogs, size_t task,
    const struct clv_spread *alone_ns, const struct clv_spread *together_ns,
    cleave_error *err);

/* Whether exactly this is there, so that an interrupted run goes on. */
cleave_status clv_database_has_together(struct clv_database *database,
                                        const struct clv_origin *origin,
                                        const struct clv_sitter *sitters,
                                        size_t count, uint32_t hogs,
                                        size_t task, int *ret_has,
                                        cleave_error *err);

/*
 * All trials of these tasks on the machine, the latest of each: sitters are
 * matched with tasks by their models (in their old places first, where several
 * tasks share one), and seats are indices of the engines wanted, which are the
 * same for all tasks. A trial with a model or an engine that nobody wants is
 * left out. Of more than CLV_HOG_NUMBERS numbers of hogs those are taken that
 * suit the machine (hognumbers.h), and the result says how many are not. An
 * empty result is CLEAVE_OK, and so is that of a file from before there were
 * trials. The caller calls clv_contention_fini.
 */
cleave_status clv_database_load_contention(
    struct clv_database *database, const struct clv_wanted *tasks, size_t count,
    struct clv_contention *ret_contention, cleave_error *err);

/*
 * A stable name of this machine for profiles: the processor's model, cores,
 * memory and operating system, hashed; `ret_text` says the same in words for
 * people. Both hold CLV_MACHINE_TEXT bytes.
 */
#define CLV_MACHINE_TEXT 160
void clv_machine_id(char ret_id[CLV_MACHINE_TEXT],
                    char ret_text[CLV_MACHINE_TEXT]);

/*
 * The machine that has measured a model: another than this one if there is
 * any, and of several the last. `ret_machine` is for clv_wanted; "" if none
 * has.
 */
cleave_status clv_database_elsewhere(struct clv_database *database,
                                     const char *model,
                                     char ret_machine[CLV_MACHINE_TEXT],
                                     cleave_error *err);

#endif
