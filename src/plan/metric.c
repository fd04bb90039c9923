/*
 * metric.c - metrics, statistics and units as words.
 *
 * Three tables say everything: metrics, statistics, and each unit's names
 * with their factors. Numbers are read digit by digit, because strtod would
 * follow the locale.
 */
#include "plan/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/suggest.h"

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static const struct {
    const char *name;
    enum clv_unit unit;
    int more_is_better;
} metrics[] = {
#define X(name, text, unit, more) {text, CLV_UNIT_##unit, more},
    CLV_METRIC_LIST(X)
#undef X
};

static const char *const statistics[] = {
#define X(name, text) text,
    CLV_STATISTIC_LIST(X)
#undef X
};

/* A unit's names, the one for large values last; the first that a value is
   not too small for is what people read. */
struct scale {
    const char *name;
    double factor;
    int is_written; /* by clv_value_text */
};

static const struct scale times[] = {
    {"ns", 1, 1}, {"us", 1e3, 1}, {"ms", 1e6, 1}, {"s", 1e9, 1}};
static const struct scale rates[] = {{"/s", 1, 1}};
static const struct scale sizes[] = {
    {"B", 1, 1},         {"kB", 1e3, 1}, {"KiB", 1024, 0},   {"MB", 1e6, 1},
    {"MiB", 1 << 20, 0}, {"GB", 1e9, 1}, {"GiB", 1 << 30, 0}};
static const struct scale energies[] = {
    {"uJ", 1e-6, 1}, {"mJ", 1e-3, 1}, {"J", 1, 1}, {"kJ", 1e3, 1}};
static const struct scale points[] = {{"pp", 1, 1}};
static const struct scale shares[] = {{"%", 0.01, 1}};
static const struct scale counts[] = {
    {"", 1, 1}, {"k", 1e3, 1}, {"M", 1e6, 1}, {"G", 1e9, 1}, {"T", 1e12, 1}};

static const struct {
    const struct scale *scales;
    size_t count;
    const char *what;
    const char *example;
} units[] = {
    [CLV_UNIT_TIME] = {times, LENGTH(times), "a time", "80ms, 1.5s or 200us"},
    [CLV_UNIT_RATE] = {rates, LENGTH(rates), "a rate", "20/s"},
    [CLV_UNIT_BYTES] = {sizes, LENGTH(sizes), "a number of bytes",
                        "12kB, 200MB or 2GiB"},
    [CLV_UNIT_ENERGY] = {energies, LENGTH(energies), "an energy",
                         "0.5J or 20mJ"},
    [CLV_UNIT_POINTS] = {points, LENGTH(points), "a number of points", "1pp"},
    [CLV_UNIT_SHARE] = {shares, LENGTH(shares), "a share", "20%"},
    [CLV_UNIT_COUNT] = {counts, LENGTH(counts), "a count", "300M"},
};

const char *clv_metric_name(enum clv_metric metric)
{
    return metrics[metric].name;
}

enum clv_unit clv_metric_unit(enum clv_metric metric)
{
    return metrics[metric].unit;
}

int clv_metric_more_is_better(enum clv_metric metric)
{
    return metrics[metric].more_is_better;
}

/* -- Measures -- */

int clv_measure_exists(struct clv_measure measure)
{
    switch (measure.metric) {
    case CLV_METRIC_LATENCY:
    case CLV_METRIC_BYTES:
    case CLV_METRIC_ENERGY:
    case CLV_METRIC_DEVICE_TIME:
    case CLV_METRIC_SERVER_TIME:
        return 1;
    case CLV_METRIC_THROUGHPUT:
        return measure.statistic != CLV_STATISTIC_STD;
    default:
        return measure.statistic == CLV_STATISTIC_MEAN;
    }
}

static int same(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static int find_metric(const char *text, size_t length,
                       enum clv_metric *ret_metric)
{
    for (int i = 0; i < CLV_METRIC_COUNT; i++) {
        if (same(text, length, metrics[i].name)) {
            *ret_metric = (enum clv_metric)i;
            return 1;
        }
    }
    return 0;
}

static const char *metric_at(const void *list, size_t index)
{
    (void)list;
    return metrics[index].name;
}

static cleave_status no_metric(const char *text, size_t length,
                               cleave_error *err)
{
    char name[CLV_MEASURE_TEXT];
    char near[200];

    snprintf(name, sizeof name, "%.*s", (int)(length < 40 ? length : 40), text);
    clv_suggest(name, NULL, CLV_METRIC_COUNT, metric_at, near, sizeof near);
    return clv_fail(err, CLEAVE_INVALID, "metric",
                    "There is no metric '%s'%s%s%s; known are latency, "
                    "throughput, accuracy, accuracy.drop, bytes, energy, "
                    "memory, size, workload, device_time, server_time, "
                    "head and ntt, and of all tasks together antt, stp and "
                    "fairness.",
                    name, near[0] ? "; did you mean " : "", near,
                    near[0] ? "?" : "");
}

static cleave_status no_statistic(const char *metric, const char *statistic,
                                  cleave_error *err)
{
    return clv_fail(err, CLEAVE_INVALID, "statistic",
                    "'%s' has no statistic '%.40s'. latency, throughput, "
                    "bytes, energy, device_time and server_time have mean, "
                    "min, max, p50, p90, p95 and p99, and all but throughput "
                    "std; the other metrics are one number.",
                    metric, statistic);
}

cleave_status clv_measure_parse(const char *text,
                                struct clv_measure *ret_measure,
                                cleave_error *err)
{
    struct clv_measure measure = {.statistic = CLV_STATISTIC_MEAN};
    const char *dot = strrchr(text, '.');
    int named = -1;

    if (find_metric(text, strlen(text), &measure.metric)) {
        *ret_measure = measure;
        return CLEAVE_OK;
    }
    if (dot == NULL) {
        return no_metric(text, strlen(text), err);
    }
    if (!find_metric(text, (size_t)(dot - text), &measure.metric)) {
        return no_metric(text, (size_t)(dot - text), err);
    }
    for (int i = 0; i < CLV_STATISTIC_COUNT; i++) {
        named = strcmp(dot + 1, statistics[i]) == 0 ? i : named;
    }
    if (named >= 0) {
        measure.statistic = (enum clv_statistic)named;
    }
    if (named < 0 || !clv_measure_exists(measure)) {
        return no_statistic(metrics[measure.metric].name, dot + 1, err);
    }
    *ret_measure = measure;
    return CLEAVE_OK;
}

const char *clv_measure_text(struct clv_measure measure,
                             char into[CLV_MEASURE_TEXT])
{
    int is_mean = measure.statistic == CLV_STATISTIC_MEAN;

    snprintf(into, CLV_MEASURE_TEXT, "%s%s%s", metrics[measure.metric].name,
             is_mean ? "" : ".", is_mean ? "" : statistics[measure.statistic]);
    return into;
}

/* -- Values -- */

/* Digits with at most one point; returns what follows, NULL without digits. */
static const char *read_number(const char *text, double *ret_number)
{
    double number = 0;
    double place = 1;
    int digits = 0;
    int points_seen = 0;

    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !points_seen);
         text++) {
        if (*text == '.') {
            points_seen = 1;
            continue;
        }
        digits++;
        number = number * 10 + (*text - '0');
        place *= points_seen ? 10 : 1;
    }
    *ret_number = number / place;
    return digits > 0 && digits <= 30 ? text : NULL;
}

static cleave_status no_value(const char *text, enum clv_unit unit,
                              cleave_error *err)
{
    return clv_fail(err, CLEAVE_INVALID, "value",
                    "'%.40s' is not %s: write a number and its unit, as in "
                    "%s.",
                    text, units[unit].what, units[unit].example);
}

cleave_status clv_value_parse(const char *text, enum clv_unit unit,
                              double *ret_value, cleave_error *err)
{
    double number;
    const char *rest = read_number(text, &number);

    if (rest == NULL) {
        return no_value(text, unit, err);
    }
    rest += strspn(rest, " ");
    for (size_t i = 0; i < units[unit].count; i++) {
        if (strcmp(rest, units[unit].scales[i].name) == 0) {
            *ret_value = number * units[unit].scales[i].factor;
            return CLEAVE_OK;
        }
    }
    return no_value(text, unit, err);
}

/* The largest scale that leaves at least 1; the smallest for less. */
static const struct scale *scale_for(double value, enum clv_unit unit)
{
    const struct scale *best = &units[unit].scales[0];

    for (size_t i = 1; i < units[unit].count; i++) {
        const struct scale *scale = &units[unit].scales[i];
        /* what would be rounded up to the next scale belongs there */
        if (scale->is_written && fabs(value) >= scale->factor * 0.9995) {
            best = scale;
        }
    }
    return best;
}

const char *clv_value_text(double value, enum clv_unit unit,
                           char into[CLV_MEASURE_TEXT])
{
    const struct scale *scale = scale_for(value, unit);
    double scaled = value / scale->factor;
    double size = fabs(scaled);
    int decimals = size >= 99.95 || size == 0 ? 0 : size >= 9.995 ? 1 : 2;
    int is_close = unit == CLV_UNIT_RATE || unit == CLV_UNIT_SHARE ||
                   unit == CLV_UNIT_COUNT;

    if (isinf(value)) {
        snprintf(into, CLV_MEASURE_TEXT, value > 0 ? "infinite" : "-infinite");
    } else if (unit == CLV_UNIT_COUNT && scale->factor == 1.0 &&
               value == floor(value)) {
        snprintf(into, CLV_MEASURE_TEXT, "%.0f", scaled);
    } else {
        snprintf(into, CLV_MEASURE_TEXT, "%.*f%s%s", decimals, scaled,
                 is_close ? "" : " ", scale->name);
    }
    return into;
}
