/*
 * settings.h - every setting of the program, in one table.
 *
 * The table makes the flags, `--help` and the check of the man page. A
 * command takes the settings that carry its bit; a setting's value lands in
 * struct settings. Positional arguments are the command's own affair.
 */
#ifndef CLEAVE_TOOL_SETTINGS_H
#define CLEAVE_TOOL_SETTINGS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cleave/status.h"

/* Which commands take a setting. */
enum {
    TAKES_INSPECT = 1 << 0,
    TAKES_SPLIT = 1 << 1,
    TAKES_SERVE = 1 << 2,
    TAKES_RUN = 1 << 3,
    TAKES_PACK = 1 << 4,
    TAKES_UNPACK = 1 << 5,
    TAKES_CALIBRATE = 1 << 6,
    TAKES_RATE = 1 << 7,
    TAKES_PROFILE = 1 << 8,
    TAKES_PLAN = 1 << 9,
    TAKES_SIMULATE = 1 << 10,
    TAKES_LINK = 1 << 11,
    TAKES_ENGINES = 1 << 12,
    TAKES_QUANTIZE = 1 << 13,
    TAKES_ALL = (1 << 14) - 1
};

struct settings {
    const char *model;
    const char *models;
    const char *card;
    const char *server;
    const char *listen;
    const char *cut;
    const char *pack;
    const char *engine;
    const char *cache;
    const char *labels;
    const char *head;
    const char *tail;
    const char *data;
    const char *out;
    const char *cuts;
    const char *calibration;
    const char *tensor;
    const char *coder;
    const char *step;
    const char *coders;
    const char *ladder;
    const char *budget;
    const char *plot;
    const char *resume;
    const char *db;
    const char *task;
    const char *policy;
    const char *bandwidth;
    const char *down_bandwidth;
    const char *rtt;
    const char *solver;
    const char *share;
    const char *elsewhere;
    const char *device_load;
    const char *server_load;
    const char *server_queue;
    const char *pace;   /* of simulate */
    const char **paces; /* of run, repeated */
    size_t pace_count;
    const char *manager;
    const char *machine;
    const char *alone;
    const char **inputs; /* repeated */
    size_t input_count;
    const char **outages; /* repeated */
    size_t outage_count;
    const char *to;
    const char *rate;
    const char *down_rate;
    const char *together; /* of profile */
    const char *trace;
    const char *scale;
    const char *delay;
    const char *link_queue;
    const char **traces; /* of simulate, repeated */
    size_t trace_count;
    const char *mode;
    const char *outage;
    uint64_t in_flight;
    uint64_t kept;
    uint64_t deadline_ms;
    uint64_t workers;
    uint64_t queue;
    uint64_t memory_limit;
    uint64_t max_request;
    uint64_t bits;
    uint64_t samples;
    uint64_t calibrate;
    uint64_t limit;
    uint64_t memory;
    uint64_t for_ms;
    uint64_t seed;
    int all;
    int repeat;
    int fresh;
    int fast;
    int explain;
    int payload;
    int json;
    int quiet;
    int help;

    const char **rest; /* positional arguments */
    size_t rest_count;
};

enum setting_kind {
    SETTING_FLAG,  /* int */
    SETTING_TEXT,  /* const char * */
    SETTING_LIST,  /* const char ** and the count behind it */
    SETTING_COUNT, /* uint64_t, 1 and up */
    SETTING_BYTES, /* uint64_t, "200MB", "2GiB" */
    SETTING_MS     /* uint64_t milliseconds, "250ms", "2s" */
};

struct setting {
    const char *name;  /* without the dashes */
    const char *value; /* how help calls the value, NULL for a flag */
    enum setting_kind kind;
    size_t offset; /* in struct settings */
    unsigned takers;
    const char *help;
};

extern const struct setting settings_table[];
extern const size_t settings_count;

/*
 * Parses the arguments behind a command's name. CLEAVE_INVALID says which
 * one is wrong and what comes close. Lists are allocated; settings_fini.
 */
cleave_status settings_parse(struct settings *s, unsigned taker, int argc,
                             char **argv, cleave_error *err);
void settings_fini(struct settings *s);

/* Prints the flags that a command takes, aligned. */
void settings_print(unsigned taker, FILE *out);

#endif
