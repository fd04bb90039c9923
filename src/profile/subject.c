/*
 * subject.c - whose accuracy it is that the database has of a model.
 *
 * An accuracy and the survey that measured it have one origin, and so the same
 * data; and a survey says for which task, with which input and labels. The
 * same data may have been surveyed for several tasks: then there are several
 * surveys of one accuracy. Surveys are marked whenever they are asked for, so
 * of several data sets of one task the survey with the greatest id is of the
 * one that the task has now, even if it was measured before the others.
 *
 * What it leaves out: looking at the inputs. That files have changed since
 * under the same names is found by `cleave profile`, which has to read them
 * anyway.
 */
#include "profile/subject.h"

#include <stdio.h>
#include <string.h>

#include "profile/columns.h"

/* Bound to the numbers in all statements here. */
#define MACHINE "?1"
#define MODEL "?2"
#define SOMEBODY "?3"
#define TASK "?4"
#define INPUT "?5"
#define LABELS "?6"

/* What a file from before schema 3 has, in the form of today. */
#define SURVEYS_BEFORE                                                   \
    "(SELECT *, '' AS task, '' AS input, '' AS labels, 0 AS whose FROM " \
    "surveys)"

/* The numbers are those of enum clv_standing and enum clv_whose. */
#define STANDING                                                       \
    "CASE WHEN NOT " SOMEBODY " THEN 6"                                \
    " WHEN coalesce(whose, 0) = 0 THEN 2"                              \
    " WHEN task = " TASK " AND input = " INPUT " AND labels = " LABELS \
    " THEN 6"                                                          \
    " WHEN whose = 2 AND input <> '' AND input = " INPUT               \
    " AND labels = " LABELS " THEN 5"                                  \
    " WHEN task = " TASK " AND task <> '' THEN 4"                      \
    " WHEN task = '' THEN 3"                                           \
    " WHEN " INPUT " = '' THEN 1"                                      \
    " ELSE 0 END"

#define VARIANT_OF(surveys)                                                 \
    "SELECT v.id, version, engine, " CLV_VARIANT_COLUMNS ", " STANDING      \
    " AS standing, data, coalesce(task, ''), coalesce(input, '')"           \
    " FROM variants v JOIN origins o ON o.id = v.origin LEFT JOIN " surveys \
    " u ON u.origin = v.origin AND u.model = v.model"                       \
    " WHERE machine = " MACHINE " AND v.model = " MODEL                     \
    " AND EXISTS (SELECT 1 FROM heads h JOIN origins p ON p.id = h.origin"  \
    " WHERE p.machine = o.machine AND h.model = v.model)"                   \
    " ORDER BY standing DESC, CASE WHEN " SOMEBODY " THEN u.id END DESC,"   \
    " v.id DESC LIMIT 1"

#define COMPLETE_OF(surveys)                                               \
    "SELECT complete FROM " surveys " u JOIN origins o ON o.id = u.origin" \
    " WHERE machine = " MACHINE " AND model = " MODEL " AND (" STANDING    \
    ") > 0"                                                                \
    " ORDER BY (" STANDING ") >= 4 DESC, u.id DESC LIMIT 1"

static cleave_status ask(struct clv_database *d, const char *statement,
                         const char *machine, const char *model,
                         const struct clv_subject *subject,
                         struct clv_query **ret_query, cleave_error *err)
{
    cleave_status status = clv_query_new(d->sql, statement, ret_query, err);

    if (status == CLEAVE_OK) {
        clv_query_text(*ret_query, machine);
        clv_query_text(*ret_query, model);
        clv_query_int(*ret_query, subject->task != NULL);
        clv_columns_bind_subject(*ret_query, subject);
    }
    return status;
}

cleave_status clv_subject_ask(struct clv_database *database,
                              const char *machine, const char *model,
                              const struct clv_subject *subject,
                              struct clv_query **ret_query, cleave_error *err)
{
    return ask(database,
               database->knows_whose ? VARIANT_OF("surveys")
                                     : VARIANT_OF(SURVEYS_BEFORE),
               machine, model, subject, ret_query, err);
}

struct clv_standing_row clv_subject_get(struct clv_query *query)
{
    struct clv_standing_row row;

    row.standing = (enum clv_standing)clv_query_get_int(query);
    row.data = clv_query_get_text(query);
    row.task = clv_query_get_text(query);
    row.input = clv_query_get_text(query);
    return row;
}

cleave_status clv_subject_ask_complete(struct clv_database *database,
                                       const char *machine, const char *model,
                                       const struct clv_subject *subject,
                                       struct clv_query **ret_query,
                                       cleave_error *err)
{
    return ask(database,
               database->knows_whose ? COMPLETE_OF("surveys")
                                     : COMPLETE_OF(SURVEYS_BEFORE),
               machine, model, subject, ret_query, err);
}

/* -- In words -- */

/* A task that names no input leaves open which it has. */
static int names_input(const struct clv_subject *subject)
{
    return subject->input != NULL && subject->input[0] != '\0';
}

void clv_subject_note(const struct clv_standing_row *row, const char *variant,
                      const struct clv_subject *subject,
                      char into[CLV_SUBJECT_NOTE])
{
    into[0] = '\0';
    switch (row->standing) {
    case CLV_STANDING_FOREIGN:
        snprintf(
            into, CLV_SUBJECT_NOTE,
            "The accuracy of %.60s was measured for another task (%.40s) "
            "with other inputs or labels, so it is left out; `cleave profile` "
            "measures it for this one.",
            variant, row->task);
        break;
    case CLV_STANDING_OTHERS:
        snprintf(into, CLV_SUBJECT_NOTE,
                 "The accuracy of %.60s is that of the task %.40s; `cleave "
                 "profile` measures it for this one.",
                 variant, row->task);
        break;
    case CLV_STANDING_UNKNOWN:
        snprintf(into, CLV_SUBJECT_NOTE,
                 "For which task the accuracy of %.60s was measured was not "
                 "kept yet; `cleave profile` finds it out.",
                 variant);
        break;
    case CLV_STANDING_ALONE:
        if (names_input(subject) && row->input[0] != '\0') {
            snprintf(into, CLV_SUBJECT_NOTE,
                     "The accuracy of %.60s was measured of the model alone, "
                     "on %.80s; `cleave profile` measures it for this task.",
                     variant, row->input);
        }
        break;
    case CLV_STANDING_BEFORE:
        snprintf(
            into, CLV_SUBJECT_NOTE,
            "The accuracy of %.60s is of another `input` or other `labels` "
            "than the task has now; `cleave profile` measures it again.",
            variant);
        break;
    case CLV_STANDING_SAME:
    case CLV_STANDING_OWN:
        break;
    }
}
