/*
 * apptask.c - one task of an application file: its models and its SLO.
 *
 * Objectives and constraints, which the application may have, too, are read in
 * appslo.c.
 */
#include "run/apptask.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "run/appslo.h"

#define GUARD 0.01
#define TOLERANCE_MOST 0.5
#define DEADLINE_MOST_NS 86400e9

/* A value with its unit, from 0 to `most`; absent, nothing is written. */
static cleave_status set_value(const struct clv_spot *task, const char *key,
                               const char *text, enum clv_unit unit,
                               double most, double *ret_value)
{
    struct clv_spot s = clv_spot_in(task, ".%s", key);
    cleave_error inner = CLEAVE_ERROR_INIT;
    char bound[CLV_MEASURE_TEXT];
    double value;

    if (text == NULL) {
        return CLEAVE_OK;
    }
    if (clv_value_parse(text, unit, &value, &inner) != CLEAVE_OK) {
        return clv_spot_refuse(&s, "%s: %s", key, inner.text);
    }
    if (value > most) {
        return clv_spot_refuse(&s, "%s is too much; %s is at most %s.", text,
                               key, clv_value_text(most, unit, bound));
    }
    *ret_value = value;
    return CLEAVE_OK;
}

/* -- Models -- */

/* A path as the file means it: relative to the file's folder. */
static cleave_status beside(const struct clv_spot *s, const char *file,
                            const char *path, char **ret_path)
{
    int folder = path[0] == '/' ? 0 : (int)(clv_path_name(file) - file);
    char full[CLV_PATH_MAX];
    cleave_error inner = CLEAVE_ERROR_INIT;

    if (clv_path_print(full, sizeof full, &inner, "%.*s%s", folder, file,
                       path) != CLEAVE_OK) {
        return clv_spot_pass_on(s, &inner);
    }
    return clv_spot_copy(s, full, ret_path);
}

/* The stem of a file's name: what the model is called. */
static cleave_status stem_of(const struct clv_spot *s, const char *path,
                             char **ret_name)
{
    const char *file = clv_path_name(path);
    size_t length = strlen(file);
    char *name;

    if (clv_path_ends(file, ".onnx")) {
        length -= strlen(".onnx");
    }
    if (length == 0) {
        return clv_spot_refuse(s, "'%.100s' is not the name of a model file.",
                               path);
    }
    name = strndup(file, length);
    if (name == NULL) {
        return clv_fail_memory(s->err, NULL, length);
    }
    *ret_name = name;
    return CLEAVE_OK;
}

/* Servers know models by name, so two files cannot share one. */
static cleave_status check_variant(const struct clv_spot *s,
                                   const struct clv_application *a,
                                   const struct clv_app_task *task,
                                   const struct clv_app_variant *variant)
{
    for (size_t t = 0; t < a->task_count; t++) {
        for (size_t v = 0; v < a->tasks[t].variant_count; v++) {
            const struct clv_app_variant *other = &a->tasks[t].variants[v];
            if (other == variant || strcmp(other->name, variant->name) != 0) {
                continue;
            }
            if (strcmp(other->path, variant->path) != 0) {
                return clv_spot_refuse(
                    s,
                    "Another model file is called '%.100s', too; "
                    "rename one, servers know models by their name.",
                    variant->name);
            }
            if (&a->tasks[t] == task) {
                return clv_spot_refuse(
                    s, "The task has the model '%.100s' twice.", variant->name);
            }
        }
    }
    return CLEAVE_OK;
}

static cleave_status set_variant(struct clv_application *a,
                                 struct clv_app_task *task,
                                 const struct clv_spot *s, const char *file,
                                 const struct clv_raw_task *raw, uint32_t i)
{
    struct clv_app_variant *variant = &task->variants[task->variant_count++];
    struct clv_spot model = clv_spot_in(s, ".models[%u]", i);
    struct clv_spot card = clv_spot_in(s, ".cards[%u]", i);
    cleave_status status = beside(&model, file, raw->models[i], &variant->path);

    if (status == CLEAVE_OK) {
        status = stem_of(&model, variant->path, &variant->name);
    }
    if (status == CLEAVE_OK) {
        status = check_variant(&model, a, task, variant);
    }
    if (status == CLEAVE_OK && raw->cards_count > 0) {
        status = beside(&card, file, raw->cards[i], &variant->card);
    }
    return status;
}

static cleave_status set_variants(struct clv_application *a,
                                  struct clv_app_task *task,
                                  const struct clv_spot *s, const char *file,
                                  const struct clv_raw_task *raw)
{
    struct clv_spot cards = clv_spot_in(s, ".cards");
    cleave_status status = CLEAVE_OK;

    if (raw->cards_count > 0 && raw->cards_count != raw->models_count) {
        return clv_spot_refuse(
            &cards,
            "There are %u cards for %u models; give one for each, "
            "in the same order, or none.",
            raw->cards_count, raw->models_count);
    }
    task->variants = calloc(raw->models_count, sizeof *task->variants);
    if (task->variants == NULL) {
        return clv_fail_memory(s->err, NULL, sizeof *task->variants);
    }
    for (uint32_t i = 0; status == CLEAVE_OK && i < raw->models_count; i++) {
        status = set_variant(a, task, s, file, raw, i);
    }
    return status;
}

/* -- Objectives and constraints -- */

static int speaks_of_accuracy(const struct clv_slo *slo)
{
    int speaks = 0;

    for (size_t i = 0; i < slo->constraint_count; i++) {
        enum clv_metric metric = slo->constraints[i].measure.metric;
        speaks |= metric == CLV_METRIC_ACCURACY || metric == CLV_METRIC_DROP;
    }
    return speaks;
}

/*
 * What the file leaves open is as for a task without wishes. Accuracy always
 * has a bound: packing tensors ever coarser makes everything else better, so
 * whoever forgets it would get worthless answers fast.
 */
static cleave_status set_slo(const struct clv_spot *s,
                             const struct clv_raw_task *raw,
                             struct clv_slo *slo)
{
    const struct clv_slo usual = clv_slo_default();
    cleave_status status;

    *slo = usual;
    slo->accuracy_surely = raw->accuracy != NULL && *raw->accuracy;
    slo->constraint_count = 0;
    if (raw->objectives_count > 0) {
        slo->objective_count = 0;
    }
    status = clv_appslo_objectives(s, raw->objectives, raw->objectives_count,
                                   slo, CLV_OF_ONE_TASK);
    if (status == CLEAVE_OK) {
        status = clv_appslo_constraints(
            s, raw->constraints, raw->constraints_count, slo, CLV_OF_ONE_TASK);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < usual.constraint_count &&
                       !speaks_of_accuracy(slo);
         i++) {
        slo->constraints[slo->constraint_count++] = usual.constraints[i];
    }
    if (status == CLEAVE_OK) {
        status = set_value(s, "tolerance", raw->tolerance, CLV_UNIT_SHARE,
                           TOLERANCE_MOST, &slo->tolerance);
    }
    return status;
}

/* -- Tasks -- */

static cleave_status check_task_name(const struct clv_spot *task,
                                     const struct clv_application *a,
                                     const char *name)
{
    struct clv_spot s = clv_spot_in(task, ".name");

    for (size_t i = 0; i < a->task_count; i++) {
        if (a->tasks[i].name != NULL && strcmp(a->tasks[i].name, name) == 0) {
            return clv_spot_refuse(&s, "Another task is called '%.100s', too.",
                                   name);
        }
    }
    return CLEAVE_OK;
}

/* What it runs on, if the file says so. */
static cleave_status set_inputs(const struct clv_spot *s, const char *file,
                                const struct clv_raw_task *raw,
                                struct clv_app_task *task)
{
    struct clv_spot input = clv_spot_in(s, ".input");
    struct clv_spot labels = clv_spot_in(s, ".labels");
    cleave_status status = CLEAVE_OK;

    if (raw->input != NULL) {
        status = beside(&input, file, raw->input, &task->input);
    }
    if (status == CLEAVE_OK && raw->labels != NULL) {
        status = beside(&labels, file, raw->labels, &task->labels);
    }
    return status;
}

static cleave_status set_priority(const struct clv_spot *task,
                                  const struct clv_raw_task *raw, int *ret)
{
    struct clv_spot s = clv_spot_in(task, ".priority");

    *ret = raw->priority != NULL ? *raw->priority : 1;
    return *ret >= 1
               ? CLEAVE_OK
               : clv_spot_refuse(&s, "A priority is 1 or more; 1 goes first.");
}

static cleave_status set_times(const struct clv_spot *s,
                               const struct clv_raw_task *raw,
                               struct clv_app_task *task)
{
    struct clv_spot at = clv_spot_in(s, ".deadline");
    double deadline_ns = 0;
    cleave_status status =
        set_value(s, "deadline", raw->deadline, CLV_UNIT_TIME, DEADLINE_MOST_NS,
                  &deadline_ns);

    if (status == CLEAVE_OK && raw->deadline != NULL && deadline_ns < 1) {
        return clv_spot_refuse(
            &at, "A deadline is above 0; leave it away for none.");
    }
    task->slo.deadline_ns = (int64_t)deadline_ns;
    if (status == CLEAVE_OK) {
        status = set_value(s, "rate", raw->rate, CLV_UNIT_RATE, 1e6,
                           &task->rate_per_s);
    }
    if (status == CLEAVE_OK) {
        status = set_value(s, "guard", raw->guard, CLV_UNIT_SHARE, 1.0,
                           &task->guard);
    }
    return status;
}

cleave_status clv_apptask_set(struct clv_application *a,
                              const struct clv_spot *s, const char *file,
                              const struct clv_raw_task *raw)
{
    struct clv_app_task *task = &a->tasks[a->task_count];
    cleave_status status = check_task_name(s, a, raw->name);

    a->task_count++;
    task->guard = GUARD;
    if (status == CLEAVE_OK) {
        status = clv_spot_copy(s, raw->name, &task->name);
    }
    if (status == CLEAVE_OK) {
        status = set_variants(a, task, s, file, raw);
    }
    if (status == CLEAVE_OK) {
        status = set_slo(s, raw, &task->slo);
    }
    if (status == CLEAVE_OK) {
        status = set_times(s, raw, task);
    }
    if (status == CLEAVE_OK) {
        status = set_inputs(s, file, raw, task);
    }
    if (status == CLEAVE_OK) {
        status = set_priority(s, raw, &task->priority);
    }
    return status;
}
