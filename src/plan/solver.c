/*
 * solver.c - RASS and its rivals, each behind the same interface.
 *
 * What a rival knows is what its paper's system would know. OODIn's weighted
 * sum, all weights alike, is the distance to utopia by another yardstick, one
 * that simply adds up how far each objective is from its best; so the same
 * exact search finds it. Who chooses for each task as if it were alone solves
 * a product of that one task, without the others' contention and without
 * bounds that one task alone cannot keep.
 */
#include "plan/solver.h"

#include <math.h>
#include <string.h>

#include "base/fail.h"
#include "base/suggest.h"
#include "plan/exact.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* -- RASS, OODIn -- */

static cleave_status solve_rass(const struct clv_solver_input *input,
                                uint32_t *ret_choice, cleave_error *err)
{
    struct clv_rass rass;
    cleave_status status = clv_rass_solve(input->product, &rass, err);

    if (status == CLEAVE_OK) {
        clv_product_choice(input->product, rass.kept[0].design, ret_choice);
    }
    return status;
}

/* The distance becomes the sum of how far each objective is from its best. */
static void make_sum(struct clv_yardstick *y)
{
    memset(y->root, 0, sizeof y->root);
    memset(y->from_values, 0, sizeof y->from_values);
    for (size_t g = 0; g < y->count; g++) {
        /* the last row: what is above the diagonal is not looked at */
        size_t at = (y->count - 1) * CLV_GOALS + g;
        double range = y->high[g] - y->low[g];
        y->root[at] = range > 0 ? 1 : 0;
        y->from_values[at] = range > 0 ? 1 / range : 0;
    }
}

static cleave_status solve_oodin(const struct clv_solver_input *input,
                                 uint32_t *ret_choice, cleave_error *err)
{
    struct clv_exact_question nothing = {0};
    struct clv_exact_answer answer;
    struct clv_yardstick yardstick;
    cleave_status status =
        clv_exact_yardstick(input->product, &yardstick, NULL, err);

    if (status == CLEAVE_OK) {
        make_sum(&yardstick);
        status =
            clv_exact_solve(input->product, &yardstick, &nothing, &answer, err);
    }
    if (status == CLEAVE_OK) {
        memcpy(ret_choice, answer.choice, sizeof answer.choice);
    }
    return status == CLEAVE_NOT_FOUND
               ? clv_fail(err, status, "oodin",
                          "No design keeps all constraints.")
               : status;
}

/* -- One task as if it were alone -- */

/* A product of one task. */
struct lonely {
    struct clv_product_options options;
    struct clv_goals goals;
    struct clv_product *product;
    struct clv_rass rass;
};

/* What one task alone cannot keep: it has one task's throughput. */
static int is_for_one(const struct clv_bound *bound, size_t task)
{
    return bound->task == task ||
           (bound->task == CLV_ALL_TASKS &&
            bound->constraint.measure.metric != CLV_METRIC_STP);
}

static uint32_t renamed(uint32_t task)
{
    return task == CLV_ALL_TASKS ? CLV_ALL_TASKS : 0;
}

static void set_goals(struct clv_goals *to, const struct clv_goals *from,
                      size_t task)
{
    for (size_t i = 0; i < from->goal_count; i++) {
        struct clv_goal goal = from->goals[i];
        if (goal.task == task || goal.task == CLV_ALL_TASKS) {
            goal.task = renamed(goal.task);
            to->goals[to->goal_count++] = goal;
        }
    }
    for (size_t i = 0; i < from->bound_count; i++) {
        struct clv_bound bound = from->bounds[i];
        if (is_for_one(&bound, task)) {
            bound.task = renamed(bound.task);
            to->bounds[to->bound_count++] = bound;
        }
    }
}

static cleave_status lonely_init(struct lonely *l,
                                 const struct clv_product *product, size_t task,
                                 cleave_error *err)
{
    cleave_status status;

    *l = (struct lonely){.options = *clv_product_options_of(product)};
    set_goals(&l->goals, l->options.goals, task);
    l->options.tasks += task;
    l->options.task_count = 1;
    l->options.goals = &l->goals;
    l->options.contention = NULL;
    status = clv_product_new(&l->options, &l->product, err);
    return status == CLEAVE_OK ? clv_rass_solve(l->product, &l->rass, err)
                               : status;
}

static int is_same_config(const struct clv_config *a,
                          const struct clv_config *b)
{
    return a->variant == b->variant && a->engine == b->engine &&
           a->place == b->place && a->server == b->server;
}

/* A configuration's place in the whole product's list. */
static cleave_status find_config(const struct clv_product *product, size_t task,
                                 const struct clv_config *config,
                                 uint32_t *ret_index, cleave_error *err)
{
    size_t count;
    const struct clv_config *list = clv_product_configs(product, task, &count);

    for (size_t i = 0; i < count; i++) {
        if (is_same_config(&list[i], config)) {
            *ret_index = (uint32_t)i;
            return CLEAVE_OK;
        }
    }
    return clv_fail(err, CLEAVE_NOT_FOUND,
                    clv_product_options_of(product)->tasks[task].name,
                    "What is best alone breaks a constraint of this task in "
                    "the present situation.");
}

/* -- Each task's best, blind to the others -- */

static cleave_status choose_alone(const struct clv_product *product,
                                  size_t task, uint32_t *ret_index,
                                  cleave_error *err)
{
    struct lonely l;
    cleave_status status = lonely_init(&l, product, task, err);

    if (status == CLEAVE_OK) {
        size_t count;
        const struct clv_config *list =
            clv_product_configs(l.product, 0, &count);
        status = find_config(product, task, &list[l.rass.kept[0].design],
                             ret_index, err);
    }
    clv_product_free(l.product);
    return status;
}

static cleave_status solve_unaware(const struct clv_solver_input *input,
                                   uint32_t *ret_choice, cleave_error *err)
{
    size_t tasks = clv_product_options_of(input->product)->task_count;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < tasks; i++) {
        status = choose_alone(input->product, i, &ret_choice[i], err);
    }
    return status;
}

/* -- One architecture for each task -- */

typedef int better_variant(const struct clv_cost_variant *a,
                           const struct clv_cost_variant *b);

static int is_more_accurate(const struct clv_cost_variant *a,
                            const struct clv_cost_variant *b)
{
    return a->score > b->score;
}

static int is_smaller(const struct clv_cost_variant *a,
                      const struct clv_cost_variant *b)
{
    return a->size_bytes < b->size_bytes;
}

/* Of the variants that the task may have the best one. */
static uint32_t pick_variant(const struct clv_product *product, size_t task,
                             better_variant *is_better)
{
    const struct clv_cost_variant *variants =
        clv_product_options_of(product)->tasks[task].space->costs->variants;
    size_t count;
    const struct clv_config *list = clv_product_configs(product, task, &count);
    uint32_t best = list[0].variant;

    for (size_t i = 1; i < count; i++) {
        if (is_better(&variants[list[i].variant], &variants[best])) {
            best = list[i].variant;
        }
    }
    return best;
}

/* Where that variant is the most optimal, the task alone. */
static cleave_status place_variant(const struct clv_product *product,
                                   size_t task, uint32_t variant,
                                   uint32_t *ret_index, cleave_error *err)
{
    struct lonely l;
    size_t count = 0;
    const struct clv_config *list = NULL;
    uint32_t best = UINT32_MAX;
    double most = -1;
    cleave_status status = lonely_init(&l, product, task, err);

    if (status == CLEAVE_OK) {
        list = clv_product_configs(l.product, 0, &count);
    }
    for (uint32_t i = 0; i < count; i++) {
        double rate = clv_rass_rate(&l.rass, l.product, &i);
        if (list[i].variant == variant && rate > most) {
            best = i;
            most = rate;
        }
    }
    if (status == CLEAVE_OK && best == UINT32_MAX) {
        status = clv_fail(err, CLEAVE_NOT_FOUND, l.options.tasks->name,
                          "This architecture breaks a constraint wherever it "
                          "runs.");
    }
    if (status == CLEAVE_OK) {
        status = find_config(product, task, &list[best], ret_index, err);
    }
    clv_product_free(l.product);
    return status;
}

static cleave_status solve_single(const struct clv_solver_input *input,
                                  better_variant *is_better,
                                  uint32_t *ret_choice, cleave_error *err)
{
    size_t tasks = clv_product_options_of(input->product)->task_count;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < tasks; i++) {
        status = place_variant(input->product, i,
                               pick_variant(input->product, i, is_better),
                               &ret_choice[i], err);
    }
    return status;
}

static cleave_status solve_accurate(const struct clv_solver_input *input,
                                    uint32_t *ret_choice, cleave_error *err)
{
    return solve_single(input, is_more_accurate, ret_choice, err);
}

static cleave_status solve_small(const struct clv_solver_input *input,
                                 uint32_t *ret_choice, cleave_error *err)
{
    return solve_single(input, is_smaller, ret_choice, err);
}

/* -- Another machine's best -- */

static int same_name(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static int same_server(const struct clv_product_options *a, uint32_t x,
                       const struct clv_product_options *b, uint32_t y)
{
    return x < a->server_count && y < b->server_count
               ? same_name(a->servers[x], b->servers[y])
               : x == y;
}

/* How alike two configurations are; the variant counts most. */
static int likeness(const struct clv_product_options *here,
                    const struct clv_config *a,
                    const struct clv_product_options *there,
                    const struct clv_config *b, size_t task)
{
    const struct clv_costs *x = here->tasks[task].space->costs;
    const struct clv_costs *y = there->tasks[task].space->costs;

    return 8 * same_name(x->variants[a->variant].name,
                         y->variants[b->variant].name) +
           4 * (a->place == b->place) +
           2 * same_name(x->engines[a->engine], y->engines[b->engine]) +
           same_server(here, a->server, there, b->server);
}

static uint32_t most_alike(const struct clv_product *here,
                           const struct clv_product *there,
                           const struct clv_config *wanted, size_t task)
{
    size_t count;
    const struct clv_config *list = clv_product_configs(here, task, &count);
    uint32_t best = 0;
    int most = -1;

    for (uint32_t i = 0; i < count; i++) {
        int alike = likeness(clv_product_options_of(here), &list[i],
                             clv_product_options_of(there), wanted, task);
        if (alike > most) {
            best = i;
            most = alike;
        }
    }
    return best;
}

static cleave_status solve_transferred(const struct clv_solver_input *input,
                                       uint32_t *ret_choice, cleave_error *err)
{
    struct clv_solver_input there = {.product = input->elsewhere};
    uint32_t choice[CLV_SEATS];
    size_t tasks = clv_product_options_of(input->product)->task_count;
    cleave_status status;

    if (input->elsewhere == NULL ||
        clv_product_options_of(input->elsewhere)->task_count != tasks) {
        return clv_fail(err, CLEAVE_UNSUPPORTED, "transferred",
                        "There is no profile of another machine with the same "
                        "tasks: measure there with 'cleave profile', and name "
                        "that profile here.");
    }
    status = solve_rass(&there, choice, err);
    for (size_t i = 0; status == CLEAVE_OK && i < tasks; i++) {
        size_t count;
        const struct clv_config *list =
            clv_product_configs(input->elsewhere, i, &count);
        ret_choice[i] =
            most_alike(input->product, input->elsewhere, &list[choice[i]], i);
    }
    return status;
}

/* -- The table -- */

static const struct clv_solver solvers[] = {
    {"rass", "closest to the best of everything, by covariance", solve_rass},
    {"oodin", "greatest sum of scaled objectives", solve_oodin},
    {"best-accuracy", "each task's most accurate model, best placed alone",
     solve_accurate},
    {"best-size", "each task's smallest model, best placed alone", solve_small},
    {"transferred", "the best by another machine's profile", solve_transferred},
    {"contention-unaware", "each task's best as if it were alone",
     solve_unaware},
};

const struct clv_solver *clv_solvers(size_t *ret_count)
{
    *ret_count = LENGTH(solvers);
    return solvers;
}

static const char *name_at(const void *list, size_t index)
{
    (void)list;
    return solvers[index].name;
}

cleave_status clv_solver_find(const char *name,
                              const struct clv_solver **ret_solver,
                              cleave_error *err)
{
    char near[200];

    for (size_t i = 0; i < LENGTH(solvers); i++) {
        if (strcmp(solvers[i].name, name) == 0) {
            *ret_solver = &solvers[i];
            return CLEAVE_OK;
        }
    }
    clv_suggest(name, solvers, LENGTH(solvers), name_at, near, sizeof near);
    return clv_fail(err, CLEAVE_NOT_FOUND, name,
                    "There is no solver '%.40s'%s%s%s; known are rass, oodin, "
                    "best-accuracy, best-size, transferred and "
                    "contention-unaware.",
                    name, near[0] ? "; did you mean " : "", near,
                    near[0] ? "?" : "");
}

cleave_status clv_solver_run(const struct clv_solver *solver,
                             const struct clv_solver_input *input,
                             const struct clv_rass *rass,
                             struct clv_solution *ret_solution,
                             cleave_error *err)
{
    struct clv_solution s = {.optimality = 0};
    cleave_status status = solver->solve(input, s.choice, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    s.violation = clv_product_violation(input->product, s.choice, NULL);
    if (!(s.violation > 0)) {
        s.optimality = clv_rass_rate(rass, input->product, s.choice);
    }
    *ret_solution = s;
    return CLEAVE_OK;
}
