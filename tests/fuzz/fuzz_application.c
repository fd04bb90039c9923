/*
 * fuzz_application.c - any bytes as an application file: an application that
 * keeps its promises, or an error with words.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/application.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int promise)
{
    if (!promise) {
        abort();
    }
}

/* What later code relies on without looking again. */
static void check_task(const struct clv_app_task *task)
{
    must(task->name != NULL && task->variant_count > 0);
    must(task->slo.objective_count >= 1 && task->slo.constraint_count >= 1);
    must(task->slo.objective_count <= CLV_OBJECTIVES);
    must(task->slo.constraint_count <= CLV_CONSTRAINTS);
    must(task->slo.deadline_ns >= 0 && task->rate_per_s >= 0);
    must(task->guard >= 0 && task->guard <= 1);
    must(task->slo.tolerance >= 0 && task->slo.tolerance <= 1);
    for (size_t i = 0; i < task->slo.constraint_count; i++) {
        must(isfinite(task->slo.constraints[i].bound));
    }
    for (size_t i = 0; i < task->variant_count; i++) {
        must(task->variants[i].name != NULL && task->variants[i].name[0]);
        must(task->variants[i].path != NULL);
    }
}

static void check(const struct clv_application *a)
{
    const struct clv_app_task *task = NULL;

    must(a->task_count > 0 && a->engine_count > 0);
    for (size_t i = 0; i < a->task_count; i++) {
        check_task(&a->tasks[i]);
        must(clv_application_task(a, a->tasks[i].name, &task, NULL) ==
             CLEAVE_OK);
        must(task == &a->tasks[i]);
    }
    for (size_t i = 0; i < a->server_count; i++) {
        must(a->servers[i].url != NULL && a->servers[i].name != NULL);
        must(i == 0 || a->servers[i - 1].priority <= a->servers[i].priority);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_application *a = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status =
        clv_application_new((clv_bytes){data, size}, "app.yaml", &a, &err);

    if (status == CLEAVE_OK) {
        check(a);
    } else {
        must(err.code == status && strlen(err.text) > 0);
    }
    clv_application_free(a);
    return 0;
}
