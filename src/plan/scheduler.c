/*
 * scheduler.c - the best design under the conditions of this moment.
 *
 * Once, when it is made: which candidates the policy knows, which of them
 * meet the constraints that conditions do not change, which can never be the
 * best; what remains is laid out as a field. At each decision: the problem is
 * solved over the field, and hysteresis asks whether the answer is worth a
 * switch.
 *
 * Constant constraints come first. If no candidate meets them all, only those
 * that come nearest remain, and no choice is feasible: a design is never
 * made to break one (privacy, say) in order to meet another one in time.
 *
 * dads solves two problems, and takes the second one's answer when the
 * first's does not keep up with arrivals.
 */
#include "plan/scheduler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "plan/scheduling.h"

/* -- What is known -- */

/* Whether the row meets all constant constraints, else how far off it is. */
static double constant_ratio(const struct clv_scheduler *s, size_t candidate,
                             int *ret_which)
{
    double worst = 0;

    *ret_which = -1;
    for (size_t i = 0; i < s->slo.constraint_count; i++) {
        const struct clv_constraint *c = &s->slo.constraints[i];
        struct clv_formula f =
            clv_formula_of(c->measure, s->slo.accuracy_surely);
        double stakes[CLV_STAKES];
        double ratio;
        if (f.shape != CLV_SHAPE_CONSTANT || !clv_problem_heeds(s->policy, c)) {
            continue;
        }
        clv_formula_stakes(&f, s->space, candidate, stakes);
        ratio = clv_constraint_ratio(&f, c, stakes[0]);
        if (ratio > 1 && ratio > worst) {
            worst = ratio;
            *ret_which = (int)i;
        }
    }
    return worst;
}

typedef int knows(const struct clv_policy *policy,
                  const struct clv_space *space, size_t candidate);

static int knows_itself(const struct clv_policy *policy,
                        const struct clv_space *space, size_t candidate)
{
    return policy->knows(space, candidate);
}

static int knows_at_last(const struct clv_policy *policy,
                         const struct clv_space *space, size_t candidate)
{
    (void)policy;
    return clv_policy_last_resort(space, candidate);
}

/* Lists what `is_known` says; returns how many of them meet the constant
   constraints. */
static size_t list_known(const struct clv_scheduler *s, knows *is_known,
                         uint32_t *known, size_t *ret_count)
{
    size_t count = 0;
    size_t good = 0;
    int which;

    for (size_t i = 0; i < s->space->count; i++) {
        if (is_known(s->policy, s->space, i)) {
            known[count++] = (uint32_t)i;
            good += constant_ratio(s, i, &which) <= 0;
        }
    }
    *ret_count = count;
    return good;
}

/* Known candidates, or the ends if a published policy knows no good one. */
static cleave_status find_known(const struct clv_scheduler *s, uint32_t *known,
                                size_t *ret_count, cleave_error *err)
{
    static knows *const lists[] = {knows_itself, clv_policy_falls_back_to,
                                   knows_at_last};
    size_t fallbacks =
        s->policy->falls_back ? sizeof lists / sizeof lists[0] : 1;

    for (size_t i = 0; i < fallbacks; i++) {
        if (list_known(s, lists[i], known, ret_count) > 0) {
            return CLEAVE_OK;
        }
    }
    /* nothing is good: the first list that is not empty */
    for (size_t i = 0; i < fallbacks; i++) {
        list_known(s, lists[i], known, ret_count);
        if (*ret_count > 0) {
            return CLEAVE_OK;
        }
    }
    return clv_fail(err, CLEAVE_NOT_FOUND, s->policy->name,
                    "The profile has no design that %s could choose; measure "
                    "the whole network, f32 and what else it needs with "
                    "'cleave profile'.",
                    s->policy->name);
}

/* -- What can be wanted -- */

static cleave_status unknown_metric(struct clv_measure measure,
                                    cleave_error *err)
{
    const char *name = clv_metric_name(measure.metric);

    if (measure.metric == CLV_METRIC_ENERGY) {
        return clv_fail(err, CLEAVE_INVALID, name,
                        "Energy was neither measured nor declared: say what "
                        "the device draws, as in 'power: {compute: 4W, send: "
                        "2W, wait: 1W}' in the application, or take the wish "
                        "for energy out.");
    }
    return clv_fail(err, CLEAVE_INVALID, name,
                    "The SLO speaks of '%s', which was not measured for any "
                    "design: profile again with this version, or take it out.",
                    name);
}

/* Every measure must be known of some row. */
static cleave_status check_measures(const struct clv_scheduler *s,
                                    const struct clv_field *field,
                                    cleave_error *err)
{
    for (size_t p = 0; p < field->panel_count; p++) {
        size_t row = 0;
        while (row < field->known_count &&
               isinf(*clv_field_stakes(field, (uint32_t)row, p))) {
            row++;
        }
        if (row == field->known_count) {
            return unknown_metric(field->panels[p].formula.measure, err);
        }
    }
    for (size_t i = 0; i < s->slo.constraint_count; i++) {
        const struct clv_constraint *c = &s->slo.constraints[i];
        int known = c->measure.metric != CLV_METRIC_MEMORY ||
                    !clv_problem_heeds(s->policy, c);
        for (size_t row = 0; !known && row < field->known_count; row++) {
            known = s->space->candidates[field->known[row]].memory_bytes !=
                    CLV_UNKNOWN;
        }
        if (!known) {
            return unknown_metric(c->measure, err);
        }
    }
    return CLEAVE_OK;
}

/* True if all that objectives and tests speak of was measured. */
static int is_measured(const struct clv_field *field, uint32_t row)
{
    for (size_t p = 0; p < field->panel_count; p++) {
        if (isinf(*clv_field_stakes(field, row, p))) {
            return 0;
        }
    }
    return 1;
}

/* -- Making -- */

/* The least ratio to the constant constraints of what is not out; 0 if some
   meet them. */
static double least_ratio(const struct clv_scheduler *s, const uint8_t *out)
{
    double least = INFINITY;

    for (uint32_t row = 0; row < s->field.known_count; row++) {
        if (!out[row] && is_measured(&s->field, row)) {
            least = s->ratios[row] < least ? s->ratios[row] : least;
        }
    }
    return least;
}

static int is_any_left(const struct clv_scheduler *s, const uint8_t *out)
{
    for (uint32_t row = 0; row < s->field.known_count; row++) {
        if (!out[row] && is_measured(&s->field, row)) {
            return 1;
        }
    }
    return 0;
}

static void lay_out(struct clv_scheduler *s)
{
    double least = least_ratio(s, s->out);

    for (uint32_t row = 0; row < s->field.known_count; row++) {
        s->in[row] = !s->out[row] && s->ratios[row] <= least &&
                     is_measured(&s->field, row);
    }
    s->constant_ratio = least;
    clv_field_fill(&s->field, s->in);
    for (size_t p = 0; p < CLV_AIMS; p++) {
        for (size_t i = 0; i < CLV_HINTS; i++) {
            s->hints[p][i] = CLV_NO_ROW;
        }
    }
}

static cleave_status make_field(struct clv_scheduler *s, uint32_t *known,
                                cleave_error *err)
{
    struct clv_panel_list panels = {.count = 0};
    size_t count;
    cleave_status status = find_known(s, known, &count, err);

    s->problem_count = s->policy->decides == CLV_DECIDES_BY_STAGES ? 2 : 1;
    for (size_t i = 0; i < s->problem_count; i++) {
        s->problems[i] =
            clv_problem_of(&s->slo, s->policy, (enum clv_aim)i, &panels);
    }
    if (status == CLEAVE_OK) {
        status = clv_field_init(&s->field, s->space, known, count,
                                panels.formulas, panels.count, err);
    }
    if (status == CLEAVE_OK) {
        status = check_measures(s, &s->field, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_search_init(&s->search, &s->field, err);
    }
    return status;
}

static cleave_status make_flags(struct clv_scheduler *s, cleave_error *err)
{
    size_t count = s->field.known_count;

    s->out = calloc(count, 1);
    s->wanted_out = calloc(count, 1);
    s->in = calloc(count, 1);
    s->ratios = calloc(count, sizeof *s->ratios);
    s->broken = calloc(count, sizeof *s->broken);
    if (s->out == NULL || s->wanted_out == NULL || s->in == NULL ||
        s->ratios == NULL || s->broken == NULL) {
        return clv_fail_memory(err, "scheduler", count * sizeof *s->ratios);
    }
    for (size_t row = 0; row < count; row++) {
        s->ratios[row] =
            constant_ratio(s, s->field.known[row], &s->broken[row]);
    }
    return CLEAVE_OK;
}

cleave_status clv_scheduler_new(const struct clv_space *space,
                                const struct clv_slo *slo,
                                const struct clv_policy *policy,
                                struct clv_scheduler **ret_scheduler,
                                cleave_error *err)
{
    struct clv_scheduler *s = NULL;
    uint32_t *known = NULL;
    cleave_status status = clv_slo_check(slo, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    s = calloc(1, sizeof *s);
    known = calloc(space->count + 1, sizeof *known);
    if (s == NULL || known == NULL) {
        status = clv_fail_memory(err, "scheduler", sizeof *s);
        goto out;
    }
    s->space = space;
    s->slo = *slo;
    s->policy = policy;
    s->patience = policy->patience;
    status = make_field(s, known, err);
    if (status == CLEAVE_OK) {
        status = make_flags(s, err);
    }
    if (status == CLEAVE_OK && !is_any_left(s, s->out)) {
        status = unknown_metric(s->slo.objectives[0].measure, err);
    }
    if (status == CLEAVE_OK) {
        lay_out(s);
        *ret_scheduler = s;
        s = NULL;
    }

out:
    free(known);
    clv_scheduler_free(s);
    return status;
}

void clv_scheduler_free(struct clv_scheduler *scheduler)
{
    if (scheduler == NULL) {
        return;
    }
    clv_search_fini(&scheduler->search);
    clv_field_fini(&scheduler->field);
    free(scheduler->out);
    free(scheduler->wanted_out);
    free(scheduler->in);
    free(scheduler->ratios);
    free(scheduler->broken);
    free(scheduler);
}

void clv_scheduler_set_patience(struct clv_scheduler *scheduler, double share)
{
    scheduler->patience = share;
}

size_t clv_scheduler_size(const struct clv_scheduler *scheduler)
{
    return scheduler->field.active;
}

cleave_status clv_scheduler_exclude(struct clv_scheduler *scheduler,
                                    int (*is_out)(void *self, size_t candidate),
                                    void *self, cleave_error *err)
{
    struct clv_scheduler *s = scheduler;

    for (uint32_t row = 0; row < s->field.known_count; row++) {
        s->wanted_out[row] =
            (uint8_t)(is_out != NULL &&
                      (s->out[row] || is_out(self, s->field.known[row])));
    }
    if (!is_any_left(s, s->wanted_out)) {
        return clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                        "Nothing would be left to choose from.");
    }
    memcpy(s->out, s->wanted_out, s->field.known_count);
    lay_out(s);
    return CLEAVE_OK;
}

/* -- Deciding -- */

/* dads under arrivals that the answer to its first problem cannot follow. */
static int is_too_slow(const struct clv_scheduler *s,
                       const struct clv_conditions *conditions, uint32_t row)
{
    static const struct clv_measure throughput = {CLV_METRIC_THROUGHPUT,
                                                  CLV_STATISTIC_MEAN};

    if (conditions->rate_per_s > 0) {
        return clv_predict(s->space, s->field.known[row], conditions,
                           throughput) < conditions->rate_per_s;
    }
    return s->slo.objectives[0].measure.metric == CLV_METRIC_THROUGHPUT;
}

/* Nothing can be reached: any candidate that is not out, the first server's
   first. */
static uint32_t any_row(const struct clv_scheduler *s)
{
    return s->field.blocks > 0 ? s->field.slots[0] : CLV_NO_ROW;
}

/* The constraint that a row breaks most, or -1. */
static int broken_by(const struct clv_scheduler *s, const struct clv_answer *a,
                     uint32_t row)
{
    size_t test;

    if (!a->is_nearest || a->problem->test_count == 0) {
        return s->broken[row];
    }
    clv_problem_worst(a->problem, &s->search, row, &test);
    return (int)a->problem->constraint[test];
}

struct clv_answer clv_scheduler_solve(struct clv_scheduler *scheduler,
                                      const struct clv_conditions *conditions)
{
    struct clv_scheduler *s = scheduler;
    struct clv_answer a = {.broken = -1};
    struct clv_found found;

    clv_search_prepare(&s->search, conditions);
    a.problem = &s->problems[0];
    found = clv_problem_solve(a.problem, &s->search, s->hints[0]);
    if (s->problem_count > 1 && found.row != CLV_NO_ROW &&
        is_too_slow(s, conditions, found.row)) {
        a.problem = &s->problems[1];
        found = clv_problem_solve(a.problem, &s->search, s->hints[1]);
    }
    a.row = found.row;
    a.is_feasible = found.row != CLV_NO_ROW && s->constant_ratio <= 0;
    if (found.row != CLV_NO_ROW) {
        a.broken = s->broken[found.row];
        return a;
    }
    found = clv_problem_nearest(a.problem, &s->search);
    a.is_nearest = 1;
    a.row = found.row != CLV_NO_ROW ? found.row : any_row(s);
    a.broken = found.row != CLV_NO_ROW ? broken_by(s, &a, a.row) : -1;
    return a;
}

static int server_index(const struct clv_scheduler *s, uint32_t row)
{
    uint32_t server = s->space->candidates[s->field.known[row]].server;

    return server == CLV_NO_SERVER ? -1 : (int)server;
}

/* Better by enough, or as good on a server that is to be asked first. */
static int is_worth_it(const struct clv_scheduler *s,
                       const struct clv_answer *a, uint32_t current,
                       double gain)
{
    int from = server_index(s, current);
    int to = server_index(s, a->row);

    return gain > s->patience ||
           (!a->is_nearest && from >= 0 && to >= 0 && to < from);
}

/* Whether a row that was chosen once could be chosen now. */
static enum clv_reason check_current(const struct clv_scheduler *s,
                                     const struct clv_answer *a, uint32_t row)
{
    int server;

    if (row == CLV_NO_ROW || s->out[row]) {
        return CLV_REASON_EXCLUDED;
    }
    server = server_index(s, row);
    if (server >= 0 && !s->search.is_usable[clv_group_of((uint32_t)server)]) {
        return CLV_REASON_SERVER;
    }
    if (s->ratios[row] > s->constant_ratio || !is_measured(&s->field, row)) {
        return CLV_REASON_CONSTRAINT;
    }
    if (!a->is_nearest && !clv_search_passes(&s->search, a->problem->tests,
                                             a->problem->test_count, row)) {
        return CLV_REASON_CONSTRAINT;
    }
    return CLV_REASON_KEPT;
}

/* Of two that break constraints, how much nearer the other one comes. */
static double gain_of(const struct clv_scheduler *s, const struct clv_answer *a,
                      uint32_t current, uint32_t other)
{
    size_t test;
    double now;
    double then;

    if (!a->is_nearest || a->problem->test_count == 0) {
        return clv_problem_gain(a->problem, &s->search, current, other);
    }
    now = clv_problem_worst(a->problem, &s->search, current, &test);
    then = clv_problem_worst(a->problem, &s->search, other, &test);
    if (isinf(now)) {
        return isinf(then) ? 0 : 1;
    }
    return (now - then) / now;
}

static void weigh_switch(const struct clv_scheduler *s,
                         const struct clv_answer *a, uint32_t current,
                         struct clv_choice *choice)
{
    choice->reason = check_current(s, a, current);
    if (choice->reason == CLV_REASON_KEPT && a->row != current) {
        choice->gain = gain_of(s, a, current, a->row);
        choice->reason = is_worth_it(s, a, current, choice->gain)
                             ? CLV_REASON_BETTER
                             : CLV_REASON_PATIENCE;
    } else if (choice->reason != CLV_REASON_KEPT && current != CLV_NO_ROW) {
        choice->gain = gain_of(s, a, current, a->row);
    }
    if (choice->reason == CLV_REASON_PATIENCE) {
        choice->candidate = s->field.known[current];
        choice->broken = broken_by(s, a, current);
    }
}

void clv_scheduler_decide(struct clv_scheduler *scheduler,
                          const struct clv_conditions *conditions,
                          size_t current, struct clv_choice *ret_choice)
{
    struct clv_scheduler *s = scheduler;
    struct clv_answer a = clv_scheduler_solve(s, conditions);
    struct clv_choice choice = {
        .candidate = s->field.known[a.row],
        .is_feasible = a.is_feasible,
        .broken = a.broken,
        .reason = CLV_REASON_FIRST,
    };

    if (current != CLV_NONE) {
        weigh_switch(s, &a, clv_field_row(&s->field, current), &choice);
    }
    choice.value = clv_predict(s->space, choice.candidate, conditions,
                               s->slo.objectives[0].measure);
    *ret_choice = choice;
}

const char *clv_reason_text(enum clv_reason reason)
{
    switch (reason) {
    case CLV_REASON_FIRST:
        return "first choice";
    case CLV_REASON_KEPT:
        return "still the best";
    case CLV_REASON_PATIENCE:
        return "better by too little";
    case CLV_REASON_BETTER:
        return "better";
    case CLV_REASON_CONSTRAINT:
        return "breaks a constraint now";
    case CLV_REASON_SERVER:
        return "server is not up";
    case CLV_REASON_EXCLUDED:
        return "excluded";
    }
    return "unknown";
}
