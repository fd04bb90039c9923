/*
 * crowdsum.c - the summary of a run of several tasks.
 *
 * Everything is of what was measured in this run: the statistics of the time
 * together, NTT against each task alone, ANTT, STP and fairness of those
 * (plan/multitask.h). A number that was not measured is left out, or "-".
 */
#include "crowdsum.h"

#include <math.h>
#include <stdio.h>

#include "plan/multitask.h"
#include "report.h"

/* Each task's, and of all. */
static struct clv_multitask compare(struct crowdlog *log)
{
    double ntt[CLV_TASKS];
    size_t count = log->application->task_count;

    for (size_t i = 0; i < count; i++) {
        struct crowdlog_task *t = &log->tasks[i];
        double joint =
            t->joint > 0 ? t->joint_ns / (double)t->joint : CLV_UNKNOWN;
        double alone = t->alone.times > 0 ? clv_outcomes_times(&t->alone).mean
                                          : CLV_UNKNOWN;
        t->ntt = ntt[i] = clv_multitask_ntt(joint, alone);
    }
    return clv_multitask_of(ntt, count);
}

static double of_all(const struct clv_multitask *m, enum clv_metric metric)
{
    return metric == CLV_METRIC_ANTT       ? m->antt
           : metric == CLV_METRIC_STP      ? m->stp
           : metric == CLV_METRIC_FAIRNESS ? m->fairness
                                           : CLV_UNKNOWN;
}

/* What a constraint came to: of a task, or of all where `task` is NULL. */
static double measured(struct crowdlog_task *task,
                       const struct clv_multitask *all,
                       const struct clv_constraint *constraint)
{
    if (task == NULL) {
        return of_all(all, constraint->measure.metric);
    }
    return constraint->measure.metric == CLV_METRIC_NTT
               ? task->ntt
               : clv_outcomes_measured(&task->together, constraint->measure,
                                       task->seconds);
}

static int is_kept(const struct clv_constraint *constraint, double value)
{
    return constraint->at_least ? value >= constraint->bound
                                : value <= constraint->bound;
}

static double rate_of(const struct crowdlog_task *task)
{
    return task->seconds > 0 ? (double)task->together.done / task->seconds : 0;
}

static double accuracy_of(const struct clv_outcomes *tally)
{
    return tally->labelled > 0 ? (double)tally->right / (double)tally->labelled
                               : CLV_UNKNOWN;
}

static double per_inference(const struct clv_outcomes *tally, uint64_t sum)
{
    return tally->done > 0 ? (double)sum / (double)tally->done : 0;
}

/* -- JSON -- */

static void put(json_t *object, const char *key, double value)
{
    if (value >= 0 && isfinite(value)) {
        json_object_set_new(object, key, json_real(value));
    }
}

static json_t *spread_json(const struct clv_spread *s)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "mean",
                     s->mean / 1e6, "std", s->std / 1e6, "min", s->min / 1e6,
                     "max", s->max / 1e6, "p50", s->p50 / 1e6, "p90",
                     s->p90 / 1e6, "p95", s->p95 / 1e6, "p99", s->p99 / 1e6);
}

/* In the metric's base unit; `beyond` is the share that broke it. */
static json_t *constraints_json(const struct clv_slo *slo,
                                struct crowdlog_task *task,
                                const struct clv_multitask *all)
{
    json_t *list = json_array();

    for (size_t i = 0; i < slo->constraint_count; i++) {
        char text[2 * CLV_MEASURE_TEXT];
        double value = measured(task, all, &slo->constraints[i]);
        json_t *item =
            json_pack("{s:s}", "constraint",
                      clv_constraint_text(&slo->constraints[i], text));
        put(item, "measured", value);
        if (value >= 0) {
            json_object_set_new(
                item, "kept",
                json_boolean(is_kept(&slo->constraints[i], value)));
        }
        if (task != NULL) {
            put(item, "beyond", clv_outcomes_beyond(&task->together, i));
        }
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *task_json(const char *name, const struct clv_slo *slo,
                         struct crowdlog_task *t,
                         const struct clv_multitask *all)
{
    struct clv_outcomes *tally = &t->together;
    json_t *o = json_pack(
        "{s:o, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:f}", "task",
        report_text(name), "inputs", (json_int_t)(tally->done + tally->failed),
        "failed", (json_int_t)tally->failed, "missed",
        (json_int_t)tally->missed, "finished_here",
        (json_int_t)t->finished_here, "throughput", rate_of(t), "violations",
        clv_outcomes_breaking(tally), "bytes_up",
        per_inference(tally, tally->bytes_up), "bytes_down",
        per_inference(tally, tally->bytes_down));

    if (tally->times > 0) {
        struct clv_spread s = clv_outcomes_times(tally);
        json_object_set_new(o, "latency_ms", spread_json(&s));
    }
    if (t->alone.times > 0) {
        struct clv_spread s = clv_outcomes_times(&t->alone);
        json_object_set_new(o, "alone_ms", spread_json(&s));
    }
    put(o, "ntt", t->ntt);
    put(o, "late", clv_outcomes_late(tally));
    put(o, "top1", accuracy_of(tally));
    if (tally->labelled > 0) {
        json_object_set_new(o, "labelled",
                            json_integer((json_int_t)tally->labelled));
    }
    json_object_set_new(o, "constraints", constraints_json(slo, t, all));
    return o;
}

void crowdsum_json(struct crowdlog *log, const cleave_ensemble_status *status)
{
    const struct clv_application *a = log->application;
    struct clv_multitask all = compare(log);
    json_t *tasks = json_array();
    json_t *o;

    for (size_t i = 0; i < a->task_count; i++) {
        json_array_append_new(tasks,
                              task_json(a->tasks[i].name, &a->tasks[i].slo,
                                        &log->tasks[i], &all));
    }
    o = json_pack("{s:o, s:s, s:I, s:I, s:I, s:f}", "tasks", tasks, "state",
                  status->state, "designs", (json_int_t)status->designs,
                  "adapted", (json_int_t)log->adapted, "switches",
                  (json_int_t)log->switches, "alone_s", log->alone_s);
    put(o, "antt", all.antt);
    put(o, "stp", all.stp);
    put(o, "fairness", all.fairness);
    put(o, "resident_bytes", (double)status->resident_bytes);
    json_object_set_new(o, "constraints",
                        constraints_json(&a->slo, NULL, &all));
    report_line(json_pack("{s:o}", "summary", o));
}

/* -- Text -- */

/* "12.34", or "-" in as many columns. */
static void print_cell(int width, int digits, double value)
{
    if (value >= 0 && isfinite(value)) {
        printf(" %*.*f", width, digits, value);
    } else {
        printf(" %*s", width, "-");
    }
}

static void print_times(const char *name, const struct clv_spread *s)
{
    const double values[] = {s->mean, s->std, s->min, s->max,
                             s->p50,  s->p90, s->p95, s->p99};

    printf("%-16.16s", name);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        print_cell(8, 2, s->count > 0 ? values[i] / 1e6 : CLV_UNKNOWN);
    }
    printf("\n");
}

static void print_latencies(struct crowdlog *log)
{
    printf("\n%-16s %8s %8s %8s %8s %8s %8s %8s %8s\n", "latency in ms", "mean",
           "std", "min", "max", "p50", "p90", "p95", "p99");
    for (size_t i = 0; i < log->application->task_count; i++) {
        struct clv_spread s = clv_outcomes_times(&log->tasks[i].together);
        print_times(log->application->tasks[i].name, &s);
        if (log->tasks[i].alone.times > 0) {
            s = clv_outcomes_times(&log->tasks[i].alone);
            print_times("  alone", &s);
        }
    }
}

static void print_counts(struct crowdlog *log)
{
    printf("\n%-16s %8s %7s %7s %8s %10s %8s %8s %9s\n", "task", "answers",
           "failed", "missed", "a second", "violations", "right", "bytes up",
           "NTT");
    for (size_t i = 0; i < log->application->task_count; i++) {
        struct crowdlog_task *t = &log->tasks[i];
        const struct clv_outcomes *tally = &t->together;
        double right = accuracy_of(tally);
        printf("%-16.16s %8llu %7llu %7llu", log->application->tasks[i].name,
               (unsigned long long)tally->done,
               (unsigned long long)tally->failed,
               (unsigned long long)tally->missed);
        print_cell(8, 1, rate_of(t));
        print_cell(8, 1, 100 * clv_outcomes_breaking(tally));
        printf(" %%");
        print_cell(6, 1, right >= 0 ? 100 * right : right);
        printf(right >= 0 ? " %%" : "  ");
        print_cell(8, 0, per_inference(tally, tally->bytes_up));
        print_cell(9, 2, t->ntt);
        printf("\n");
    }
}

/* One line a constraint that a run can tell of. */
static void print_constraints(const char *name, const struct clv_slo *slo,
                              struct crowdlog_task *task,
                              const struct clv_multitask *all)
{
    for (size_t i = 0; i < slo->constraint_count; i++) {
        const struct clv_constraint *c = &slo->constraints[i];
        double value = measured(task, all, c);
        double beyond = task != NULL ? clv_outcomes_beyond(&task->together, i)
                                     : CLV_UNKNOWN;
        char text[2 * CLV_MEASURE_TEXT];
        char was[CLV_MEASURE_TEXT];
        if (value < 0) {
            continue;
        }
        printf("%s: %s: was %s, %s", name, clv_constraint_text(c, text),
               clv_value_text(value, clv_metric_unit(c->measure.metric), was),
               is_kept(c, value) ? "kept" : "NOT kept");
        if (beyond >= 0) {
            printf("; %.1f %% of inferences beyond", 100 * beyond);
        }
        printf("\n");
    }
    if (task != NULL && slo->deadline_ns > 0) {
        char text[CLV_MEASURE_TEXT];
        printf("%s: deadline %s: %.1f %% later or never\n", name,
               clv_value_text((double)slo->deadline_ns, CLV_UNIT_TIME, text),
               100 * clv_outcomes_late(&task->together));
    }
}

void crowdsum_text(struct crowdlog *log, const cleave_ensemble_status *status)
{
    const struct clv_application *a = log->application;
    struct clv_multitask all = compare(log);

    print_counts(log);
    print_latencies(log);
    printf("\n");
    for (size_t i = 0; i < a->task_count; i++) {
        print_constraints(a->tasks[i].name, &a->tasks[i].slo, &log->tasks[i],
                          &all);
    }
    print_constraints("all", &a->slo, NULL, &all);
    if (all.antt > 0) {
        printf("together: ANTT %.2f, STP %.2f, fairness %.2f, against each "
               "task alone for %.1f s\n",
               all.antt, all.stp, all.fairness, log->alone_s);
    }
    printf("the manager changed designs %llu times; %zu are kept\n",
           (unsigned long long)log->adapted, status->designs);
}
