/*
 * standin.c - an ensemble without a manager: a runner for each task.
 *
 * Stands in until the library has its own; the tasks' designs do not change
 * with the state of the device.
 */
#include <stdlib.h>

#include "base/fail.h"
#include "cleave/ensemble.h"
#include "run/application.h"

struct cleave_ensemble {
    struct clv_application *application;
    cleave_runner *runners[CLV_TASKS];
};

static cleave_status open_runners(const cleave_ensemble_options *options,
                                  cleave_ensemble *e, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < e->application->task_count;
         i++) {
        cleave_runner_options o = CLEAVE_RUNNER_OPTIONS_INIT;
        o.application = options->application;
        o.database = options->database;
        o.cache = options->cache;
        o.task = e->application->tasks[i].name;
        o.in_flight = options->in_flight;
        o.slowdown = options->slowdown;
        o.on_event = options->on_event;
        o.event_self = options->event_self;
        status = cleave_runner_open(&o, &e->runners[i], err);
    }
    return status;
}

cleave_status cleave_ensemble_open(const cleave_ensemble_options *options,
                                   cleave_ensemble **ret_ensemble,
                                   cleave_error *err)
{
    cleave_ensemble *e = calloc(1, sizeof *e);
    cleave_status status;

    if (e == NULL) {
        return clv_fail_memory(err, "ensemble", sizeof *e);
    }
    status = clv_application_read(options->application, &e->application, err);
    if (status == CLEAVE_OK) {
        status = open_runners(options, e, err);
    }
    if (status != CLEAVE_OK) {
        cleave_ensemble_close(e);
        return status;
    }
    *ret_ensemble = e;
    return CLEAVE_OK;
}

void cleave_ensemble_close(cleave_ensemble *ensemble)
{
    if (ensemble == NULL) {
        return;
    }
    for (size_t i = 0; i < CLV_TASKS; i++) {
        cleave_runner_close(ensemble->runners[i]);
    }
    clv_application_free(ensemble->application);
    free(ensemble);
}

const char *cleave_ensemble_notice(const cleave_ensemble *ensemble)
{
    return cleave_runner_notice(ensemble->runners[0]);
}

size_t cleave_ensemble_count(const cleave_ensemble *ensemble)
{
    return ensemble->application->task_count;
}

const char *cleave_ensemble_name(const cleave_ensemble *ensemble, size_t task)
{
    return ensemble->application->tasks[task].name;
}

cleave_runner *cleave_ensemble_runner(cleave_ensemble *ensemble, size_t task)
{
    return ensemble->runners[task];
}

void cleave_ensemble_look(cleave_ensemble *ensemble,
                          cleave_ensemble_status *ret_status)
{
    (void)ensemble;
    *ret_status = (cleave_ensemble_status){.state = "calm", .designs = 1};
}
