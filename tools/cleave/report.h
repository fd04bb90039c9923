/*
 * report.h - what `cleave run` prints: a line per sample and a summary.
 *
 * Not thread-safe: the caller serialises.
 */
#ifndef CLEAVE_TOOL_REPORT_H
#define CLEAVE_TOOL_REPORT_H

#include <jansson.h>
#include <stdint.h>

#include "cleave/session.h"

/* The right class of a sample that has no label. */
#define NO_LABEL INT64_MIN

struct report {
    const char *cut;
    const char *pack;
    int json;
    int progress; /* a line on the terminal that counts */
    int has_labels;
    uint64_t count; /* samples to come in all */
    uint64_t done;
    uint64_t failed;
    uint64_t labelled;
    uint64_t right;
    uint64_t right5;
    uint64_t bytes_up;
    uint64_t bytes_down;
    int64_t *total_ns; /* of each that went well */
    uint64_t times;
    int64_t head_ns; /* sums */
    int64_t transfer_ns;
    int64_t tail_ns;
    int64_t started_ns;
    int64_t shown_ns;
    cleave_error first_error;
};

/* `cut` and `pack` are borrowed. */
cleave_status report_open(struct report *r, uint64_t count, const char *cut,
                          const char *pack, int json, int progress,
                          int has_labels, cleave_error *err);
void report_fini(struct report *r);

/* One sample; `result` is NULL if it failed with `error`. */
void report_sample(struct report *r, const char *name,
                   const cleave_result *result, const cleave_error *error,
                   int64_t right_class);

/* For others that print results as JSON: a text that need not be UTF-8, the
   top classes, and an object as one line, which is given back. */
json_t *report_text(const char *text);
json_t *report_top(const cleave_result *result);
void report_line(json_t *object);

/* The summary. Fails with the first sample's error if any failed. */
cleave_status report_close(struct report *r, cleave_error *err);

#endif
