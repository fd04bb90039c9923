/*
 * trace.c - a step function of rates, with the bits before each step summed.
 *
 * The sums turn both questions into a search: how many bits fit is the
 * difference of two sums, when so many are through is where a sum is reached.
 * Times are first brought into one length of the trace, so that a run of
 * many days keeps its precision.
 *
 * What lies between two points of a file is not known; the rate before is
 * kept, as for a gap, and nothing is smoothed: an outage must stay one.
 */
#include "plan/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"
#include "base/place.h"
#include "media/csv.h"

#define COLUMNS 64
#define FIRST_POINTS 256
#define LARGEST_CSV ((size_t)256 << 20)
#define GAP_STEPS 10
#define MOST_SECONDS 1e9
#define MOST_MBIT 1e6
#define NS_PER_S 1e9

/* -- Making one -- */

/* Fills what is summed, from the points and the length. */
static cleave_status sum_up(struct clv_trace *trace, cleave_error *err)
{
    size_t size = trace->count * sizeof *trace->bits_before;
    double bits = 0;

    trace->bits_before = malloc(size);
    if (trace->bits_before == NULL) {
        return clv_fail_memory(err, "trace", size);
    }
    for (size_t i = 0; i < trace->count; i++) {
        int64_t end = i + 1 < trace->count ? trace->points[i + 1].at_ns
                                           : trace->length_ns;
        trace->bits_before[i] = bits;
        bits += trace->points[i].bps * (double)(end - trace->points[i].at_ns) /
                NS_PER_S;
    }
    trace->bits = bits;
    return CLEAVE_OK;
}

cleave_status clv_trace_init_flat(struct clv_trace *trace, double bps,
                                  cleave_error *err)
{
    cleave_status status;

    *trace = (struct clv_trace){0};
    if (!(bps >= 0 && bps <= MOST_MBIT * 1e6)) {
        return clv_fail(err, CLEAVE_INVALID, "trace",
                        "A rate of %g bit/s is none.", bps);
    }
    trace->points = malloc(sizeof *trace->points);
    if (trace->points == NULL) {
        return clv_fail_memory(err, "trace", sizeof *trace->points);
    }
    trace->points[0] = (struct clv_trace_point){0, bps};
    trace->count = 1;
    trace->length_ns = (int64_t)NS_PER_S;
    status = sum_up(trace, err);
    if (status != CLEAVE_OK) {
        clv_trace_fini(trace);
    }
    return status;
}

void clv_trace_fini(struct clv_trace *trace)
{
    free(trace->points);
    free(trace->bits_before);
    *trace = (struct clv_trace){0};
}

/* -- Reading one -- */

struct reading {
    struct clv_trace *trace;
    struct clv_csv csv;
    size_t seconds; /* columns */
    size_t rate;
    size_t columns;
    size_t capacity;
    size_t gaps;
    double scale;
    double first_s; /* where the trace's 0 is */
};

/* A number and nothing else; a sign only of what is then refused. */
static int scan_decimal(const char *text, double *ret_value)
{
    int is_negative = *text == '-';
    double value;
    const char *end = clv_decimal_read(text + is_negative, &value);

    if (end == NULL || *end != '\0') {
        return 0;
    }
    *ret_value = is_negative ? -value : value;
    return 1;
}

/* What tools write where they have measured nothing. */
static int is_missing(const char *text)
{
    static const char *const words[] = {"", "-", "nan", "NaN", "NA", "null"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

static cleave_status find_column(const struct reading *r, char **fields,
                                 const char *name, size_t *ret_column,
                                 cleave_error *err)
{
    for (size_t i = 0; i < r->columns; i++) {
        if (strcmp(fields[i], name) == 0) {
            *ret_column = i;
            return CLEAVE_OK;
        }
    }
    return clv_fail_at(
        err, CLEAVE_CORRUPT, r->csv.path, r->csv.line > 0 ? r->csv.line : 1,
        "The first line must name the columns, and one must be "
        "\"%s\" (the other of the two is \"%s\").",
        name, strcmp(name, "seconds") == 0 ? "mbit_per_s" : "seconds");
}

static cleave_status read_header(struct reading *r, char **fields,
                                 cleave_error *err)
{
    cleave_status status =
        clv_csv_next(&r->csv, fields, COLUMNS, &r->columns, err);

    if (status == CLEAVE_OK) {
        status = find_column(r, fields, "seconds", &r->seconds, err);
    }
    if (status == CLEAVE_OK) {
        status = find_column(r, fields, "mbit_per_s", &r->rate, err);
    }
    return status;
}

static cleave_status grow(struct reading *r, cleave_error *err)
{
    struct clv_trace *trace = r->trace;
    size_t more = r->capacity > 0 ? 2 * r->capacity : FIRST_POINTS;
    struct clv_trace_point *grown;

    if (trace->count < r->capacity) {
        return CLEAVE_OK;
    }
    if (trace->count >= CLV_TRACE_POINTS) {
        return clv_fail_at(err, CLEAVE_LIMIT, r->csv.path, r->csv.line,
                           "A trace has %zu points at most; cut the file in "
                           "pieces.",
                           CLV_TRACE_POINTS);
    }
    grown = realloc(trace->points, more * sizeof *grown);
    if (grown == NULL) {
        return clv_fail_memory(err, "trace", more * sizeof *grown);
    }
    trace->points = grown;
    r->capacity = more;
    return CLEAVE_OK;
}

/* A second point of the same time takes the place of the first. */
static cleave_status add_point(struct reading *r, double seconds, double mbit,
                               cleave_error *err)
{
    struct clv_trace *trace = r->trace;
    int64_t at;
    cleave_status status;

    r->first_s = trace->count == 0 ? seconds : r->first_s;
    at = (int64_t)((seconds - r->first_s) * NS_PER_S);
    if (trace->count > 0 && at <= trace->points[trace->count - 1].at_ns) {
        if (at < trace->points[trace->count - 1].at_ns) {
            return clv_fail_at(err, CLEAVE_CORRUPT, r->csv.path, r->csv.line,
                               "Time goes back here, to second %g.", seconds);
        }
        trace->count--;
    }
    status = grow(r, err);
    if (status == CLEAVE_OK) {
        trace->points[trace->count++] =
            (struct clv_trace_point){at, mbit * 1e6 * r->scale};
    }
    return status;
}

static cleave_status read_row(struct reading *r, char **fields, size_t count,
                              cleave_error *err)
{
    double seconds = 0;
    double mbit = 0;

    if (count != r->columns) {
        return clv_fail_at(err, CLEAVE_CORRUPT, r->csv.path, r->csv.line,
                           "This row has %zu fields, the header %zu.", count,
                           r->columns);
    }
    if (is_missing(fields[r->seconds]) || is_missing(fields[r->rate])) {
        r->gaps++;
        return CLEAVE_OK;
    }
    if (!scan_decimal(fields[r->seconds], &seconds) || seconds < 0 ||
        seconds > MOST_SECONDS) {
        return clv_fail_at(err, CLEAVE_CORRUPT, r->csv.path, r->csv.line,
                           "seconds must be a number from 0 to a milliard, "
                           "not \"%.40s\".",
                           fields[r->seconds]);
    }
    if (!scan_decimal(fields[r->rate], &mbit) || mbit < 0 || mbit > MOST_MBIT) {
        return clv_fail_at(err, CLEAVE_CORRUPT, r->csv.path, r->csv.line,
                           "mbit_per_s must be a number from 0 to a million, "
                           "not \"%.40s\".",
                           fields[r->rate]);
    }
    return add_point(r, seconds, mbit, err);
}

static int compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The length: the last point lasts as long as the median step. Counts the
   gaps on the way. */
static cleave_status end_trace(struct reading *r, cleave_error *err)
{
    struct clv_trace *trace = r->trace;
    size_t steps = trace->count - 1;
    int64_t *step;
    int64_t median = (int64_t)NS_PER_S;

    if (steps > 0) {
        step = malloc(steps * sizeof *step);
        if (step == NULL) {
            return clv_fail_memory(err, "trace", steps * sizeof *step);
        }
        for (size_t i = 0; i < steps; i++) {
            step[i] = trace->points[i + 1].at_ns - trace->points[i].at_ns;
        }
        qsort(step, steps, sizeof *step, compare_steps);
        median = step[steps / 2];
        for (size_t i = steps; i > 0 && step[i - 1] / GAP_STEPS > median; i--) {
            r->gaps++;
        }
        free(step);
    }
    trace->length_ns = trace->points[trace->count - 1].at_ns + median;
    return sum_up(trace, err);
}

static cleave_status read_all(struct reading *r, cleave_error *err)
{
    char *fields[COLUMNS];
    size_t count = 0;
    cleave_status status = read_header(r, fields, err);

    while (status == CLEAVE_OK) {
        status = clv_csv_next(&r->csv, fields, COLUMNS, &count, err);
        if (status != CLEAVE_OK || count == 0) {
            break;
        }
        status = read_row(r, fields, count, err);
    }
    if (status == CLEAVE_OK && r->trace->count == 0) {
        return clv_fail_at(err, CLEAVE_CORRUPT, r->csv.path, r->csv.next_line,
                           "There is no point in this file.");
    }
    return status == CLEAVE_OK ? end_trace(r, err) : status;
}

cleave_status clv_trace_init_csv(struct clv_trace *trace, clv_bytes csv,
                                 const char *where, double scale,
                                 size_t *ret_gaps, cleave_error *err)
{
    struct reading r = {.trace = trace, .scale = scale};
    char *text;
    cleave_status status;

    *trace = (struct clv_trace){0};
    if (!(scale > 0 && scale <= MOST_MBIT)) {
        return clv_fail(err, CLEAVE_INVALID, where,
                        "Rates cannot be scaled by %g.", scale);
    }
    if (csv.size > LARGEST_CSV) {
        return clv_fail(err, CLEAVE_LIMIT, where,
                        "A trace has %zu bytes at most.", LARGEST_CSV);
    }
    text = malloc(csv.size + 1);
    if (text == NULL) {
        return clv_fail_memory(err, where, csv.size + 1);
    }
    if (csv.size > 0) {
        memcpy(text, csv.data, csv.size);
    }
    clv_csv_init(&r.csv, text, csv.size, where);
    status = read_all(&r, err);
    free(text);
    if (status != CLEAVE_OK) {
        clv_trace_fini(trace);
        return status;
    }
    if (ret_gaps != NULL) {
        *ret_gaps = r.gaps;
    }
    return CLEAVE_OK;
}

/* -- Asking -- */

/* The last point at or before a time within the trace. */
static size_t point_at(const struct clv_trace *trace, int64_t at_ns)
{
    size_t low = 0;
    size_t high = trace->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (trace->points[middle].at_ns <= at_ns) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

double clv_trace_bps(const struct clv_trace *trace, int64_t at_ns)
{
    int64_t at = at_ns > 0 ? at_ns % trace->length_ns : 0;

    return trace->points[point_at(trace, at)].bps;
}

/* Bits from the trace's begin to a time within its first length. */
static double bits_until(const struct clv_trace *trace, int64_t at_ns)
{
    size_t i = point_at(trace, at_ns);

    return trace->bits_before[i] +
           trace->points[i].bps * (double)(at_ns - trace->points[i].at_ns) /
               NS_PER_S;
}

double clv_trace_bits(const struct clv_trace *trace, int64_t from_ns,
                      int64_t to_ns)
{
    int64_t from = from_ns > 0 ? from_ns : 0;
    int64_t to = to_ns > from ? to_ns : from;
    int64_t lengths = to / trace->length_ns - from / trace->length_ns;

    return bits_until(trace, to % trace->length_ns) -
           bits_until(trace, from % trace->length_ns) +
           (double)lengths * trace->bits;
}

/* Where within one length so many bits have passed: `bits` is above 0 and at
   most the sum of a length, so the point found has a rate. */
static double time_of_bits(const struct clv_trace *trace, double bits)
{
    size_t low = 0;
    size_t high = trace->count;
    double at;
    double end;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (trace->bits_before[middle] < bits) {
            low = middle;
        } else {
            high = middle;
        }
    }
    at = (double)trace->points[low].at_ns +
         (bits - trace->bits_before[low]) / trace->points[low].bps * NS_PER_S;
    end = (double)(low + 1 < trace->count ? trace->points[low + 1].at_ns
                                          : trace->length_ns);
    return fmin(at, end);
}

int64_t clv_trace_end(const struct clv_trace *trace, int64_t from_ns,
                      double bytes)
{
    int64_t from = from_ns > 0 ? from_ns : 0;
    int64_t begin = from - from % trace->length_ns;
    double bits;
    double lengths;
    double at;

    if (!(bytes > 0)) {
        return from;
    }
    if (!(trace->bits > 0)) {
        return INT64_MAX;
    }
    bits = 8 * bytes + bits_until(trace, from - begin);
    lengths = fmax(ceil(bits / trace->bits) - 1, 0);
    bits = fmin(fmax(bits - lengths * trace->bits, 0), trace->bits);
    at = lengths * (double)trace->length_ns +
         (bits > 0 ? ceil(time_of_bits(trace, bits)) : 0);
    if (at >= (double)(INT64_MAX - begin)) {
        return INT64_MAX;
    }
    return begin + (int64_t)at > from ? begin + (int64_t)at : from;
}
