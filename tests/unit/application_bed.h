/*
 * application_bed.h - application files in a test's own words.
 */
#ifndef APPLICATION_BED_H
#define APPLICATION_BED_H

#include <string.h>

#include "run/application.h"

/* The least there is; what is appended belongs to the task. */
#define TASK "tasks:\n  - name: a\n    models: [m.onnx]\n"

static inline cleave_status parse(const char *text,
                                  struct clv_application **ret,
                                  cleave_error *err)
{
    return clv_application_new((clv_bytes){(const uint8_t *)text, strlen(text)},
                               "apps/a.yaml", ret, err);
}

static inline struct clv_application *parsed(const char *text)
{
    struct clv_application *a = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (parse(text, &a, &err) != CLEAVE_OK) {
        fail_msg("%s: %s", err.where, err.text);
    }
    return a;
}

static inline int near(double a, double b)
{
    double away = a > b ? a - b : b - a;

    return away <= 1e-9 * (b > 0 ? b : -b);
}

static inline void assert_refused(const char *text, const char *where,
                                  const char *word)
{
    struct clv_application *a = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;

    if (parse(text, &a, &err) == CLEAVE_OK) {
        fail_msg("not refused: %s", text);
    }
    if (strcmp(where, err.where) != 0 || strstr(err.text, word) == NULL) {
        fail_msg("%s: \"%s\" is not %s: \"%s\"", err.where, err.text, where,
                 word);
    }
    assert_null(a);
}

#endif
