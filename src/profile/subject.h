/*
 * subject.h - whose accuracy it is that the database has of a model.
 *
 * Private to loading.c. A model's accuracy may have been measured on several
 * data sets, for several tasks; this finds the one that a task is to be decided
 * by, and says in words what is the matter with it where it is not quite its
 * own.
 */
#ifndef CLV_SUBJECT_H
#define CLV_SUBJECT_H

#include "profile/database.h"
#include "profile/sql.h"

/* How well an accuracy suits who asks; the greater the better. */
enum clv_standing {
    CLV_STANDING_FOREIGN, /* another task's, on other inputs: does not suit */
    CLV_STANDING_OTHERS,  /* another task's; this one names no input */
    CLV_STANDING_UNKNOWN, /* of when it was not kept whose it was */
    CLV_STANDING_ALONE,   /* the model's alone */
    CLV_STANDING_BEFORE,  /* this task's, with another input or other labels */
    CLV_STANDING_SAME,    /* another task's with the same */
    CLV_STANDING_OWN,     /* this task's, or nobody in particular asks */
};

/* What one accuracy is of. Texts are borrowed from the query. */
struct clv_standing_row {
    enum clv_standing standing;
    const char *data;  /* of its origin */
    const char *task;  /* it was measured for, */
    const char *input; /* and what that had */
};

/*
 * Asks for the row of `variants` that suits best, and of those the latest. Its
 * columns: id, version and engine of the origin, CLV_VARIANT_COLUMNS, and
 * then those of clv_subject_get. The caller steps once and frees.
 */
cleave_status clv_subject_ask(struct clv_database *database,
                              const char *machine, const char *model,
                              const struct clv_subject *subject,
                              struct clv_query **ret_query, cleave_error *err);

/* The columns after those of the variant. */
struct clv_standing_row clv_subject_get(struct clv_query *query);

/* Asks whether the subject's latest survey of the model is complete: one
   column, of one row or of none. */
cleave_status clv_subject_ask_complete(struct clv_database *database,
                                       const char *machine, const char *model,
                                       const struct clv_subject *subject,
                                       struct clv_query **ret_query,
                                       cleave_error *err);

/* A sentence for people about a variant's accuracy; "" if all is well. */
#define CLV_SUBJECT_NOTE 320
void clv_subject_note(const struct clv_standing_row *row, const char *variant,
                      const struct clv_subject *subject,
                      char into[CLV_SUBJECT_NOTE]);

#endif
