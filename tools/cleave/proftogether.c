/*
 * proftogether.c - `cleave profile` of several tasks: what they cost each
 * other.
 *
 * Of each task one variant runs, as real as in earnest: its own network on
 * each engine, on its own inputs. Which one hardly matters, for what is kept
 * is shares of its own time.
 */
#include "proftogether.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "profile/together.h"

/* -- Picking -- */

/* How many variants are faster; of equals those that come first. */
static size_t rank_of(const struct clv_costs *c, uint32_t variant,
                      const char *engine)
{
    const struct clv_cost_head *mine = clv_costs_whole(c, variant, engine);
    size_t rank = 0;

    for (uint32_t i = 0; mine != NULL && i < c->variant_count; i++) {
        const struct clv_cost_head *its = clv_costs_whole(c, i, engine);
        rank += its != NULL &&
                (its->time_ns.p50 < mine->time_ns.p50 ||
                 (its->time_ns.p50 <= mine->time_ns.p50 && i < variant));
    }
    return rank;
}

static size_t index_of(const struct profiling *a, const char *name)
{
    for (size_t i = 0; i < a->task->variant_count; i++) {
        if (strcmp(a->task->variants[i].name, name) == 0) {
            return i;
        }
    }
    return 0;
}

void proftogether_pick(struct profiling *a, const struct clv_costs *costs)
{
    struct profiling_pick *pick = NULL;
    uint32_t chosen = 0;

    for (size_t i = 0; i < a->task_count; i++) {
        pick = a->tasks[i] == a->task ? &a->picks[i] : pick;
    }
    for (uint32_t v = 0; v < costs->variant_count; v++) {
        if (rank_of(costs, v, a->engine_names[0]) ==
            (costs->variant_count - 1) / 2) {
            chosen = v;
        }
    }
    if (pick == NULL || costs->variant_count == 0) {
        return;
    }
    pick->variant = index_of(a, costs->variants[chosen].name);
    for (size_t e = 0; e < a->engine_count; e++) {
        const struct clv_cost_head *h =
            clv_costs_whole(costs, chosen, a->engine_names[e]);
        pick->alone_ns[e] = h != NULL ? h->time_ns.mean : 0;
    }
}

/* -- Looking on -- */

static void note_planned(void *self, size_t trials, double possible,
                         double seconds)
{
    struct profiling *a = self;
    char time[32];

    if (a->settings->quiet || trials == 0) {
        return;
    }
    progress_clear(&a->progress);
    fprintf(stderr,
            "cleave: together: %zu trials of %.0f possible, in about %s.\n",
            trials, possible, progress_time(seconds, time));
    progress_begin(&a->progress, 1, seconds);
}

static void note_step(void *self, double seconds, const char *what)
{
    struct profiling *a = self;

    progress_step(&a->progress, seconds, what);
}

static int is_cancelled(void *self)
{
    const struct profiling *a = self;

    return interrupt_came(&a->interrupt);
}

static void note_stepped(void *self)
{
    struct profiling *a = self;

    progress_stepped(&a->progress);
}

static void tell_left_out(const struct profiling *a,
                          const struct clv_together_account *account)
{
    double left =
        account->possible - (double)(account->trials + account->known);

    if (!a->settings->quiet && left >= 1) {
        fprintf(stderr,
                "cleave: together: %.0f of %.0f trials were not made for want "
                "of time; what was not tried is added up of pairs, or guessed "
                "from other engines. --together TIME gives more.\n",
                left, account->possible);
    }
    if (!a->settings->quiet && account->disturbed > 0) {
        fprintf(stderr,
                "cleave: together: other work disturbed %zu of %zu trials; "
                "measure again with --fresh when the machine is idle.\n",
                account->disturbed, account->trials);
    }
}

/* -- Trying -- */

/* The picks, opened; all tasks' at once. */
struct company {
    struct profiled opened[CLV_TASKS];
    struct clv_together_task tasks[CLV_TASKS];
    const char *names[CLV_TASKS];
    size_t count;
};

static cleave_status open_picks(struct company *c, struct profiling *a,
                                cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < a->task_count; i++) {
        struct profiled *one = &c->opened[i];
        status = profiling_turn_to(a, a->tasks[i], err);
        c->count = i + 1;
        if (status == CLEAVE_OK) {
            status = profiled_open(
                one, a, &a->task->variants[a->picks[i].variant], err);
        }
        c->names[i] = a->tasks[i]->name;
        c->tasks[i] = (struct clv_together_task){
            .name = c->names[i],
            .model =
                one->network != NULL ? clv_network_sha256(one->network) : NULL,
            .networks = one->networks,
            .alone_ns = a->picks[i].alone_ns,
            .source = one->source,
            .samples = one->sampling.examine,
            .sample_count = one->sampling.examine_count,
        };
    }
    return status;
}

static cleave_status try_all(struct company *c, struct profiling *a,
                             const struct clv_origin *origin, double budget_ns,
                             cleave_error *err)
{
    struct clv_together_options options = {
        .database = a->database,
        .origin = origin,
        .tasks = c->tasks,
        .task_count = c->count,
        .engines = a->engine_names,
        .engine_count = a->engine_count,
        .cores = clv_engine_threads(a->examiner),
        .budget_ns = budget_ns,
        .clock = clv_clock_machine(),
        .stall = clv_stall_machine(),
        .watch = {.self = a,
                  .planned = note_planned,
                  .step = note_step,
                  .stepped = note_stepped,
                  .is_cancelled = is_cancelled},
    };
    struct clv_together_account account = {0};
    cleave_status status = clv_together_run(&options, &account, err);

    progress_clear(&a->progress);
    if (status == CLEAVE_OK) {
        tell_left_out(a, &account);
    }
    return status;
}

static cleave_status print(const struct company *c, struct profiling *a,
                           const struct clv_origin *origin, cleave_error *err)
{
    struct clv_wanted wanted[CLV_TASKS] = {{0}};
    struct clv_wanted_variant variants[CLV_TASKS];
    struct clv_contention contention;
    cleave_status status;

    for (size_t i = 0; i < c->count; i++) {
        variants[i] =
            (struct clv_wanted_variant){c->names[i], c->tasks[i].model};
        wanted[i] = (struct clv_wanted){.machine = origin->machine,
                                        .variants = &variants[i],
                                        .variant_count = 1,
                                        .engines = a->engine_names,
                                        .engine_count = a->engine_count};
    }
    status = clv_database_load_contention(a->database, wanted, c->count,
                                          &contention, err);
    if (status == CLEAVE_OK) {
        proftable_print(&contention, c->names, c->count, a->engine_names,
                        a->engine_count, a->settings->json);
        clv_contention_fini(&contention);
    }
    return status;
}

cleave_status proftogether_run(struct profiling *a, cleave_error *err)
{
    struct company *c;
    char machine[CLV_MACHINE_TEXT];
    char text[CLV_MACHINE_TEXT];
    struct clv_origin origin = {machine, cleave_version(),
                                clv_engine_identity(a->engines[0]), ""};
    double budget_ns = 0;
    cleave_status status = profiling_patience(a->settings, &budget_ns, err);

    if (status != CLEAVE_OK || a->is_alone || budget_ns <= 0) {
        return status;
    }
    c = calloc(1, sizeof *c);
    if (c == NULL) {
        return clv_fail_memory(err, "together", sizeof *c);
    }
    clv_machine_id(machine, text);
    status = open_picks(c, a, err);
    if (status == CLEAVE_OK) {
        status = try_all(c, a, &origin, budget_ns, err);
    }
    if (status == CLEAVE_OK) {
        status = print(c, a, &origin, err);
    }
    for (size_t i = 0; i < c->count; i++) {
        profiled_close(&c->opened[i]);
    }
    free(c);
    return status;
}
