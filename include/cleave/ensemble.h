/*
 * ensemble.h - all tasks of an application on one device, under one manager.
 *
 * An ensemble has a runner (runner.h) for each task of an application file.
 * The manager watches what befalls the device (load by others, memory running
 * short, links and servers) and, when the state changes, looks up which
 * variant and engine each task has from now on, in a table that was made when
 * the ensemble was opened, of the profile. Within that, each runner goes on
 * choosing cut, packing and server by itself. What the table may want is kept
 * loaded, so that a switch delays no inference.
 *
 *     cleave_ensemble_options options = CLEAVE_ENSEMBLE_OPTIONS_INIT;
 *     options.application = "app.yaml";
 *     options.database = "profile.db";
 *     options.cache = ".cleave-cache";
 *     cleave_ensemble_open(&options, &ensemble, &err);
 *     runner = cleave_ensemble_runner(ensemble, 0);
 *     cleave_runner_infer_file(runner, "cat.jpg", &result, &err);
 *     ...
 *     cleave_ensemble_close(ensemble);
 *
 * Threads: open and close belong to one thread; the rest may be called by
 * several at once.
 */
#ifndef CLEAVE_ENSEMBLE_H
#define CLEAVE_ENSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/runner.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cleave_ensemble cleave_ensemble;

/* Zero means the default. Strings are copied. */
typedef struct cleave_ensemble_options {
    const char *application;  /* the YAML file; no default */
    const char *database;     /* the profile; no default */
    const char *cache;        /* the folder for what is kept; no default */
    const char *manager;      /* "table", the default; "none": what was best in
                                 the beginning stays; "oodin": solves anew at
                                 each change, and loads then */
    uint32_t in_flight;       /* inferences of each task at once; default 1 */
    double slowdown;          /* as in runner.h */
    const char *machine;      /* a folder whose files stand for those of / (for
                                 instance proc/pressure/memory) where it has
                                 them, to try out what a machine in trouble
                                 would do; default none */
    cleave_event_fn on_event; /* its `task` says whose event it is */
    void *event_self;
} cleave_ensemble_options;

#define CLEAVE_ENSEMBLE_OPTIONS_INIT {0}

/*
 * Opens all tasks' runners with the designs of the calm state. Errors as
 * cleave_runner_open; they name the task. If no designs keep all SLOs, those
 * that come nearest run, and the notice says what is in the way.
 */
CLEAVE_API cleave_status
cleave_ensemble_open(const cleave_ensemble_options *options,
                     cleave_ensemble **ret_ensemble, cleave_error *err);

/* Takes NULL. No inference may be running, no result be in use. */
CLEAVE_API void cleave_ensemble_close(cleave_ensemble *ensemble);

/* As cleave_runner_notice. */
CLEAVE_API const char *cleave_ensemble_notice(const cleave_ensemble *ensemble);

/* The tasks, in the file's order. Borrowed. */
CLEAVE_API size_t cleave_ensemble_count(const cleave_ensemble *ensemble);
CLEAVE_API const char *cleave_ensemble_name(const cleave_ensemble *ensemble,
                                            size_t task);
CLEAVE_API cleave_runner *cleave_ensemble_runner(cleave_ensemble *ensemble,
                                                 size_t task);

/* How it goes. */
typedef struct cleave_ensemble_status {
    char state[256];         /* in words: "cpu load 1, memory short" */
    size_t design;           /* of those kept */
    size_t designs;          /* kept */
    uint64_t switches;       /* by the manager */
    double others_cores;     /* cores that others keep busy */
    double memory_pressure;  /* share of time lost to want of memory */
    uint64_t resident_bytes; /* of this process */
} cleave_ensemble_status;

CLEAVE_API void cleave_ensemble_look(cleave_ensemble *ensemble,
                                     cleave_ensemble_status *ret_status);

#ifdef __cplusplus
}
#endif
#endif
