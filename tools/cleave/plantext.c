/*
 * plantext.c - a decision, for people.
 */
#include <math.h>
#include <stdio.h>

#include "planning.h"

static const enum clv_statistic columns[] = {
    CLV_STATISTIC_MEAN, CLV_STATISTIC_STD, CLV_STATISTIC_MIN,
    CLV_STATISTIC_P50,  CLV_STATISTIC_P90, CLV_STATISTIC_P95,
    CLV_STATISTIC_P99,  CLV_STATISTIC_MAX};

#define COLUMNS (sizeof columns / sizeof columns[0])

static const char *const column_names[COLUMNS] = {"mean", "std", "min", "p50",
                                                  "p90",  "p95", "p99", "max"};

static void print_conditions(const struct planning *p)
{
    const struct clv_conditions *c = &p->conditions;
    const struct clv_reach *r = &c->reach[0];
    char up[32];
    char down[32];
    char rtt[CLV_MEASURE_TEXT];
    char queue[CLV_MEASURE_TEXT];

    printf("%s: %s up, %s down, %s round trip; ", p->designs->task->name,
           decision_bandwidth_text(r->up_bps, up),
           decision_bandwidth_text(r->down_bps, down),
           clv_value_text(r->rtt_ns, CLV_UNIT_TIME, rtt));
    printf("load of the device %.3g, of the servers %.3g, queue %s\n",
           c->slowdown, r->slowdown,
           clv_value_text(r->queue_ns, CLV_UNIT_TIME, queue));
}

static void print_wishes(const struct planning *p)
{
    const struct clv_slo *slo = &p->designs->task->slo;
    char text[2 * CLV_MEASURE_TEXT];

    for (size_t i = 0; i < slo->objective_count; i++) {
        const struct clv_objective *o = &slo->objectives[i];
        printf("%s%s %s", i > 0 ? ", " : "",
               o->maximize ? "maximize" : "minimize",
               clv_measure_text(o->measure, text));
        if (o->weight > 0) {
            printf(" (weight %.3g)", o->weight);
        }
    }
    for (size_t i = 0; i < slo->constraint_count; i++) {
        printf("; %s", clv_constraint_text(&slo->constraints[i], text));
    }
    printf("\n\n");
}

static int is_known(enum clv_metric metric, double value)
{
    return isfinite(value) &&
           (value != CLV_UNKNOWN || metric == CLV_METRIC_DROP);
}

static int has_statistics(enum clv_metric metric)
{
    return clv_measure_exists((struct clv_measure){metric, CLV_STATISTIC_P50});
}

/* A metric's row: all its statistics, or the one that it has. */
static void print_metric(const struct planning *p, enum clv_metric metric)
{
    struct clv_measure measure = {metric, CLV_STATISTIC_MEAN};
    size_t candidate = p->choice.candidate;
    char text[CLV_MEASURE_TEXT];
    double mean =
        decision_value(p->designs, candidate, &p->conditions, measure);

    printf("  %-13s", clv_metric_name(metric));
    if (!is_known(metric, mean)) {
        printf("  not known\n");
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        double value;
        measure.statistic = columns[i];
        if (clv_measure_exists(measure)) {
            value =
                decision_value(p->designs, candidate, &p->conditions, measure);
            clv_value_text(value, clv_metric_unit(metric), text);
            printf(" %9s", text);
        } else if (has_statistics(metric)) {
            printf(" %9s", "");
        }
    }
    printf("\n");
}

static void print_terms(const struct planning *p)
{
    const struct clv_terms t =
        clv_terms_of(&p->designs->space, p->choice.candidate, &p->conditions);
    const struct {
        const char *name;
        double ns;
    } terms[] = {{"device", t.device_ns},
                 {"up", t.up_ns},
                 {"queue", t.queue_ns},
                 {"server", t.server_ns},
                 {"down", t.down_ns}};
    char text[CLV_MEASURE_TEXT];

    printf("  latency is");
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        printf("%s %s %s", i > 0 ? " +" : "", terms[i].name,
               clv_value_text(terms[i].ns, CLV_UNIT_TIME, text));
    }
    printf("\n");
}

static void print_chosen(const struct planning *p)
{
    char text[CLV_DESIGN_TEXT];

    printf("%s takes, of %zu designs,\n\n  %s\n\n", p->policy->name,
           p->designs->space.count,
           clv_design_text(&p->designs->space, p->choice.candidate, text));
    printf("  %-13s", "");
    for (size_t i = 0; i < COLUMNS; i++) {
        printf(" %9s", column_names[i]);
    }
    printf("\n");
    /* from ntt on, metrics tell of several tasks */
    for (int m = 0; m < CLV_METRIC_NTT; m++) {
        print_metric(p, (enum clv_metric)m);
    }
    print_terms(p);
}

static void print_constraints(const struct planning *p)
{
    const struct clv_slo *slo = &p->designs->task->slo;
    char text[2 * CLV_MEASURE_TEXT];
    char value_text[CLV_MEASURE_TEXT];

    printf("\n");
    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        double value = decision_value(p->designs, p->choice.candidate,
                                      &p->conditions, c->measure);
        int meets =
            decision_meets(p->designs, p->choice.candidate, &p->conditions, c);
        printf("  %-28s %s, %s\n", clv_constraint_text(c, text),
               meets ? "met" : "NOT MET",
               is_known(c->measure.metric, value)
                   ? clv_value_text(value, clv_metric_unit(c->measure.metric),
                                    value_text)
                   : "not known");
    }
}

static void print_rival(const struct planning *p, const struct clv_loss *loss)
{
    const struct clv_slo *slo = &p->designs->task->slo;
    char text[CLV_DESIGN_TEXT];
    char value[CLV_MEASURE_TEXT];

    printf("  %10s  %-48s ", planning_value_text(p, loss->value, value),
           clv_design_text(&p->designs->space, loss->candidate, text));
    if (loss->broken >= 0) {
        printf("breaks %s\n",
               clv_constraint_text(&slo->constraints[loss->broken], text));
    } else {
        printf("%s, %s more\n", loss->term,
               clv_value_text(loss->term_excess, CLV_UNIT_TIME, value));
    }
}

static void print_rivals(const struct planning *p)
{
    char text[CLV_MEASURE_TEXT];

    printf("\nnext, by %s, and where they lose\n\n",
           clv_measure_text(p->designs->task->slo.objectives[0].measure, text));
    for (size_t i = 0; i < p->rival_count; i++) {
        print_rival(p, &p->rivals[i]);
    }
    if (p->rival_count == 0) {
        printf("  there is no other\n");
    }
}

void plantext_print(const struct planning *planning, int explain)
{
    print_conditions(planning);
    print_wishes(planning);
    print_chosen(planning);
    print_constraints(planning);
    if (explain) {
        print_rivals(planning);
    }
}

static void print_policy(const struct planning *p, double reference)
{
    const struct clv_slo *slo = &p->designs->task->slo;
    char text[CLV_DESIGN_TEXT];
    char value_text[CLV_MEASURE_TEXT];
    double value;

    if (p->scheduler == NULL) {
        printf("%-13s %10s %7s  knows no design\n", p->policy->name, "-", "-");
        return;
    }
    value = planning_value(p, p->choice.candidate);
    printf("%-13s %10s %7.2f  %s", p->policy->name,
           planning_value_text(p, value, value_text),
           slo->objectives[0].maximize ? reference / value : value / reference,
           clv_design_text(&p->designs->space, p->choice.candidate, text));
    if (p->is_bound_broken >= 0) {
        printf("; breaks %s", clv_constraint_text(
                                  &slo->constraints[p->is_bound_broken], text));
    }
    printf("\n");
}

void plantext_compare(const struct planning *plannings, size_t count)
{
    const struct planning *first = &plannings[0];
    char text[CLV_MEASURE_TEXT];
    double reference = first->scheduler != NULL
                           ? planning_value(first, first->choice.candidate)
                           : NAN;

    print_conditions(first);
    print_wishes(first);
    printf(
        "%-13s %10s %7s  design\n", "policy",
        clv_measure_text(first->designs->task->slo.objectives[0].measure, text),
        "times");
    for (size_t i = 0; i < count; i++) {
        print_policy(&plannings[i], reference);
    }
}
