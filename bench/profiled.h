/*
 * profiled.h - trained networks with measured profiles, for deciding on.
 *
 * What is not profiled yet is profiled now, by the very commands that users
 * run: `cleave serve` on this machine as the server and `cleave profile
 * --fast`. Profiles are kept below the benchmarks' folder; a later run finds
 * them there, unless something they depend on has changed.
 *
 * Everything here ends the program with a message if it fails. One thread.
 */
#ifndef CLV_PROFILED_H
#define CLV_PROFILED_H

#include "base/file.h"
#include "run/designs.h"

/* A network of the test data and the inputs it is judged on. */
struct profiled_place {
    const char *models; /* below the data folder */
    const char *name;   /* of the file and its card */
    const char *inputs; /* below the data folder */
    int is_cifar;       /* the inputs are in CIFAR's layout */
    int is_whole;       /* profiled in full, which takes minutes */
};

struct profiled {
    const struct profiled_place *place;
    char folder[CLV_PATH_MAX];   /* where all this lies */
    char models[CLV_PATH_MAX];   /* what a server needs */
    char model[CLV_PATH_MAX];    /* the file */
    char inputs[CLV_PATH_MAX];   /* a folder, or a stack of arrays */
    char database[CLV_PATH_MAX]; /* the profile */
    struct clv_application *application;
    struct clv_designs *designs;
};

/* The networks of these benchmarks. */
size_t profiled_count(void);
const struct profiled_place *profiled_place(size_t index);

/* The one of this name; there must be one. */
const struct profiled_place *profiled_find(const char *name);

/*
 * Opens the designs of a network, profiled if need be, with a task that
 * wants `objective` ("minimize: latency") within one point of accuracy.
 */
void profiled_open(struct profiled *p, const char *data,
                   const struct profiled_place *place, const char *objective);
void profiled_close(struct profiled *p);

/*
 * Writes an application file for the network: the engine `engine`, the server
 * at `url` (called "server", as in the profile; NULL: none), and `more`,
 * lines of the task, indented by four; or NULL.
 */
void profiled_write_app(const struct profiled *p, const char *path,
                        const char *engine, const char *url,
                        const char *objective, const char *more);

#endif
