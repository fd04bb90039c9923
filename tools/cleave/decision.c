/*
 * decision.c - what planning and simulating begin with.
 */
#include "decision.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"

#define BPS_MOST 1e13
#define LOAD_MOST 1e4
#define TIME_MOST_NS 3600e9
#define MOMENT_MOST_NS 1e18

cleave_status decision_check(const struct settings *settings, cleave_error *err)
{
    if (settings->rest_count != 1) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "One application file is needed, %zu were given. Try "
                        "--help.",
                        settings->rest_count);
    }
    if (settings->db == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "--db",
                        "Say where the profile is; `cleave profile` makes "
                        "one.");
    }
    return CLEAVE_OK;
}

cleave_status decision_open(const struct settings *settings,
                            struct decision *decision, cleave_error *err)
{
    cleave_status status =
        clv_application_read(settings->rest[0], &decision->application, err);

    if (status == CLEAVE_OK) {
        status = clv_designs_load(decision->application, settings->task,
                                  settings->db, &decision->designs, err);
    }
    if (status == CLEAVE_OK && decision->designs->note[0] != '\0') {
        fprintf(stderr, "cleave: %s: %s\n", settings->db,
                decision->designs->note);
    }
    return status;
}

void decision_close(struct decision *decision)
{
    clv_designs_free(decision->designs);
    clv_application_free(decision->application);
}

/* -- Conditions -- */

cleave_status decision_bandwidth(const char *flag, const char *text,
                                 double *ret_bps, cleave_error *err)
{
    static const struct {
        const char *name;
        double factor;
    } units[] = {{"bps", 1}, {"kbps", 1e3}, {"Mbps", 1e6}, {"Gbps", 1e9}};
    double value = 0;
    const char *end = clv_decimal_read(text, &value);

    for (size_t i = 0; end != NULL && i < sizeof units / sizeof units[0]; i++) {
        double bps = value * units[i].factor;
        if (strcmp(end, units[i].name) == 0 && bps > 0 && bps <= BPS_MOST) {
            *ret_bps = bps;
            return CLEAVE_OK;
        }
    }
    return clv_fail(err, CLEAVE_INVALID, flag,
                    "'%.100s' is not a bandwidth such as 800kbps or 12.4Mbps.",
                    text);
}

const char *decision_bandwidth_text(double bps, char into[32])
{
    static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
    size_t i = 0;

    while (i < 3 && bps >= 1000) {
        bps /= 1000;
        i++;
    }
    snprintf(into, 32, "%.3g %s", bps, units[i]);
    return into;
}

cleave_status decision_load(const char *flag, const char *text,
                            double *ret_load, cleave_error *err)
{
    double load = 1;
    const char *end = text != NULL ? clv_decimal_read(text, &load) : NULL;

    if (text == NULL) {
        return CLEAVE_OK;
    }
    if (end == NULL || *end != '\0' || !(load > 0 && load <= LOAD_MOST)) {
        return clv_fail(err, CLEAVE_INVALID, flag,
                        "'%.100s' is not a factor such as 1.5: how much "
                        "slower than as profiled.",
                        text);
    }
    *ret_load = load;
    return CLEAVE_OK;
}

cleave_status decision_moment(const char *flag, const char *text,
                              int64_t *ret_ns, cleave_error *err)
{
    double ns;

    if (clv_value_parse(text, CLV_UNIT_TIME, &ns, NULL) != CLEAVE_OK ||
        ns > MOMENT_MOST_NS) {
        return clv_fail(err, CLEAVE_INVALID, flag,
                        "'%.100s' is not a time such as 25ms or 30s.", text);
    }
    *ret_ns = (int64_t)(ns + 0.5);
    return CLEAVE_OK;
}

cleave_status decision_stretch(const char *flag, const char *text,
                               int64_t *ret_from_ns, int64_t *ret_to_ns,
                               cleave_error *err)
{
    const char *dots = strstr(text, "..");
    char from[32];
    int64_t from_ns = 0;
    int64_t to_ns = 0;
    cleave_status status;

    if (dots == NULL || dots - text >= (ptrdiff_t)sizeof from) {
        return clv_fail(err, CLEAVE_INVALID, flag,
                        "'%.100s' is not a stretch of time such as 30s..40s.",
                        text);
    }
    memcpy(from, text, (size_t)(dots - text));
    from[dots - text] = '\0';
    status = decision_moment(flag, from, &from_ns, err);
    if (status == CLEAVE_OK) {
        status = decision_moment(flag, dots + 2, &to_ns, err);
    }
    if (status == CLEAVE_OK && to_ns <= from_ns) {
        status = clv_fail(err, CLEAVE_INVALID, flag,
                          "'%.100s' ends before it begins.", text);
    }
    if (status == CLEAVE_OK) {
        *ret_from_ns = from_ns;
        *ret_to_ns = to_ns;
    }
    return status;
}

static cleave_status parse_time(const char *flag, const char *text,
                                double *ret_ns, cleave_error *err)
{
    cleave_error inner = CLEAVE_ERROR_INIT;
    double ns = 0;

    if (text == NULL) {
        return CLEAVE_OK;
    }
    if (clv_value_parse(text, CLV_UNIT_TIME, &ns, &inner) != CLEAVE_OK ||
        !(ns >= 0 && ns <= TIME_MOST_NS)) {
        return clv_fail(err, CLEAVE_INVALID, flag,
                        "'%.100s' is not a time such as 53ms or 1.5s.", text);
    }
    *ret_ns = ns;
    return CLEAVE_OK;
}

static cleave_status parse_reach(const struct settings *s,
                                 struct clv_reach *reach, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (s->bandwidth != NULL) {
        status = decision_bandwidth("--bandwidth", s->bandwidth, &reach->up_bps,
                                    err);
        reach->down_bps = reach->up_bps;
    }
    if (status == CLEAVE_OK && s->down_bandwidth != NULL) {
        status = decision_bandwidth("--down-bandwidth", s->down_bandwidth,
                                    &reach->down_bps, err);
    }
    if (status == CLEAVE_OK) {
        status = parse_time("--rtt", s->rtt, &reach->rtt_ns, err);
    }
    if (status == CLEAVE_OK) {
        status = parse_time("--queue", s->server_queue, &reach->queue_ns, err);
    }
    if (status == CLEAVE_OK) {
        status = decision_load("--server-load", s->server_load,
                               &reach->slowdown, err);
    }
    return status;
}

cleave_status decision_conditions(const struct settings *settings,
                                  size_t server_count,
                                  struct clv_conditions *ret_conditions,
                                  cleave_error *err)
{
    struct clv_conditions c = clv_conditions_reference(server_count);
    cleave_status status = parse_reach(settings, &c.reach[0], err);

    if (status == CLEAVE_OK) {
        status = decision_load("--device-load", settings->device_load,
                               &c.slowdown, err);
    }
    if (status != CLEAVE_OK) {
        return status;
    }
    for (size_t i = 1; i < server_count && i < CLV_SERVERS; i++) {
        c.reach[i] = c.reach[0];
    }
    *ret_conditions = c;
    return CLEAVE_OK;
}

/* -- Constraints -- */

double decision_value(const struct clv_designs *designs, size_t candidate,
                      const struct clv_conditions *conditions,
                      struct clv_measure measure)
{
    if (measure.metric == CLV_METRIC_DROP &&
        designs->task->slo.accuracy_surely) {
        return designs->space.candidates[candidate].drop_high_pp;
    }
    return clv_predict(&designs->space, candidate, conditions, measure);
}

int decision_meets(const struct clv_designs *designs, size_t candidate,
                   const struct clv_conditions *conditions,
                   const struct clv_constraint *constraint)
{
    double value =
        decision_value(designs, candidate, conditions, constraint->measure);

    if (value == CLV_UNKNOWN && constraint->measure.metric != CLV_METRIC_DROP) {
        return 0;
    }
    return constraint->at_least ? value >= constraint->bound
                                : value <= constraint->bound;
}

static int meets_others(const struct clv_designs *designs, size_t candidate,
                        const struct clv_conditions *conditions, size_t but)
{
    const struct clv_slo *slo = &designs->task->slo;
    int meets = 1;

    for (size_t i = 0; meets && i < slo->constraint_count; i++) {
        meets = i == but || decision_meets(designs, candidate, conditions,
                                           &slo->constraints[i]);
    }
    return meets;
}

size_t decision_best_in(const struct clv_designs *designs,
                        const struct clv_policy *policy,
                        const struct clv_conditions *conditions,
                        size_t constraint)
{
    const struct clv_space *space = &designs->space;
    const struct clv_constraint *c =
        &designs->task->slo.constraints[constraint];
    size_t best = CLV_NONE;
    double best_value = c->at_least ? -INFINITY : INFINITY;

    for (size_t i = 0; i < space->count; i++) {
        double value;
        if (!policy->knows(space, i) ||
            !meets_others(designs, i, conditions, constraint)) {
            continue;
        }
        value = decision_value(designs, i, conditions, c->measure);
        if (value == CLV_UNKNOWN && c->measure.metric != CLV_METRIC_DROP) {
            continue;
        }
        if (c->at_least ? value > best_value : value < best_value) {
            best = i;
            best_value = value;
        }
    }
    return best;
}
