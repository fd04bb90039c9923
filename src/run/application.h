/*
 * application.h - what an application wants: tasks, engines, servers, SLOs.
 *
 * A YAML file, described with all its keys in docs/application.md:
 *
 *     tasks:
 *       - name: scene
 *         models: [mobilenet_v2.onnx, mobilenet_v1.onnx]
 *         objectives:
 *           - minimize: latency.p95
 *         constraints:
 *           - accuracy.drop <= 1pp
 *           - head >= 20%
 *         deadline: 200ms
 *     engines: [cpu:threads=1]
 *     servers:
 *       - url: http://nas:8700
 *         name: nas
 *     power: {compute: 4W, send: 2W, wait: 1W}
 *
 * Paths are relative to the file. Everything is checked when it is read:
 * keys, units, directions, contradictions; errors point at file and line.
 *
 * Read-only once opened, and may then be read by all threads.
 */
#ifndef CLV_APPLICATION_H
#define CLV_APPLICATION_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "cleave/status.h"
#include "plan/slo.h"
#include "plan/space.h"

#define CLV_TASKS 16
#define CLV_VARIANTS 64

/* One model file that can do a task. */
struct clv_app_variant {
    char *name; /* the file's stem, also its name on servers */
    char *path;
    char *card; /* NULL: the one beside the model, if any */
};

struct clv_app_task {
    char *name;
    struct clv_app_variant *variants;
    size_t variant_count;
    struct clv_slo slo;
    double guard; /* share of inferences checked unpacked; 0.01 by default */
    double rate_per_s; /* inferences wanted; 0: as they come */
    int priority;      /* 1 goes first; where it is not said, 1 */
    char *input;       /* what it runs on: a file or a folder; or NULL */
    char *labels;      /* of these inputs; or NULL */
};

/* Profiles know a server by its name, so that it may move, or be reached over
   another link, and keep what was measured on it. */
struct clv_app_server {
    char *url;    /* without a slash at its end */
    char *name;   /* the URL, unless the file says another */
    int priority; /* 1 is asked first */
};

/* `slo` is of all tasks together (plan/goals.h): sums of memory, size,
   workload, energy, bytes; antt, stp, fairness. Without any, it is empty. */
struct clv_application {
    struct clv_app_task *tasks;
    size_t task_count;
    char **engines; /* full names; "cpu" if the file has none */
    size_t engine_count;
    struct clv_app_server *servers; /* by priority */
    size_t server_count;
    struct clv_power power;
    struct clv_slo slo;
    uint32_t kept; /* designs kept ready at most; 0: as the plan finds it */
};

/*
 * Reads the file. CLEAVE_NOT_FOUND, and for what the file says wrong
 * CLEAVE_INVALID, CLEAVE_CORRUPT, CLEAVE_UNSUPPORTED, CLEAVE_LIMIT, with
 * "path:line". Model files are not opened. The caller closes.
 */
cleave_status clv_application_read(const char *path,
                                   struct clv_application **ret_application,
                                   cleave_error *err);

/* The same from bytes; `path` names them, and is what paths are relative to. */
cleave_status clv_application_new(clv_bytes bytes, const char *path,
                                  struct clv_application **ret_application,
                                  cleave_error *err);

/* Takes NULL. */
void clv_application_free(struct clv_application *application);

/*
 * The task with this name; with NULL the only one. CLEAVE_NOT_FOUND lists the
 * names there are.
 */
cleave_status clv_application_task(const struct clv_application *application,
                                   const char *name,
                                   const struct clv_app_task **ret_task,
                                   cleave_error *err);

#endif
