/*
 * planjson.c - a decision, for programs: one JSON object on a line.
 *
 * Values are in the metrics' base units (plan/metric.h): nanoseconds, bytes,
 * joules, shares, points. What nobody has measured is left out.
 */
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/fail.h"
#include "planning.h"

static const char *const unit_names[] = {
    [CLV_UNIT_TIME] = "ns",     [CLV_UNIT_RATE] = "per_s",
    [CLV_UNIT_BYTES] = "bytes", [CLV_UNIT_ENERGY] = "J",
    [CLV_UNIT_POINTS] = "pp",   [CLV_UNIT_SHARE] = "share",
    [CLV_UNIT_COUNT] = "count"};

static const char *const statistic_names[] = {
#define X(name, text) text,
    CLV_STATISTIC_LIST(X)
#undef X
};

static int is_known(enum clv_metric metric, double value)
{
    return isfinite(value) &&
           (value != CLV_UNKNOWN || metric == CLV_METRIC_DROP);
}

static json_t *conditions_json(const struct clv_conditions *c)
{
    const struct clv_reach *r = &c->reach[0];

    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f}", "up_bps", r->up_bps,
                     "down_bps", r->down_bps, "rtt_ns", r->rtt_ns, "queue_ns",
                     r->queue_ns, "device_load", c->slowdown, "server_load",
                     r->slowdown);
}

static json_t *metric_json(const struct planning *p, size_t candidate,
                           enum clv_metric metric)
{
    json_t *object =
        json_pack("{s:s}", "unit", unit_names[clv_metric_unit(metric)]);
    size_t known = 0;

    for (int s = 0; s < CLV_STATISTIC_COUNT; s++) {
        struct clv_measure measure = {metric, (enum clv_statistic)s};
        double value;
        if (!clv_measure_exists(measure)) {
            continue;
        }
        value = decision_value(p->designs, candidate, &p->conditions, measure);
        if (is_known(metric, value)) {
            json_object_set_new(object, statistic_names[s], json_real(value));
            known++;
        }
    }
    if (known == 0) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static json_t *metrics_json(const struct planning *p, size_t candidate)
{
    json_t *object = json_object();

    /* from ntt on, metrics tell of several tasks */
    for (int m = 0; m < CLV_METRIC_NTT; m++) {
        json_t *metric = metric_json(p, candidate, (enum clv_metric)m);
        if (metric != NULL) {
            json_object_set_new(object, clv_metric_name((enum clv_metric)m),
                                metric);
        }
    }
    return object;
}

static json_t *terms_json(const struct clv_terms *t)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f}", "device_ns", t->device_ns,
                     "up_ns", t->up_ns, "queue_ns", t->queue_ns, "server_ns",
                     t->server_ns, "down_ns", t->down_ns);
}

/* A design with its parts by name, and all that is predicted of it. */
static json_t *design_json(const struct planning *p, size_t candidate)
{
    const struct clv_space *space = &p->designs->space;
    const struct clv_costs *costs = space->costs;
    const struct clv_candidate *c = &space->candidates[candidate];
    const struct clv_terms terms =
        clv_terms_of(space, candidate, &p->conditions);
    char text[CLV_DESIGN_TEXT];
    char packing[CLV_PACKING_TEXT];
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s}", "design",
                  clv_design_text(space, candidate, text), "variant",
                  costs->variants[c->variant].name, "engine",
                  costs->engines[c->engine], "cut", costs->cuts[c->cut].name);

    if (c->pack != CLV_NO_PACK) {
        json_object_set_new(object, "packing",
                            json_string(clv_packing_text(
                                &costs->packs[c->pack].packing, packing)));
    }
    if (c->server != CLV_NO_SERVER) {
        json_object_set_new(object, "server",
                            json_string(costs->servers[c->server]));
    }
    json_object_set_new(object, "metrics", metrics_json(p, candidate));
    json_object_set_new(object, "terms", terms_json(&terms));
    return object;
}

static json_t *constraints_json(const struct planning *p)
{
    const struct clv_slo *slo = &p->designs->task->slo;
    json_t *list = json_array();

    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        char text[2 * CLV_MEASURE_TEXT];
        double value = decision_value(p->designs, p->choice.candidate,
                                      &p->conditions, c->measure);
        json_t *object = json_pack(
            "{s:s, s:f, s:b}", "constraint", clv_constraint_text(c, text),
            "bound", c->bound, "met",
            decision_meets(p->designs, p->choice.candidate, &p->conditions, c));
        if (is_known(c->measure.metric, value)) {
            json_object_set_new(object, "value", json_real(value));
        }
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *rivals_json(const struct planning *p)
{
    const struct clv_slo *slo = &p->designs->task->slo;
    json_t *list = json_array();

    for (size_t i = 0; i < p->rival_count; i++) {
        const struct clv_loss *loss = &p->rivals[i];
        json_t *object = design_json(p, loss->candidate);
        char text[2 * CLV_MEASURE_TEXT];
        if (isfinite(loss->value)) {
            json_object_set_new(object, "value", json_real(loss->value));
        }
        if (loss->broken >= 0) {
            json_object_set_new(object, "breaks",
                                json_string(clv_constraint_text(
                                    &slo->constraints[loss->broken], text)));
        }
        if (loss->term != NULL && isfinite(loss->term_excess)) {
            json_object_set_new(object, "term", json_string(loss->term));
            json_object_set_new(object, "term_excess_ns",
                                json_real(loss->term_excess));
        }
        json_array_append_new(list, object);
    }
    return list;
}

/* The constraint in the way, and the best that is possible in it. */
static json_t *blame_json(const struct planning *p)
{
    const struct clv_constraint *c =
        &p->designs->task->slo.constraints[p->blamed];
    char text[2 * CLV_MEASURE_TEXT];
    json_t *object =
        json_pack("{s:s}", "constraint", clv_constraint_text(c, text));

    if (p->best_blamed != CLV_NONE) {
        json_object_set_new(
            object, "best",
            json_real(decision_value(p->designs, p->best_blamed, &p->conditions,
                                     c->measure)));
        json_object_set_new(object, "design", design_json(p, p->best_blamed));
    }
    return object;
}

/* The first objective's value, and its ratio to `reference`, if that is one:
   how many times worse. */
static void add_value(json_t *object, const struct planning *p,
                      double reference)
{
    const struct clv_objective *first = &p->designs->task->slo.objectives[0];
    double value = planning_value(p, p->choice.candidate);
    double times = first->maximize ? reference / value : value / reference;
    char text[CLV_MEASURE_TEXT];

    json_object_set_new(object, "objective",
                        json_string(clv_measure_text(first->measure, text)));
    if (isfinite(value)) {
        json_object_set_new(object, "value", json_real(value));
    }
    if (isfinite(times)) {
        json_object_set_new(object, "times", json_real(times));
    }
}

static json_t *planning_json(const struct planning *p, double reference)
{
    json_t *object = json_pack(
        "{s:s, s:s, s:o, s:I, s:I}", "task", p->designs->task->name, "policy",
        p->policy->name, "conditions", conditions_json(&p->conditions),
        "designs", (json_int_t)p->designs->space.count, "considered",
        (json_int_t)p->considered);

    if (p->designs->note[0] != '\0') {
        json_object_set_new(object, "note", json_string(p->designs->note));
    }
    if (p->scheduler == NULL) {
        return object;
    }
    json_object_set_new(object, "feasible",
                        json_boolean(p->is_bound_broken < 0));
    add_value(object, p, reference);
    json_object_set_new(object, "chosen", design_json(p, p->choice.candidate));
    json_object_set_new(object, "constraints", constraints_json(p));
    json_object_set_new(object, "rivals", rivals_json(p));
    if (!p->choice.is_feasible) {
        json_object_set_new(object, "in_the_way", blame_json(p));
    }
    return object;
}

cleave_status planjson_line(json_t *json, cleave_error *err)
{
    int failed =
        json == NULL ||
        json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9)) != 0;

    printf("\n");
    json_decref(json);
    return failed ? clv_fail(err, CLEAVE_IO, "plan",
                             "The plan could not be written.")
                  : CLEAVE_OK;
}

cleave_status planjson_print(const struct planning *planning, cleave_error *err)
{
    return planjson_line(planning_json(planning, NAN), err);
}

cleave_status planjson_compare(const struct planning *plannings, size_t count,
                               cleave_error *err)
{
    json_t *list = json_array();
    double reference =
        plannings[0].scheduler != NULL
            ? planning_value(&plannings[0], plannings[0].choice.candidate)
            : NAN;

    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, planning_json(&plannings[i], reference));
    }
    return planjson_line(list, err);
}
