/*
 * appschema.h - an application file as libcyaml reads it.
 *
 * The schema says which keys there are and of what kind their values are;
 * what it fills are the plain structs below, where NULL means that the key
 * was not there. Values with a unit are texts here. application.c makes an
 * application of them. Constant; may be read by all threads.
 */
#ifndef CLV_APPSCHEMA_H
#define CLV_APPSCHEMA_H

#include <stdint.h>

#include <cyaml/cyaml.h>

/* One of the two is there. */
struct clv_raw_objective {
    char *minimize;
    char *maximize;
    double *weight;
};

struct clv_raw_task {
    char *name;
    char **models;
    uint32_t models_count;
    char **cards;
    uint32_t cards_count;
    struct clv_raw_objective *objectives;
    uint32_t objectives_count;
    char **constraints;
    uint32_t constraints_count;
    char *tolerance;
    char *deadline;
    char *rate;
    char *guard;
    int *accuracy; /* 1: surely */
    int *priority;
    char *input;
    char *labels;
};

struct clv_raw_server {
    char *url;
    char *name;
    int *priority;
};

struct clv_raw_power {
    char *compute;
    char *send;
    char *wait;
};

struct clv_raw_application {
    struct clv_raw_task *tasks;
    uint32_t tasks_count;
    char **engines;
    uint32_t engines_count;
    struct clv_raw_server *servers;
    uint32_t servers_count;
    struct clv_raw_power *power;
    struct clv_raw_objective *objectives;
    uint32_t objectives_count;
    char **constraints;
    uint32_t constraints_count;
    int *kept;
};

extern const cyaml_schema_value_t clv_appschema;

#endif
