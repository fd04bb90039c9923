/*
 * solverjson.c - what all tasks together would run, for programs: one JSON
 * object on a line.
 *
 * Values are in the metrics' base units, as planjson.c has them; what nobody
 * has measured is left out.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "planning.h"
#include "plansolver.h"

static void put_value(json_t *object, const char *key, double value,
                      enum clv_metric metric)
{
    if (isfinite(value) &&
        (value != CLV_UNKNOWN || metric == CLV_METRIC_DROP)) {
        json_object_set_new(object, key, json_real(value));
    }
}

static const char *task_name(const struct plansolver *p, uint32_t task)
{
    return task == CLV_ALL_TASKS ? "all" : p->blueprint->task_names[task];
}

static json_t *config_json(const struct plansolver *p, size_t task,
                           const struct clv_config *c)
{
    static const char *const places[] = {"device", "cut", "server"};
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:s}", "task", p->blueprint->task_names[task],
        "variant", plansolver_variant(p, task, c), "engine",
        plansolver_engine(p, task, c), "place", places[c->place]);

    if (c->server != CLV_NO_SERVER) {
        json_object_set_new(object, "server",
                            json_string(p->blueprint->server_names[c->server]));
    }
    return object;
}

static json_t *configs_json(const struct plansolver *p,
                            const struct clv_config *configs)
{
    json_t *list = json_array();

    for (size_t t = 0; t < p->application->task_count; t++) {
        json_array_append_new(list, config_json(p, t, &configs[t]));
    }
    return list;
}

static json_t *choice_json(const struct plansolver *p, const uint32_t *choice)
{
    struct clv_config configs[CLV_SEATS];

    for (size_t t = 0; t < p->application->task_count; t++) {
        size_t count;
        configs[t] = clv_product_configs(p->now.product, t, &count)[choice[t]];
    }
    return configs_json(p, configs);
}

static json_t *goals_json(const struct plansolver *p,
                          const struct clv_product *product,
                          const uint32_t *choice)
{
    const struct clv_goals *g = &p->blueprint->goals;
    json_t *list = json_array();

    for (size_t i = 0; i < g->goal_count; i++) {
        const struct clv_goal *goal = &g->goals[i];
        char text[CLV_MEASURE_TEXT];
        json_t *object = json_pack(
            "{s:s, s:s, s:b}", "task", task_name(p, goal->task), "measure",
            clv_measure_text(goal->measure, text), "maximize", goal->maximize);
        double value =
            clv_product_value(product, choice, goal->task, goal->measure);
        put_value(object, "value", value, goal->measure.metric);
        json_object_set_new(object, "scaled",
                            json_real(plansolver_scaled(p, i, value)));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *bounds_json(const struct plansolver *p,
                           const struct clv_product *product,
                           const uint32_t *choice)
{
    const struct clv_goals *g = &p->blueprint->goals;
    json_t *list = json_array();

    for (size_t i = 0; i < g->bound_count; i++) {
        const struct clv_bound *b = &g->bounds[i];
        char text[2 * CLV_MEASURE_TEXT];
        json_t *object =
            json_pack("{s:s, s:s, s:f}", "task", task_name(p, b->task),
                      "constraint", clv_constraint_text(&b->constraint, text),
                      "bound", b->constraint.bound);
        put_value(
            object, "value",
            clv_product_value(product, choice, b->task, b->constraint.measure),
            b->constraint.measure.metric);
        json_array_append_new(list, object);
    }
    return list;
}

/* -- What is kept -- */

static json_t *roles_json(const struct plansolver *p, unsigned roles)
{
    json_t *list = json_array();
    char text[64];

    if (roles & CLV_ROLE_BEST) {
        json_array_append_new(list, json_string("best"));
    }
    for (size_t i = 0; i < p->switching->processors; i++) {
        if (roles & (unsigned)CLV_ROLE_AVOIDS << i) {
            snprintf(text, sizeof text, "avoids %s", p->switching->names[i]);
            json_array_append_new(list, json_string(text));
        }
    }
    if (roles & CLV_ROLE_MEMORY) {
        json_array_append_new(list, json_string("memory"));
    }
    if (roles & CLV_ROLE_WORKLOAD) {
        json_array_append_new(list, json_string("workload"));
    }
    if (roles & CLV_ROLE_STATE) {
        json_array_append_new(list, json_string("state"));
    }
    return list;
}

static json_t *kept_json(struct plansolver *p, size_t index)
{
    const struct clv_kept *k = &p->switching->kept[index];
    uint32_t choice[CLV_SEATS];
    const struct clv_product *product =
        clv_outlook_place(&p->now, k->configs, choice);
    json_t *object = json_pack(
        "{s:I, s:o, s:f, s:I, s:o}", "design", (json_int_t)index, "roles",
        roles_json(p, k->roles), "optimality", k->optimality, "states",
        (json_int_t)k->states, "configurations", configs_json(p, k->configs));

    put_value(object, "memory_bytes", k->memory_bytes, CLV_METRIC_MEMORY);
    put_value(object, "workload", k->workload, CLV_METRIC_WORKLOAD);
    put_value(object, "size_bytes", k->size_bytes, CLV_METRIC_SIZE);
    if (product != NULL) {
        json_object_set_new(object, "objectives",
                            goals_json(p, product, choice));
        json_object_set_new(object, "constraints",
                            bounds_json(p, product, choice));
    }
    return object;
}

/* -- The table -- */

static json_t *state_json(const struct plansolver *p, size_t number)
{
    const struct clv_switching *t = p->switching;
    const struct clv_state_entry *e = &t->entries[number];
    struct clv_state state;
    char text[CLV_STATE_TEXT];
    json_t *object;

    clv_state_of(t, number, &state);
    object = json_pack(
        "{s:s, s:i, s:b, s:b, s:f, s:f}", "state",
        clv_state_text(t, &state, p->blueprint->options.product.servers, text),
        "design", (int)e->design, "feasible", e->is_feasible, "forced",
        e->is_forced, "share", (double)e->share, "paper_share",
        (double)e->paper_share);
    if (!e->is_feasible) {
        json_object_set_new(object, "violation",
                            json_real((double)e->violation));
    }
    return object;
}

static json_t *switches_json(const struct clv_switching *t)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < t->kept_count; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < t->kept_count; j++) {
            json_array_append_new(row, json_string(clv_switch_kind_text(
                                           clv_switching_kind(t, i, j))));
        }
        json_array_append_new(rows, row);
    }
    return rows;
}

static void put_table(json_t *object, struct plansolver *p)
{
    const struct clv_switching *t = p->switching;
    json_t *kept = json_array();
    json_t *states = json_array();

    for (size_t i = 0; i < t->kept_count; i++) {
        json_array_append_new(kept, kept_json(p, i));
    }
    for (size_t i = 0; i < t->state_count; i++) {
        json_array_append_new(states, state_json(p, i));
    }
    json_object_set_new(object, "kept", kept);
    json_object_set_new(object, "kept_by_paper",
                        json_integer((json_int_t)t->paper_count));
    json_object_set_new(object, "states", states);
    json_object_set_new(object, "switches", switches_json(t));
    json_object_set_new(object, "now", state_json(p, p->state));
    json_object_set_new(object, "luggage",
                        json_pack("{s:f, s:f, s:f, s:f}", "kept_sizes_bytes",
                                  t->kept_sizes_bytes, "all_sizes_bytes",
                                  t->all_sizes_bytes, "kept_memory_bytes",
                                  t->kept_memory_bytes, "all_memory_bytes",
                                  t->all_memory_bytes));
}

/* -- Solvers and rivals -- */

static json_t *row_json(const struct plansolver *p,
                        const struct plansolver_row *row)
{
    double best = p->rows[0].solution.optimality;
    json_t *object = json_pack("{s:s}", "solver", row->solver->name);

    if (row->lacks[0] != '\0') {
        json_object_set_new(object, "lacks", json_string(row->lacks));
        return object;
    }
    json_object_set_new(object, "feasible",
                        json_boolean(row->solution.violation <= 0));
    json_object_set_new(object, "optimality",
                        json_real(row->solution.optimality));
    if (row->solution.optimality > 0) {
        json_object_set_new(object, "times",
                            json_real(best / row->solution.optimality));
    }
    json_object_set_new(object, "configurations",
                        choice_json(p, row->solution.choice));
    json_object_set_new(object, "objectives",
                        goals_json(p, p->now.product, row->solution.choice));
    return object;
}

static json_t *rivals_json(const struct plansolver *p)
{
    json_t *list = json_array();

    for (size_t i = 0; i < p->rival_count; i++) {
        const struct plansolver_rival *r = &p->rivals[i];
        size_t worst = plansolver_loses_in(p, r->choice);
        json_t *object =
            json_pack("{s:f, s:o, s:o}", "optimality", r->optimality,
                      "configurations", choice_json(p, r->choice), "objectives",
                      goals_json(p, p->now.product, r->choice));
        if (worst != SIZE_MAX) {
            json_object_set_new(object, "loses_in",
                                json_integer((json_int_t)worst));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *plan_json(struct plansolver *p)
{
    json_t *object =
        json_pack("{s:s, s:b, s:f, s:I, s:f}", "solver", p->settings->solver,
                  "feasible", 1, "designs", clv_product_size(p->now.product),
                  "feasible_designs", (json_int_t)p->now.rass.feasible,
                  "shrinkage", p->now.rass.yardstick.shrinkage);
    json_t *rows = json_array();

    for (size_t i = 0; i < p->row_count; i++) {
        json_array_append_new(rows, row_json(p, &p->rows[i]));
    }
    json_object_set_new(object, "solvers", rows);
    if (p->switching != NULL) {
        put_table(object, p);
    }
    if (p->settings->explain) {
        json_object_set_new(object, "rivals", rivals_json(p));
    }
    if (p->blueprint->note[0] != '\0') {
        json_object_set_new(object, "note", json_string(p->blueprint->note));
    }
    return object;
}

cleave_status solverjson_obstacle(const struct plansolver *p,
                                  const cleave_error *why, cleave_error *err)
{
    return planjson_line(
        json_pack("{s:s, s:f, s:b, s:{s:s, s:s}, s:{s:o, s:o}}", "solver",
                  p->settings->solver, "designs",
                  clv_product_size(p->now.product), "feasible", 0, "in_the_way",
                  "where", why->where, "text", why->text, "nearest",
                  "configurations", choice_json(p, p->now.choice),
                  "constraints", bounds_json(p, p->now.product, p->now.choice)),
        err);
}

cleave_status solverjson_print(struct plansolver *p, cleave_error *err)
{
    return planjson_line(plan_json(p), err);
}
