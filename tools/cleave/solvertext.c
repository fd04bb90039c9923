/*
 * solvertext.c - what all tasks together would run, for people.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "plansolver.h"
#include "statesets.h"

static const char *value_text(double value, enum clv_metric metric,
                              char into[CLV_MEASURE_TEXT])
{
    if (value == CLV_UNKNOWN && metric != CLV_METRIC_DROP) {
        snprintf(into, CLV_MEASURE_TEXT, "not known");
        return into;
    }
    return clv_value_text(value, clv_metric_unit(metric), into);
}

static const char *bytes_text(double bytes, char into[CLV_MEASURE_TEXT])
{
    return value_text(bytes, CLV_METRIC_MEMORY, into);
}

/* -- What is wanted, and of how much -- */

static void print_moment(const struct plansolver *p)
{
    const struct clv_conditions *c = &p->options.product.situation.conditions;
    char up[32];
    char down[32];
    char rtt[CLV_MEASURE_TEXT];

    printf("%zu task%s, %zu engine%s, %zu server%s; designs: %.0f, of which "
           "%.0f keep all bounds\n",
           p->application->task_count,
           p->application->task_count > 1 ? "s" : "",
           p->application->engine_count,
           p->application->engine_count > 1 ? "s" : "",
           p->application->server_count,
           p->application->server_count == 1 ? "" : "s",
           clv_product_size(p->now.product), (double)p->now.rass.feasible);
    printf("load of the device %.3g", c->slowdown);
    if (p->application->server_count > 0) {
        printf("; %s up, %s down, %s round trip",
               decision_bandwidth_text(c->reach[0].up_bps, up),
               decision_bandwidth_text(c->reach[0].down_bps, down),
               clv_value_text(c->reach[0].rtt_ns, CLV_UNIT_TIME, rtt));
    }
    printf("\n\n");
}

static void print_wishes(const struct plansolver *p)
{
    const struct clv_goals *g = &p->blueprint->goals;
    char text[CLV_GOAL_TEXT];

    for (size_t i = 0; i < g->goal_count; i++) {
        printf("  %s %s\n", g->goals[i].maximize ? "maximize" : "minimize",
               clv_goal_text(&g->goals[i], p->blueprint->task_names, text));
    }
    for (size_t i = 0; i < g->bound_count; i++) {
        printf("  %s\n",
               clv_bound_text(&g->bounds[i], p->blueprint->task_names, text));
    }
}

/* -- A design -- */

static void print_configs(const struct plansolver *p,
                          const struct clv_config *configs)
{
    char place[PLANSOLVER_PLACE];

    for (size_t t = 0; t < p->application->task_count; t++) {
        printf("    %-14s %-20s %-24s %s\n", p->blueprint->task_names[t],
               plansolver_variant(p, t, &configs[t]),
               plansolver_engine(p, t, &configs[t]),
               plansolver_place(p, &configs[t], place));
    }
}

static int is_a_goal(const struct clv_goals *g, const struct clv_bound *b)
{
    for (size_t i = 0; i < g->goal_count; i++) {
        if (g->goals[i].task == b->task &&
            g->goals[i].measure.metric == b->constraint.measure.metric &&
            g->goals[i].measure.statistic == b->constraint.measure.statistic) {
            return 1;
        }
    }
    return 0;
}

/* All objectives, and what is bounded beside. */
static void print_values(const struct plansolver *p,
                         const struct clv_product *product,
                         const uint32_t *choice)
{
    const struct clv_goals *g = &p->blueprint->goals;
    char name[CLV_GOAL_TEXT];
    char text[CLV_MEASURE_TEXT];

    for (size_t i = 0; i < g->goal_count; i++) {
        const struct clv_goal *goal = &g->goals[i];
        double value =
            clv_product_value(product, choice, goal->task, goal->measure);
        printf("    %-28s %s\n",
               clv_goal_text(goal, p->blueprint->task_names, name),
               value_text(value, goal->measure.metric, text));
    }
    for (size_t i = 0; i < g->bound_count; i++) {
        const struct clv_bound *b = &g->bounds[i];
        double value;
        if (is_a_goal(g, b)) {
            continue;
        }
        value =
            clv_product_value(product, choice, b->task, b->constraint.measure);
        printf("    %-28s %s\n",
               clv_bound_text(b, p->blueprint->task_names, name),
               value_text(value, b->constraint.measure.metric, text));
    }
}

static void print_kept(struct plansolver *p, size_t index)
{
    const struct clv_switching *t = p->switching;
    const struct clv_kept *k = &t->kept[index];
    char roles[PLANSOLVER_ROLES];
    char memory[CLV_MEASURE_TEXT];
    char work[CLV_MEASURE_TEXT];
    char size[CLV_MEASURE_TEXT];
    uint32_t choice[CLV_SEATS];
    const struct clv_product *product;

    printf("\nd%zu  %s; in %zu of %zu states", index,
           plansolver_roles(p, k->roles, roles), k->states, t->state_count);
    if (index > 0) {
        printf("; from d0 %s",
               clv_switch_kind_text(clv_switching_kind(t, 0, index)));
    }
    printf("\n    optimality %.3f, memory %s, workload %s, files %s\n",
           k->optimality, bytes_text(k->memory_bytes, memory),
           value_text(k->workload, CLV_METRIC_WORKLOAD, work),
           bytes_text(k->size_bytes, size));
    print_configs(p, k->configs);
    product = clv_outlook_place(&p->now, k->configs, choice);
    if (product != NULL) {
        print_values(p, product, choice);
    }
}

/* -- The table -- */

static cleave_status print_sets(const struct plansolver *p, cleave_error *err)
{
    const struct clv_switching *t = p->switching;
    const char *const *servers = p->blueprint->options.product.servers;
    struct stateset *sets;
    size_t count;
    char text[STATESET_TEXT];
    cleave_status status = statesets_make(t, &sets, &count, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    printf("\n%zu states\n", t->state_count);
    for (size_t i = 0; i < count; i++) {
        printf("  d%-3u %4zu  %s%s%s\n", sets[i].design, sets[i].states,
               stateset_text(t, &sets[i], servers, text),
               sets[i].is_feasible ? "" : "; breaks an SLO",
               sets[i].is_forced ? "; nothing avoids the trouble" : "");
    }
    free(sets);
    return CLEAVE_OK;
}

static void print_switches(const struct plansolver *p)
{
    const struct clv_switching *t = p->switching;

    if (t->kept_count < 2) {
        return;
    }
    printf("\nswitches: CM changes models, CP processors or places, CB both\n"
           "  from\\to");
    for (size_t j = 0; j < t->kept_count; j++) {
        printf(" %4s%zu", "d", j);
    }
    printf("\n");
    for (size_t i = 0; i < t->kept_count; i++) {
        printf("  d%-6zu", i);
        for (size_t j = 0; j < t->kept_count; j++) {
            printf(" %5s", clv_switch_kind_text(clv_switching_kind(t, i, j)));
        }
        printf("\n");
    }
}

static void print_luggage(const struct plansolver *p)
{
    const struct clv_switching *t = p->switching;
    char kept[CLV_MEASURE_TEXT];
    char all[CLV_MEASURE_TEXT];

    printf("\nfiles kept %s, of %s of all variants\n",
           bytes_text(t->kept_sizes_bytes, kept),
           bytes_text(t->all_sizes_bytes, all));
    printf("loaded %s, of %s of all variants on all engines\n",
           bytes_text(t->kept_memory_bytes, kept),
           bytes_text(t->all_memory_bytes, all));
}

static void print_now(const struct plansolver *p)
{
    const struct clv_switching *t = p->switching;
    struct clv_state state;
    char text[CLV_STATE_TEXT];

    clv_state_of(t, p->state, &state);
    printf(
        "\nnow: %s: d%zu\n",
        clv_state_text(t, &state, p->blueprint->options.product.servers, text),
        clv_switching_find(t, p->state));
}

/* -- Why -- */

static void print_rival(const struct plansolver *p,
                        const struct plansolver_rival *r)
{
    const struct clv_goals *g = &p->blueprint->goals;
    size_t worst = plansolver_loses_in(p, r->choice);
    char place[PLANSOLVER_PLACE];
    char name[CLV_GOAL_TEXT];
    char text[CLV_MEASURE_TEXT];

    printf("\n  %.3f ", r->optimality);
    for (size_t t = 0; t < p->application->task_count; t++) {
        size_t count;
        const struct clv_config *c =
            &clv_product_configs(p->now.product, t, &count)[r->choice[t]];
        printf("%s %s %s %s", t > 0 ? ";" : "", plansolver_variant(p, t, c),
               plansolver_engine(p, t, c), plansolver_place(p, c, place));
    }
    printf("\n       ");
    for (size_t i = 0; i < g->goal_count; i++) {
        const struct clv_goal *goal = &g->goals[i];
        double value = clv_product_value(p->now.product, r->choice, goal->task,
                                         goal->measure);
        printf("%s %s %s (%.2f)%s", i > 0 ? "," : "",
               clv_goal_text(goal, p->blueprint->task_names, name),
               value_text(value, goal->measure.metric, text),
               plansolver_scaled(p, i, value), i == worst ? " loses" : "");
    }
    printf("\n");
}

static void print_rivals(const struct plansolver *p)
{
    struct plansolver_rival best = {.optimality =
                                        p->now.rass.kept[0].optimality};

    memcpy(best.choice, p->now.choice, sizeof best.choice);
    printf("\nwhy: the best, and the next of %.0f looked at; in brackets 1 for "
           "the best there is\nin an objective, 0 for the worst; 'loses': "
           "where most, against the best\n",
           p->rivals_seen);
    print_rival(p, &best);
    for (size_t i = 0; i < p->rival_count; i++) {
        print_rival(p, &p->rivals[i]);
    }
}

/* States that are told one by one. */
#define GAINS 40

/* The states that the designs added to RASS's own are for. */
static void print_gains(const struct plansolver *p)
{
    const struct clv_switching *t = p->switching;
    struct clv_state state;
    char text[CLV_STATE_TEXT];
    size_t gained = 0;

    for (size_t i = 0; i < t->state_count; i++) {
        const struct clv_state_entry *e = &t->entries[i];
        if (e->share - e->paper_share < 0.0005F) {
            continue;
        }
        if (gained++ == 0) {
            printf("\nstates that gain by designs beyond RASS's own, as "
                   "shares of the best there is\n");
        }
        if (gained > GAINS) {
            continue;
        }
        clv_state_of(t, i, &state);
        printf("  d%-3u %5.1f %% instead of %5.1f %%  %s\n", e->design,
               100 * (double)e->share, 100 * (double)e->paper_share,
               clv_state_text(t, &state, p->blueprint->options.product.servers,
                              text));
    }
    if (gained > GAINS) {
        printf("  and %zu more\n", gained - GAINS);
    }
}

cleave_status solvertext_plan(struct plansolver *p, cleave_error *err)
{
    cleave_status status;

    print_moment(p);
    print_wishes(p);
    for (size_t i = 0; i < p->switching->kept_count; i++) {
        print_kept(p, i);
    }
    status = print_sets(p, err);
    if (status != CLEAVE_OK) {
        return status;
    }
    print_switches(p);
    print_luggage(p);
    print_now(p);
    if (p->settings->explain) {
        print_rivals(p);
        print_gains(p);
    }
    return CLEAVE_OK;
}

/* -- Solvers side by side -- */

static void print_row(const struct plansolver *p,
                      const struct plansolver_row *row)
{
    double best = p->rows[0].solution.optimality;
    char place[PLANSOLVER_PLACE];

    printf("%-19s", row->solver->name);
    if (row->lacks[0] != '\0') {
        printf("          -       -  %s\n", row->lacks);
        return;
    }
    if (row->solution.violation > 0) {
        printf(" breaks SLO       -");
    } else {
        printf(" %10.3f %7.2f", row->solution.optimality,
               best / row->solution.optimality);
    }
    for (size_t t = 0; t < p->application->task_count; t++) {
        size_t count;
        const struct clv_config *c = &clv_product_configs(
            p->now.product, t, &count)[row->solution.choice[t]];
        printf("%s %s %s %s", t > 0 ? ";" : " ", plansolver_variant(p, t, c),
               plansolver_engine(p, t, c), plansolver_place(p, c, place));
    }
    printf("\n");
}

void solvertext_rows(const struct plansolver *p)
{
    print_moment(p);
    print_wishes(p);
    printf("\n%-19s %10s %7s  design\n", "solver", "optimality", "times");
    for (size_t i = 0; i < p->row_count; i++) {
        print_row(p, &p->rows[i]);
    }
    if (strcmp(p->settings->solver, "all") != 0) {
        const struct plansolver_row *last = &p->rows[p->row_count - 1];
        printf("\n%s\n", last->solver->name);
        if (last->lacks[0] == '\0') {
            print_values(p, p->now.product, last->solution.choice);
        }
    }
    if (p->settings->explain) {
        print_rivals(p);
    }
}
