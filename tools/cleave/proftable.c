/*
 * proftable.c - what `cleave profile` prints of tasks together.
 *
 * For people a table of each task beside each other one, engines by engines,
 * of hogs, and of all tasks on one engine: by how much the mean time grows.
 */
#include <jansson.h>
#include <stdio.h>

#include "proftogether.h"

#define MS 1e6

struct table {
    const struct clv_contention *c;
    const char *const *tasks;
    size_t task_count;
    const char *const *engines;
    size_t engine_count;
};

/* -- For people -- */

static struct clv_company nobody(const struct table *t, uint32_t hogs)
{
    struct clv_company who = {.tasks = t->task_count, .hogs = hogs};

    for (size_t i = 0; i < CLV_SEATS; i++) {
        who.seats[i] = CLV_NO_SEAT;
        who.duties[i] = 1;
    }
    return who;
}

static void print_excess(const struct table *t, const struct clv_company *who,
                         size_t task)
{
    int known = 0;
    struct clv_spread e = clv_contention_excess(t->c, who, task, &known);

    if (known) {
        printf(" %+7.0f %%", 100 * e.mean);
    } else {
        printf(" %9s", "-");
    }
}

/* A pair that was never tried has no table. */
static int has_pair(const struct table *t, size_t task, size_t other)
{
    for (size_t i = 0; i < t->c->count; i++) {
        const struct clv_contention_row *row = &t->c->rows[i];
        if (row->task == task && row->company.hogs == 0 &&
            row->company.seats[other] != CLV_NO_SEAT) {
            return 1;
        }
    }
    return 0;
}

static void print_pair(const struct table *t, size_t task, size_t other)
{
    printf("\n%-28.28s beside %.40s on\n%-28s", t->tasks[task], t->tasks[other],
           "");
    for (size_t e = 0; e < t->engine_count; e++) {
        printf("       [%zu]", e + 1);
    }
    for (uint32_t a = 0; a < t->engine_count; a++) {
        printf("\n  on [%u]%-21s", a + 1, "");
        for (uint32_t b = 0; b < t->engine_count; b++) {
            struct clv_company who = nobody(t, 0);
            who.seats[task] = a;
            who.seats[other] = b;
            print_excess(t, &who, task);
        }
    }
    printf("\n");
}

static void print_hogs(const struct table *t)
{
    printf("\n%-28s beside busy threads\n%-28s", "", "");
    for (size_t h = 0; h < t->c->hog_count; h++) {
        printf(" %9u", t->c->hogs[h]);
    }
    for (size_t i = 0; i < t->task_count; i++) {
        for (uint32_t e = 0; e < t->engine_count; e++) {
            printf("\n%-21.21s on [%u]", t->tasks[i], e + 1);
            for (size_t h = 0; h < t->c->hog_count; h++) {
                struct clv_company who = nobody(t, t->c->hogs[h]);
                who.seats[i] = e;
                print_excess(t, &who, i);
            }
        }
    }
    printf("\n");
}

static void print_sets(const struct table *t)
{
    printf("\n%-28s all on\n%-28s", "all at once", "");
    for (size_t e = 0; e < t->engine_count; e++) {
        printf("       [%zu]", e + 1);
    }
    for (size_t i = 0; i < t->task_count; i++) {
        printf("\n%-28.28s", t->tasks[i]);
        for (uint32_t e = 0; e < t->engine_count; e++) {
            struct clv_company who = nobody(t, 0);
            for (size_t j = 0; j < t->task_count; j++) {
                who.seats[j] = e;
            }
            print_excess(t, &who, i);
        }
    }
    printf("\n");
}

static void print_text(const struct table *t)
{
    printf("\nHow much longer tasks take together than alone (means, without "
           "pause), on\n");
    for (size_t e = 0; e < t->engine_count; e++) {
        printf("  [%zu] %s\n", e + 1, t->engines[e]);
    }
    for (size_t i = 0; i < t->task_count; i++) {
        for (size_t j = 0; j < t->task_count; j++) {
            if (i != j && has_pair(t, i, j)) {
                print_pair(t, i, j);
            }
        }
    }
    if (t->task_count > 2) {
        print_sets(t);
    }
    if (t->c->hog_count > 0) {
        print_hogs(t);
    }
}

/* -- For programs -- */

static json_t *describe(const struct clv_spread *s)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "mean_ms",
                     s->mean / MS, "std_ms", s->std / MS, "min_ms", s->min / MS,
                     "max_ms", s->max / MS, "p50_ms", s->p50 / MS, "p90_ms",
                     s->p90 / MS, "p95_ms", s->p95 / MS, "p99_ms", s->p99 / MS,
                     "runs", (json_int_t)s->count);
}

static void print_row(const struct table *t,
                      const struct clv_contention_row *row)
{
    json_t *who = json_object();
    json_t *object;

    for (size_t i = 0; i < t->task_count; i++) {
        if (row->company.seats[i] != CLV_NO_SEAT) {
            json_object_set_new(who, t->tasks[i],
                                json_string(t->engines[row->company.seats[i]]));
        }
    }
    object = json_pack(
        "{s:s, s:o, s:i, s:o, s:o, s:f}", "together", t->tasks[row->task],
        "engines", who, "hogs", (int)row->company.hogs, "alone",
        describe(&row->alone_ns), "beside", describe(&row->together_ns), "ntt",
        row->together_ns.mean / row->alone_ns.mean);
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    printf("\n");
    json_decref(object);
}

void proftable_print(const struct clv_contention *contention,
                     const char *const *tasks, size_t task_count,
                     const char *const *engines, size_t engine_count, int json)
{
    const struct table t = {contention, tasks, task_count, engines,
                            engine_count};

    if (!json && contention->count > 0) {
        print_text(&t);
    }
    for (size_t i = 0; json && i < contention->count; i++) {
        print_row(&t, &contention->rows[i]);
    }
}
