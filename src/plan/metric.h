/*
 * metric.h - the one vocabulary of metrics, statistics and units.
 *
 * Objectives, constraints, reports and benchmarks all speak of metrics in
 * these words, as METRIC or METRIC.STATISTIC: "latency.p95", "memory",
 * "accuracy.drop". A metric without a statistic means its mean. Inside, a
 * value is in the metric's base unit, and people write it with a unit:
 *
 *     time     ns        80ms 1.5s 200us
 *     rate     per s     20/s
 *     bytes    bytes     12kB 200MB 2GiB
 *     energy   joules    0.5J 20mJ
 *     points   points    1pp      (hundredths: of right answers, say)
 *     share    0 to 1    20%
 *     count    as it is  300M        (workload: multiply-adds on the device)
 *
 * Four tell how several tasks get on with each other (Eyerman and Eeckhout,
 * IEEE Micro 2008). Of a task, ntt: its time beside the others over its time
 * alone. Of all together, antt: the mean of these; stp: the sum of their
 * inverses; fairness: the least of one over another. One task alone has 1.
 *
 * Pure; thread-safe.
 */
#ifndef CLV_METRIC_H
#define CLV_METRIC_H

#include "cleave/status.h"

/* X(name, text, kind of unit, 1 if more is better) */
#define CLV_METRIC_LIST(X)                 \
    X(LATENCY, "latency", TIME, 0)         \
    X(THROUGHPUT, "throughput", RATE, 1)   \
    X(ACCURACY, "accuracy", SHARE, 1)      \
    X(DROP, "accuracy.drop", POINTS, 0)    \
    X(BYTES, "bytes", BYTES, 0)            \
    X(ENERGY, "energy", ENERGY, 0)         \
    X(MEMORY, "memory", BYTES, 0)          \
    X(SIZE, "size", BYTES, 0)              \
    X(WORKLOAD, "workload", COUNT, 0)      \
    X(DEVICE_TIME, "device_time", TIME, 0) \
    X(SERVER_TIME, "server_time", TIME, 0) \
    X(HEAD, "head", SHARE, 1)              \
    X(NTT, "ntt", COUNT, 0)                \
    X(ANTT, "antt", COUNT, 0)              \
    X(STP, "stp", COUNT, 1)                \
    X(FAIRNESS, "fairness", SHARE, 1)

/* X(name, text) */
#define CLV_STATISTIC_LIST(X) \
    X(MEAN, "mean")           \
    X(STD, "std")             \
    X(MIN, "min")             \
    X(MAX, "max")             \
    X(P50, "p50")             \
    X(P90, "p90")             \
    X(P95, "p95")             \
    X(P99, "p99")

enum clv_metric {
#define X(name, text, unit, more) CLV_METRIC_##name,
    CLV_METRIC_LIST(X)
#undef X
        CLV_METRIC_COUNT
};

enum clv_statistic {
#define X(name, text) CLV_STATISTIC_##name,
    CLV_STATISTIC_LIST(X)
#undef X
        CLV_STATISTIC_COUNT
};

enum clv_unit {
    CLV_UNIT_TIME,
    CLV_UNIT_RATE,
    CLV_UNIT_BYTES,
    CLV_UNIT_ENERGY,
    CLV_UNIT_POINTS,
    CLV_UNIT_SHARE,
    CLV_UNIT_COUNT
};

struct clv_measure {
    enum clv_metric metric;
    enum clv_statistic statistic;
};

/* Room for any value, and for any measure, in words. */
#define CLV_MEASURE_TEXT 48

const char *clv_metric_name(enum clv_metric metric);
enum clv_unit clv_metric_unit(enum clv_metric metric);
int clv_metric_more_is_better(enum clv_metric metric);

/*
 * "latency.p95". Statistics belong to metrics of time, rate, bytes and energy
 * of one inference. A percentile of throughput is the rate that so many
 * percent of inferences reach, and its min the least rate; it has no std.
 * CLEAVE_INVALID names what comes close.
 */
cleave_status clv_measure_parse(const char *text,
                                struct clv_measure *ret_measure,
                                cleave_error *err);

/* True if the metric has the statistic. */
int clv_measure_exists(struct clv_measure measure);

const char *clv_measure_text(struct clv_measure measure,
                             char into[CLV_MEASURE_TEXT]);

/* "80ms" for a time, and so on. CLEAVE_INVALID for a number without its unit
   or with another's, a negative one, NaN; the locale does not matter. */
cleave_status clv_value_parse(const char *text, enum clv_unit unit,
                              double *ret_value, cleave_error *err);

/* For people, three digits: "12.3 ms", "20/s", "infinite". Not for
   CLV_UNKNOWN: what nobody has measured has no value to print. */
const char *clv_value_text(double value, enum clv_unit unit,
                           char into[CLV_MEASURE_TEXT]);

#endif
