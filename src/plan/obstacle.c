/*
 * obstacle.c - what is in the way when no design of a product is feasible.
 *
 * For each bound the product is made anew without it, its measure being the
 * one goal: the best design there tells what could be had. If leaving out any
 * one bound is not enough, each is tried all by itself.
 */
#include "plan/obstacle.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "plan/producing.h"
#include "plan/rass.h"

/* A product with other wishes. */
struct trial {
    struct clv_product_options options;
    struct clv_product_task tasks[CLV_SEATS];
    struct clv_slo slos[CLV_SEATS];
    struct clv_goals goals;
};

/* One bound becomes the goal; the others stay if `others_hold`. */
static void trial_init(struct trial *t, const struct clv_product *product,
                       size_t bound, int others_hold)
{
    const struct clv_product_options *o = clv_product_options_of(product);
    const struct clv_bound *b = &o->goals->bounds[bound];
    struct clv_objective wish = {
        .measure = b->constraint.measure,
        .maximize = b->constraint.at_least,
    };

    *t = (struct trial){.options = *o};
    t->goals.goals[0] = (struct clv_goal){b->task, wish.measure, wish.maximize};
    t->goals.goal_count = 1;
    for (size_t i = 0; others_hold && i < o->goals->bound_count; i++) {
        if (i != bound) {
            t->goals.bounds[t->goals.bound_count++] = o->goals->bounds[i];
        }
    }
    for (size_t i = 0; i < o->task_count; i++) {
        t->tasks[i] = o->tasks[i];
        t->slos[i] = *o->tasks[i].slo;
        t->tasks[i].slo = &t->slos[i];
        if (i == b->task) {
            t->slos[i].objectives[0] = wish;
            t->slos[i].objective_count = 1;
        }
    }
    t->options.tasks = t->tasks;
    t->options.goals = &t->goals;
}

/* The best that the goal can be. */
static cleave_status best_possible(const struct trial *t, double *ret_value)
{
    const struct clv_goal *goal = &t->goals.goals[0];
    struct clv_product *product = NULL;
    struct clv_rass rass;
    cleave_status status = clv_product_new(&t->options, &product, NULL);

    if (status == CLEAVE_OK) {
        status = clv_rass_try(product, &rass, NULL);
    }
    if (status == CLEAVE_OK) {
        uint32_t choice[CLV_SEATS];
        clv_product_choice(product, rass.kept[0].design, choice);
        *ret_value =
            clv_product_value(product, choice, goal->task, goal->measure);
    }
    clv_product_free(product);
    return status;
}

static cleave_status tell(const struct clv_product *product, size_t bound,
                          double value, int others_hold, cleave_error *err)
{
    const struct clv_product_options *o = clv_product_options_of(product);
    const struct clv_bound *b = &o->goals->bounds[bound];
    const char *whose =
        b->task == CLV_ALL_TASKS ? "all tasks" : o->tasks[b->task].name;
    char constraint[2 * CLV_MEASURE_TEXT];
    char text[CLV_MEASURE_TEXT];

    return clv_fail(
        err, CLEAVE_NOT_FOUND, whose,
        "'%s' of %s cannot be met%s: %s is the best possible%s. Relax it, or "
        "name other models, engines or servers.",
        clv_constraint_text(&b->constraint, constraint), whose,
        others_hold ? "" : ", nor all the others together",
        clv_value_text(value, clv_metric_unit(b->constraint.measure.metric),
                       text),
        others_hold ? " while the other constraints hold" : "");
}

/* Tries each bound, alone or beside the others; CLEAVE_OK if none of them
   tells anything. */
static cleave_status try_each(const struct clv_product *product,
                              int others_hold, cleave_error *err)
{
    const struct clv_goals *goals = clv_product_options_of(product)->goals;
    size_t best = goals->bound_count;
    double best_value = 0;
    double best_violation = 0;

    for (size_t i = 0; i < goals->bound_count; i++) {
        struct trial t;
        double value;
        double violation;
        cleave_status status;
        trial_init(&t, product, i, others_hold);
        status = best_possible(&t, &value);
        if (status == CLEAVE_MEMORY) {
            return clv_fail(err, status, "obstacle", "Out of memory.");
        }
        if (status != CLEAVE_OK) {
            continue;
        }
        violation = clv_bound_violation(&goals->bounds[i].constraint, value);
        if (violation > 0 &&
            (best == goals->bound_count || violation < best_violation)) {
            best = i;
            best_value = value;
            best_violation = violation;
        }
    }
    return best == goals->bound_count
               ? CLEAVE_OK
               : tell(product, best, best_value, others_hold, err);
}

cleave_status clv_obstacle_fail(const struct clv_product *product,
                                cleave_error *err)
{
    cleave_status status = try_each(product, 1, err);

    if (status == CLEAVE_OK) {
        status = try_each(product, 0, err);
    }
    return status != CLEAVE_OK
               ? status
               : clv_fail(err, CLEAVE_NOT_FOUND, "designs",
                          "No design is possible now: servers that are not up, "
                          "processors that are out of order or want of memory "
                          "leave none, or several constraints rule each other "
                          "out.");
}
