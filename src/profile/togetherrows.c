/*
 * togetherrows.c - trials of several tasks at once, in the database.
 *
 * Who ran is one text in a row, the sitters as JSON in the tasks' order:
 *
 *     [["a9d3..", "cpu:threads=1,.."], null, ["17c0..", "cpu:.."]]
 *
 * so that equal companies have equal texts and a row needs no others. Which
 * task a sitter is today is found out anew when rows are loaded: an
 * application may have got more tasks meanwhile, or others.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cores.h"
#include "base/fail.h"
#include "profile/columns.h"
#include "profile/database.h"
#include "profile/hognumbers.h"

/* -- Sitters as text -- */

/* NULL without memory; the caller frees. */
static char *print_sitters(const struct clv_sitter *sitters, size_t count)
{
    json_t *list = json_array();
    char *text = NULL;
    int good = list != NULL;

    for (size_t i = 0; good && i < count; i++) {
        json_t *one =
            sitters[i].model == NULL
                ? json_null()
                : json_pack("[s, s]", sitters[i].model, sitters[i].engine);
        good = json_array_append_new(list, one) == 0;
    }
    if (good) {
        text = json_dumps(list, JSON_COMPACT);
    }
    json_decref(list);
    return text;
}

/* -- Putting and finding -- */

/* Binds what says which row it is: origin, sitters, hogs, task. */
static cleave_status begin(struct clv_database *d, const char *statement,
                           const struct clv_origin *origin, const char *sitters,
                           uint32_t hogs, size_t task,
                           struct clv_query **ret_query, cleave_error *err)
{
    int64_t id = 0;
    cleave_status status = clv_columns_origin(d, origin, &id, err);

    if (status == CLEAVE_OK) {
        status = clv_query_new(d->sql, statement, ret_query, err);
    }
    if (status == CLEAVE_OK) {
        clv_query_int(*ret_query, id);
        clv_query_text(*ret_query, sitters);
        clv_query_int(*ret_query, hogs);
        clv_query_int(*ret_query, (int64_t)task);
    }
    return status;
}

/* The text of sitters among which the task is. */
static cleave_status name_company(const struct clv_sitter *sitters,
                                  size_t count, size_t task, char **ret_text,
                                  cleave_error *err)
{
    if (count > CLV_SEATS || task >= count || sitters[task].model == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "together",
                        "Of a trial with %zu tasks, number %zu did not run.",
                        count, task);
    }
    *ret_text = print_sitters(sitters, count);
    return *ret_text != NULL ? CLEAVE_OK
                             : clv_fail_memory(err, "together", count);
}

cleave_status clv_database_put_together(
    struct clv_database *database, const struct clv_origin *origin,
    const struct clv_sitter *sitters, size_t count, uint32_t hogs, size_t task,
    const struct clv_spread *alone_ns, const struct clv_spread *together_ns,
    cleave_error *err)
{
    struct clv_columns columns;
    struct clv_query *query = NULL;
    char *text = NULL;
    cleave_status status = name_company(sitters, count, task, &text, err);

    if (status == CLEAVE_OK) {
        status = begin(database,
                       "INSERT OR REPLACE INTO together(origin, sitters, hogs, "
                       "task, model, alone_ns, together_ns) "
                       "VALUES(?, ?, ?, ?, ?, ?, ?)",
                       origin, text, hogs, task, &query, err);
    }
    if (status == CLEAVE_OK) {
        clv_query_text(query, sitters[task].model);
        clv_columns_bind_spread(query, columns.texts[0], alone_ns);
        clv_columns_bind_spread(query, columns.texts[1], together_ns);
        status = clv_query_finish(query, err);
    }
    clv_query_free(query);
    free(text);
    return status;
}

cleave_status clv_database_has_together(struct clv_database *database,
                                        const struct clv_origin *origin,
                                        const struct clv_sitter *sitters,
                                        size_t count, uint32_t hogs,
                                        size_t task, int *ret_has,
                                        cleave_error *err)
{
    struct clv_query *query = NULL;
    char *text = NULL;
    int has = 0;
    cleave_status status = name_company(sitters, count, task, &text, err);

    if (status == CLEAVE_OK) {
        status = begin(database,
                       "SELECT 1 FROM together WHERE origin = ? AND "
                       "sitters = ? AND hogs = ? AND task = ?",
                       origin, text, hogs, task, &query, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_query_step(query, &has, err);
    }
    if (status == CLEAVE_OK) {
        *ret_has = has;
    }
    clv_query_free(query);
    free(text);
    return status;
}

/* -- Loading -- */

struct seating {
    const struct clv_wanted *tasks;
    size_t count;
    struct clv_company company;
    size_t task_of[CLV_SEATS]; /* by sitter; for who ran */
    size_t sitters;
    struct clv_hognumbers numbers;
    int is_counting; /* the numbers, and takes no rows yet */
};

#define NOBODY SIZE_MAX

static int has_model(const struct clv_wanted *task, const char *model)
{
    for (size_t i = 0; i < task->variant_count; i++) {
        if (strcmp(task->variants[i].sha256, model) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_free(const struct seating *s, size_t task, const char *model)
{
    return task < s->count && s->company.seats[task] == CLV_NO_SEAT &&
           has_model(&s->tasks[task], model);
}

/* The task that a sitter is now; NOBODY if none wants its model. */
static size_t task_of(const struct seating *s, size_t sitter, const char *model)
{
    if (is_free(s, sitter, model)) {
        return sitter;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (is_free(s, i, model)) {
            return i;
        }
    }
    return NOBODY;
}

static uint32_t seat_of(const struct clv_wanted *wanted, const char *engine)
{
    for (size_t i = 0; i < wanted->engine_count; i++) {
        if (strcmp(wanted->engines[i], engine) == 0) {
            return (uint32_t)i;
        }
    }
    return CLV_NO_SEAT;
}

static int seat_one(struct seating *s, size_t sitter, const char *model,
                    const char *engine)
{
    size_t task = task_of(s, sitter, model);
    uint32_t seat = seat_of(&s->tasks[0], engine);

    if (task == NOBODY || seat == CLV_NO_SEAT) {
        return 0;
    }
    s->company.seats[task] = seat;
    s->task_of[sitter] = task;
    return 1;
}

/* What a text of sitters may be: foreign, ours, or nonsense. */
enum seated { SEATED_SENSELESS, SEATED_NOT, SEATED };

static enum seated seat_all(struct seating *s, const json_t *list)
{
    enum seated seated = SEATED;

    s->company = (struct clv_company){.tasks = s->count};
    s->sitters = json_array_size(list);
    if (s->sitters == 0 || s->sitters > CLV_SEATS) {
        return SEATED_SENSELESS;
    }
    for (size_t i = 0; i < CLV_SEATS; i++) {
        s->company.seats[i] = CLV_NO_SEAT;
        s->company.duties[i] = 1;
        s->task_of[i] = NOBODY;
    }
    for (size_t i = 0; i < s->sitters; i++) {
        const json_t *one = json_array_get(list, i);
        const char *model = json_string_value(json_array_get(one, 0));
        const char *engine = json_string_value(json_array_get(one, 1));
        if (json_is_null(one)) {
            continue;
        }
        if (model == NULL || engine == NULL) {
            return SEATED_SENSELESS;
        }
        if (!seat_one(s, i, model, engine)) {
            seated = SEATED_NOT;
        }
    }
    return seated;
}

/* What a row of this company tells, or only that there is one. */
static int put_row(struct seating *s, const struct clv_contention_row *row,
                   struct clv_contention *into, cleave_status *status,
                   cleave_error *err)
{
    cleave_error why = CLEAVE_ERROR_INIT;

    if (s->is_counting) {
        clv_hognumbers_note(&s->numbers, row->company.hogs);
        return 1;
    }
    if (!clv_hognumbers_has(&s->numbers, row->company.hogs)) {
        return 1;
    }
    *status = clv_contention_add(into, row, &why);
    if (*status != CLEAVE_OK && *status != CLEAVE_INVALID) {
        clv_fail(err, *status, why.where, "%s", why.text);
    }
    return *status != CLEAVE_INVALID;
}

/* One row; 0 if it makes no sense. One that nobody wants is passed over. */
static int take_row(struct seating *s, struct clv_query *query,
                    struct clv_contention *into, cleave_status *status,
                    cleave_error *err)
{
    struct clv_contention_row row = {0};
    json_t *list = json_loads(clv_query_get_text(query), 0, NULL);
    enum seated seated = seat_all(s, list);
    int64_t hogs = clv_query_get_int(query);
    int64_t task = clv_query_get_int(query);
    int good = seated != SEATED_SENSELESS && hogs >= 0 && hogs <= UINT16_MAX &&
               task >= 0 && (size_t)task < s->sitters &&
               !json_is_null(json_array_get(list, (size_t)task)) &&
               clv_columns_get_spread(query, &row.alone_ns) &&
               clv_columns_get_spread(query, &row.together_ns);

    json_decref(list);
    if (good && seated == SEATED) {
        row.company = s->company;
        row.company.hogs = (uint32_t)hogs;
        row.task = (uint32_t)s->task_of[task];
        good = put_row(s, &row, into, status, err);
    }
    return good;
}

/* In the order of measuring, so that later rows take earlier ones' places. */
static const char rows_of_machine[] =
    "SELECT sitters, hogs, task, alone_ns, together_ns FROM together t"
    " JOIN origins o ON o.id = t.origin WHERE o.machine = ? ORDER BY t.id";

static cleave_status go_through(struct clv_database *d, struct seating *s,
                                const char *machine,
                                struct clv_contention *into, cleave_error *err)
{
    struct clv_query *query = NULL;
    int is_row = 0;
    cleave_status status = clv_query_new(d->sql, rows_of_machine, &query, err);

    if (status == CLEAVE_OK) {
        clv_query_text(query, machine);
        status = clv_query_step(query, &is_row, err);
    }
    while (status == CLEAVE_OK && is_row) {
        if (!take_row(s, query, into, &status, err)) {
            status = clv_columns_senseless(d, "together", err);
        }
        if (status == CLEAVE_OK) {
            status = clv_query_step(query, &is_row, err);
        }
    }
    clv_query_free(query);
    return status;
}

/* Twice: which numbers of hogs are to be had tells which of them count. One
   transaction, so that a writer beside us does not show two sets. */
static cleave_status load(struct clv_database *d, struct seating *s,
                          const char *machine, struct clv_contention *into,
                          cleave_error *err)
{
    cleave_status status = clv_sql_run(d->sql, "BEGIN", err);

    s->is_counting = 1;
    if (status == CLEAVE_OK) {
        status = go_through(d, s, machine, into, err);
    }
    into->hogs_left_out = clv_hognumbers_choose(&s->numbers, CLV_HOG_NUMBERS);
    s->is_counting = 0;
    if (status == CLEAVE_OK) {
        status = go_through(d, s, machine, into, err);
    }
    clv_sql_run(d->sql, "ROLLBACK", NULL);
    return status;
}

cleave_status clv_database_load_contention(
    struct clv_database *database, const struct clv_wanted *tasks, size_t count,
    struct clv_contention *ret_contention, cleave_error *err)
{
    struct seating s = {.tasks = tasks, .count = count};
    struct clv_contention contention;
    char here[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];
    int64_t tables = 0;
    cleave_status status;

    if (count == 0 || count > CLV_SEATS) {
        return clv_fail(err, CLEAVE_LIMIT, "together",
                        "Of 1 to %d tasks it is known what they cost each "
                        "other, not of %zu.",
                        CLV_SEATS, count);
    }
    clv_machine_id(here, text);
    if (tasks[0].machine == NULL || strcmp(tasks[0].machine, here) == 0) {
        s.numbers.cores = clv_cores_count();
    }
    clv_contention_init(&contention);
    status = clv_sql_number(database->sql,
                            "SELECT count(*) FROM sqlite_master WHERE "
                            "type = 'table' AND name = 'together'",
                            &tables, err);
    if (status == CLEAVE_OK && tables > 0) {
        status = load(database, &s,
                      tasks[0].machine != NULL ? tasks[0].machine : here,
                      &contention, err);
    }
    if (status != CLEAVE_OK) {
        clv_contention_fini(&contention);
        return status;
    }
    *ret_contention = contention;
    return CLEAVE_OK;
}
