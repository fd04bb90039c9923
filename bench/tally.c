/*
 * tally.c - numbers of a benchmark: gathered, ranked, and printed as rows.
 */
#include "bench/tally.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

void tally_init(struct tally *t, size_t capacity)
{
    *t = (struct tally){.values = calloc(capacity + 1, sizeof *t->values),
                        .capacity = capacity};
    if (t->values == NULL) {
        fprintf(stderr, "bench: no memory for %zu numbers\n", capacity);
        exit(1);
    }
}

void tally_fini(struct tally *t)
{
    free(t->values);
    *t = (struct tally){0};
}

void tally_add(struct tally *t, double value)
{
    if (t->count < t->capacity) {
        t->values[t->count++] = value;
    }
}

static int compare(const void *a, const void *b)
{
    const double *x = a;
    const double *y = b;

    return *x < *y ? -1 : *x > *y;
}

double tally_rank(struct tally *t, unsigned percent)
{
    size_t rank = (t->count * percent + 99) / 100;

    if (t->count == 0) {
        return 0;
    }
    qsort(t->values, t->count, sizeof *t->values, compare);
    return t->values[rank > 0 ? rank - 1 : 0];
}

double tally_median(struct tally *t)
{
    double upper = tally_rank(t, 50);

    return t->count > 0 && t->count % 2 == 0
               ? (upper + t->values[t->count / 2]) / 2
               : upper;
}

int64_t tally_now_ns(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

static void read_machine(char *into, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");

    snprintf(into, size, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (colon != NULL && strncmp(line, "model name", 10) == 0) {
            colon[strcspn(colon, "\n")] = '\0';
            snprintf(into, size, "%s", colon + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

json_t *tally_context(void)
{
    char machine[256];

    read_machine(machine, sizeof machine);
    return json_pack("{s:s, s:i}", "machine", machine, "cores",
                     (int)sysconf(_SC_NPROCESSORS_ONLN));
}

void tally_describe(json_t *context, const char *name, struct tally *t)
{
    json_object_set_new(context, name,
                        json_pack("{s:I, s:f, s:f, s:f}", "count",
                                  (json_int_t)t->count, "p10",
                                  tally_rank(t, 10), "p50", tally_median(t),
                                  "p90", tally_rank(t, 90)));
}

static void print_row(json_t *row)
{
    json_dumpf(row, stdout, JSON_COMPACT | JSON_REAL_PRECISION(5));
    printf("\n");
    fflush(stdout);
    json_decref(row);
}

static void put_row(const char *id, const char *what, double value,
                    const char *unit, double bar, int is_met, json_t *context)
{
    json_t *row = json_pack("{s:s, s:s, s:f, s:s}", "id", id, "what", what,
                            "value", value, "unit", unit);

    json_object_set_new(row, "bar", bar > 0 ? json_real(bar) : json_null());
    json_object_set_new(row, "pass",
                        bar > 0 ? json_boolean(is_met) : json_null());
    json_object_set_new(row, "context", context);
    print_row(row);
}

void tally_row(const char *id, const char *what, double value, const char *unit,
               double bar, json_t *context)
{
    put_row(id, what, value, unit, bar, value <= bar, context);
}

void tally_row_least(const char *id, const char *what, double value,
                     const char *unit, double bar, json_t *context)
{
    put_row(id, what, value, unit, bar, value >= bar, context);
}

void tally_skip(const char *id, const char *what, const char *why)
{
    print_row(
        json_pack("{s:s, s:s, s:s}", "id", id, "what", what, "skip", why));
}
