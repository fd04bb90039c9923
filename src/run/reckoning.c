/*
 * reckoning.c - what all runners of an ensemble together know of the world.
 *
 * Each runner knows links and loads by its own inferences. Of a link the one
 * that uses it knows most; a server is up when all who have designs on it say
 * so, for those that do not use it are the last to hear that it is gone. The
 * device is as slow as its tasks find it on the average.
 */
#include <stdio.h>
#include <string.h>

#include "run/ensembling.h"

/* -- Servers -- */

/* The application's number of a runner's server. */
static size_t server_of(const cleave_ensemble *e, const char *name)
{
    const struct clv_product_options *o = &e->blueprint->options.product;
    size_t at = 0;

    while (at < o->server_count && strcmp(o->servers[at], name) != 0) {
        at++;
    }
    return at;
}

/* What one runner says of its servers. */
static void merge_servers(const cleave_ensemble *e, const cleave_runner *r,
                          const struct clv_runner_view *view,
                          struct clv_conditions *into,
                          uint8_t known[CLV_SERVERS])
{
    const struct clv_costs *costs = r->space->costs;
    uint32_t used = r->space->candidates[view->current].server;

    for (size_t i = 0; i < costs->server_count; i++) {
        size_t at = server_of(e, costs->servers[i]);
        const struct clv_reach *reach = &view->conditions.reach[i];
        if (at < CLV_SERVERS) {
            int is_up = reach->is_up && (!known[at] || into->reach[at].is_up);
            if (!known[at] || used == i) {
                into->reach[at] = *reach;
            }
            into->reach[at].is_up = is_up;
            known[at] = 1;
        }
    }
}

/* -- This device -- */

/* Who sits where, beside the load that the state says. */
static struct clv_company company_of(const cleave_ensemble *e)
{
    const struct clv_switching *t = e->switching;
    struct clv_company company = {.tasks = e->count};

    for (size_t i = 0; i < e->count; i++) {
        const struct clv_app_task *task = &e->blueprint->application->tasks[i];
        const struct clv_config *config = &e->lineup.configs[i];
        const struct clv_candidate *c =
            &e->blueprint->designs[i]->space.candidates[config->candidate];
        double busy = task->rate_per_s * c->device_ns.mean / 1e9;
        company.seats[i] = config->seat;
        company.duties[i] = busy > 0 && busy < 1 ? busy : 1;
    }
    for (size_t p = 0; p < t->processors; p++) {
        if (strcmp(t->names[p], "cpu") == 0) {
            company.hogs = t->hogs[e->manager.state.load[p]];
        }
    }
    return company;
}

/* How much slower inferences are than the plan has it. */
static double unexpected(const cleave_ensemble *e,
                         const struct clv_runner_view *views)
{
    struct clv_company company = company_of(e);
    double sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < e->count; i++) {
        if (company.seats[i] != CLV_NO_SEAT) {
            struct clv_spread excess = clv_contention_excess(
                &e->blueprint->contention, &company, i, NULL);
            sum += views[i].conditions.slowdown / (1 + excess.mean);
            count++;
        }
    }
    return count > 0 ? sum / (double)count : 0;
}

void clv_reckon_signs(cleave_ensemble *e, struct clv_manager_signs *ret_signs)
{
    struct clv_runner_view views[CLV_TASKS];
    uint8_t known[CLV_SERVERS] = {0};
    struct clv_conditions *c = &ret_signs->conditions;
    double slow = 0;

    *ret_signs =
        (struct clv_manager_signs){.now_ns = clv_clock_now_ns(e->clock)};
    for (size_t i = 0; i < e->count; i++) {
        clv_runner_view(e->members[i].runner, &views[i]);
        merge_servers(e, e->members[i].runner, &views[i], c, known);
        slow += views[i].conditions.slowdown;
    }
    c->slowdown = e->count > 0 ? slow / (double)e->count : 1;
    ret_signs->slowdown = unexpected(e, views);
    clv_gauges_read(e->gauges, ret_signs->now_ns, &ret_signs->pressure);
}

/* -- Lineups -- */

/* Alone, a task that is best off on a server may find that it is not. With
   others it stays there, to leave them this device. */
struct clv_post clv_reckon_post(const cleave_ensemble *e, size_t task,
                                const struct clv_config *config)
{
    const struct clv_candidate *c =
        &e->blueprint->designs[task]->space.candidates[config->candidate];

    return (struct clv_post){.variant = c->variant,
                             .engine = c->engine,
                             .is_away =
                                 e->blueprint->application->task_count > 1 &&
                                 config->place == CLV_PLACE_SERVER};
}

struct clv_lineup clv_reckon_kept(const cleave_ensemble *e, size_t design)
{
    struct clv_lineup lineup;

    memset(&lineup, 0, sizeof lineup);
    for (size_t i = 0; i < e->switching->tasks; i++) {
        lineup.configs[i] = e->switching->kept[design].configs[i];
    }
    return lineup;
}

const char *clv_reckon_text(const cleave_ensemble *e,
                            const struct clv_lineup *lineup,
                            char into[CLV_LINEUP_TEXT])
{
    static const char *const places[] = {"here", "cut", "on a server"};
    size_t used = 0;

    into[0] = '\0';
    for (size_t i = 0; i < e->count && used < CLV_LINEUP_TEXT; i++) {
        const struct clv_config *config = &lineup->configs[i];
        const struct clv_space *space = &e->blueprint->designs[i]->space;
        const struct clv_candidate *c = &space->candidates[config->candidate];
        int length =
            snprintf(into + used, CLV_LINEUP_TEXT - used, "%s%s: %s %s %s",
                     i > 0 ? "; " : "", e->blueprint->task_names[i],
                     space->costs->variants[c->variant].name,
                     space->costs->engines[c->engine], places[config->place]);
        used += length > 0 ? (size_t)length : 0;
    }
    return into;
}
