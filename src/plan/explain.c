/*
 * explain.c - why the choice is the choice: its rivals, and what is in the
 * way when no design is good enough.
 *
 * Here all known candidates count, also those that constant constraints or
 * dominance keep from decisions: a reader wants to see the design that was
 * out of the question, and why it was.
 */
#include <math.h>
#include <stdio.h>

#include "plan/scheduling.h"

/* How a row stands: what it breaks, by how much, and its value. */
struct standing {
    int broken;
    double ratio; /* 0: nothing broken */
    double value; /* cost of the problem's first objective */
};

static struct standing stand(const struct clv_scheduler *s,
                             const struct clv_problem *problem, uint32_t row)
{
    struct clv_target goal = clv_target_of(problem->objectives[0]);
    struct standing st = {.broken = s->broken[row],
                          .ratio = s->ratios[row],
                          .value = clv_search_cost(&s->search, &goal, row)};
    size_t test = 0;
    double worst = clv_problem_worst(problem, &s->search, row, &test);

    if (problem->test_count > 0 && worst > 1 && worst > st.ratio) {
        st.broken = (int)problem->constraint[test];
        st.ratio = worst;
    }
    return st;
}

static int is_better(const struct standing *a, const struct standing *b)
{
    return a->ratio != b->ratio ? a->ratio < b->ratio : a->value < b->value;
}

/* -- Rivals -- */

static const struct clv_candidate *candidate_of(const struct clv_scheduler *s,
                                                size_t candidate)
{
    return &s->space->candidates[candidate];
}

static int is_same_place(const struct clv_scheduler *s, size_t a, size_t b)
{
    return candidate_of(s, a)->cut == candidate_of(s, b)->cut &&
           candidate_of(s, a)->server == candidate_of(s, b)->server;
}

static struct standing stand_of(const struct clv_scheduler *s,
                                const struct clv_problem *problem,
                                const struct clv_loss *loss)
{
    return stand(s, problem, clv_field_row(&s->field, loss->candidate));
}

/* The row of the candidate's place, or `count`. */
static size_t find_place(const struct clv_scheduler *s,
                         const struct clv_loss *losses, size_t count,
                         size_t candidate)
{
    size_t i = 0;

    while (i < count && !is_same_place(s, losses[i].candidate, candidate)) {
        i++;
    }
    return i;
}

/* Keeps the rows sorted, one of each place; returns how many there are. */
static size_t insert(const struct clv_scheduler *s,
                     const struct clv_problem *problem, uint32_t row,
                     struct clv_loss *losses, size_t count, size_t room)
{
    size_t candidate = s->field.known[row];
    struct standing mine = stand(s, problem, row);
    size_t at = find_place(s, losses, count, candidate);
    struct standing last;

    if (at == count && count == room) {
        at = count - 1;
    }
    if (at < count) {
        last = stand_of(s, problem, &losses[at]);
        if (!is_better(&mine, &last)) {
            return count;
        }
    } else {
        count++;
    }
    for (; at > 0; at--) {
        last = stand_of(s, problem, &losses[at - 1]);
        if (!is_better(&mine, &last)) {
            break;
        }
        losses[at] = losses[at - 1];
    }
    losses[at] =
        (struct clv_loss){.candidate = candidate, .broken = mine.broken};
    return count;
}

/* Where it loses most against the choice. */
static void set_term(struct clv_loss *loss, const struct clv_terms *mine,
                     const struct clv_terms *best)
{
    const struct {
        const char *name;
        double excess;
    } terms[] = {
        {"device", mine->device_ns - best->device_ns},
        {"up", mine->up_ns - best->up_ns},
        {"queue", mine->queue_ns - best->queue_ns},
        {"server", mine->server_ns - best->server_ns},
        {"down", mine->down_ns - best->down_ns},
    };

    loss->term = terms[0].name;
    loss->term_excess = terms[0].excess;
    for (size_t i = 1; i < sizeof terms / sizeof terms[0]; i++) {
        if (terms[i].excess > loss->term_excess) {
            loss->term = terms[i].name;
            loss->term_excess = terms[i].excess;
        }
    }
    loss->terms = *mine;
}

size_t clv_scheduler_explain(struct clv_scheduler *scheduler,
                             const struct clv_conditions *conditions,
                             const struct clv_choice *choice,
                             struct clv_loss *ret_losses, size_t room)
{
    struct clv_scheduler *s = scheduler;
    struct clv_answer answer = clv_scheduler_solve(s, conditions);
    struct clv_terms best =
        clv_terms_of(s->space, choice->candidate, conditions);
    size_t count = 0;

    for (uint32_t row = 0; room > 0 && row < s->field.known_count; row++) {
        if (!s->out[row] &&
            !is_same_place(s, s->field.known[row], choice->candidate)) {
            count = insert(s, answer.problem, row, ret_losses, count, room);
        }
    }
    for (size_t i = 0; i < count; i++) {
        struct clv_loss *loss = &ret_losses[i];
        struct clv_terms mine =
            clv_terms_of(s->space, loss->candidate, conditions);
        loss->value = clv_predict(s->space, loss->candidate, conditions,
                                  s->slo.objectives[0].measure);
        set_term(loss, &mine, &best);
    }
    return count;
}

/* -- What is in the way -- */

double clv_scheduler_value(const struct clv_scheduler *scheduler, uint32_t row,
                           const struct clv_conditions *conditions,
                           struct clv_measure measure)
{
    const struct clv_scheduler *s = scheduler;
    struct clv_formula f = clv_formula_of(measure, s->slo.accuracy_surely);
    double stakes[CLV_STAKES];

    if (f.shape != CLV_SHAPE_CONSTANT ||
        (measure.metric != CLV_METRIC_DROP &&
         measure.metric != CLV_METRIC_ACCURACY)) {
        return clv_predict(s->space, s->field.known[row], conditions, measure);
    }
    clv_formula_stakes(&f, s->space, s->field.known[row], stakes);
    return clv_formula_value(&f, stakes[0]);
}

/* True if all but one constraint are met. */
static int meets_others(const struct clv_scheduler *s,
                        const struct clv_conditions *conditions, uint32_t row,
                        size_t except)
{
    for (size_t i = 0; i < s->slo.constraint_count; i++) {
        const struct clv_constraint *c = &s->slo.constraints[i];
        double value;
        if (i == except) {
            continue;
        }
        value = clv_scheduler_value(s, row, conditions, c->measure);
        if (value == CLV_UNKNOWN && c->measure.metric != CLV_METRIC_DROP) {
            return 0;
        }
        if (c->at_least ? value < c->bound : value > c->bound) {
            return 0;
        }
    }
    return 1;
}

/* The best value of the constraint's measure; CLV_NO_ROW if there is none. */
static uint32_t best_possible(const struct clv_scheduler *s,
                              const struct clv_conditions *conditions,
                              size_t constraint, int others_hold)
{
    const struct clv_constraint *c = &s->slo.constraints[constraint];
    uint32_t best = CLV_NO_ROW;
    double best_value = 0;

    for (uint32_t row = 0; row < s->field.known_count; row++) {
        double value;
        if (s->out[row] ||
            (others_hold && !meets_others(s, conditions, row, constraint))) {
            continue;
        }
        value = clv_scheduler_value(s, row, conditions, c->measure);
        if (isinf(value) ||
            (value == CLV_UNKNOWN && c->measure.metric != CLV_METRIC_DROP)) {
            continue;
        }
        if (best == CLV_NO_ROW ||
            (c->at_least ? value > best_value : value < best_value)) {
            best = row;
            best_value = value;
        }
    }
    return best;
}

const char *clv_scheduler_obstacle(struct clv_scheduler *scheduler,
                                   const struct clv_conditions *conditions,
                                   const struct clv_choice *choice,
                                   char into[CLV_OBSTACLE_TEXT])
{
    const struct clv_scheduler *s = scheduler;
    const struct clv_constraint *c;
    char constraint[2 * CLV_MEASURE_TEXT];
    char value[CLV_MEASURE_TEXT];
    char design[CLV_DESIGN_TEXT];
    int others_hold = 1;
    uint32_t row;

    into[0] = '\0';
    if (choice->is_feasible) {
        return into;
    }
    if (choice->broken < 0) {
        snprintf(into, CLV_OBSTACLE_TEXT,
                 "No server is up, and the profile has no design for the "
                 "device alone.");
        return into;
    }
    c = &s->slo.constraints[choice->broken];
    row = best_possible(s, conditions, (size_t)choice->broken, 1);
    if (row == CLV_NO_ROW) {
        others_hold = 0;
        row = best_possible(s, conditions, (size_t)choice->broken, 0);
    }
    clv_constraint_text(c, constraint);
    if (row == CLV_NO_ROW) {
        snprintf(into, CLV_OBSTACLE_TEXT, "'%s' cannot be met now.",
                 constraint);
        return into;
    }
    clv_value_text(clv_scheduler_value(s, row, conditions, c->measure),
                   clv_metric_unit(c->measure.metric), value);
    snprintf(into, CLV_OBSTACLE_TEXT,
             "'%s' cannot be met%s: %s is the best "
             "possible%s, by %s.",
             constraint, others_hold ? "" : ", nor all the others together",
             value, others_hold ? " while the other constraints hold" : "",
             clv_design_text(s->space, s->field.known[row], design));
    return into;
}
