/*
 * report.c - what `cleave run` prints.
 *
 * JSON lines are for programs: one object a sample, the summary last. Text
 * is for people: one line a sample, with the times that add up to its total.
 * Progress goes to standard error, and only when that is a terminal and the
 * samples themselves are not already running down it.
 */
#include "report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"

#define SHOW_EACH_NS 200000000

static int64_t now_ns(void)
{
    return clv_clock_now_ns(clv_clock_machine());
}

cleave_status report_open(struct report *r, uint64_t count, const char *cut,
                          const char *pack, int json, int progress,
                          int has_labels, cleave_error *err)
{
    *r = (struct report){
        .cut = cut,
        .pack = pack,
        .json = json,
        .progress = progress && isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO),
        .has_labels = has_labels,
        .count = count,
        .total_ns = calloc(count + 1, sizeof *r->total_ns),
        .started_ns = now_ns(),
    };
    return r->total_ns != NULL
               ? CLEAVE_OK
               : clv_fail_memory(err, "run", count * sizeof *r->total_ns);
}

void report_fini(struct report *r)
{
    free(r->total_ns);
    r->total_ns = NULL;
}

/* -- One sample -- */

/* File names need not be UTF-8, JSON must: then '?' for what is not ASCII. */
json_t *report_text(const char *text)
{
    json_t *string = json_string(text);
    char plain[CLV_PATH_MAX];
    size_t n = 0;

    if (string != NULL) {
        return string;
    }
    for (; text[n] != '\0' && n < sizeof plain - 1; n++) {
        plain[n] = (char)((text[n] & 0x80) ? '?' : text[n]);
    }
    plain[n] = '\0';
    return json_string(plain);
}

json_t *report_top(const cleave_result *result)
{
    json_t *list = json_array();

    for (size_t i = 0; i < result->top_count; i++) {
        const cleave_class *c = &result->top[i];
        json_t *item = json_pack("{s:I, s:f}", "index", (json_int_t)c->index,
                                 "score", c->score);
        json_object_set_new(item, "label",
                            c->label ? report_text(c->label) : json_null());
        json_array_append_new(list, item);
    }
    return list;
}

void report_line(json_t *object)
{
    json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(7));
    printf("\n");
    json_decref(object);
}

static void print_sample_json(const struct report *r, const char *name,
                              const cleave_result *x)
{
    report_line(json_pack(
        "{s:o, s:o, s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f}", "input",
        report_text(name), "top", report_top(x), "cut", r->cut, "pack", r->pack,
        "bytes_up", (json_int_t)x->bytes_up, "bytes_down",
        (json_int_t)x->bytes_down, "prepare_ms", clv_ns_to_ms(x->prepare_ns),
        "head_ms", clv_ns_to_ms(x->head_ns), "transfer_ms",
        clv_ns_to_ms(x->transfer_ns), "tail_ms", clv_ns_to_ms(x->tail_ns),
        "total_ms", clv_ns_to_ms(x->total_ns)));
}

static void print_sample_text(const struct report *r, const char *name,
                              const cleave_result *x, int64_t right_class)
{
    const cleave_class *best = x->top_count > 0 ? &x->top[0] : NULL;
    const char *mark = "";

    (void)r;
    if (right_class != NO_LABEL && best != NULL) {
        mark = best->index == right_class ? " right" : " wrong";
    }
    printf("%-24s", name);
    if (best != NULL) {
        printf(" %-24s %9.4g%s", best->label ? best->label : "", best->score,
               mark);
    }
    for (size_t i = 0; best == NULL && i < x->output_count; i++) {
        printf(" %s (%zu bytes)", x->outputs[i].info.name, x->outputs[i].bytes);
    }
    printf("  %.2f ms = head %.2f + transfer %.2f + tail %.2f, up %llu B, "
           "down %llu B\n",
           clv_ns_to_ms(x->total_ns), clv_ns_to_ms(x->head_ns),
           clv_ns_to_ms(x->transfer_ns), clv_ns_to_ms(x->tail_ns),
           (unsigned long long)x->bytes_up, (unsigned long long)x->bytes_down);
}

static void print_failure(const struct report *r, const char *name,
                          const cleave_error *error)
{
    if (r->json) {
        report_line(json_pack("{s:o, s:s, s:o}", "input", report_text(name),
                              "cut", r->cut, "error",
                              report_text(error->text)));
    }
    fprintf(stderr, "cleave: %s: %s%s%s\n", name, error->where,
            error->where[0] ? ": " : "", error->text);
}

static void count_sample(struct report *r, const cleave_result *x,
                         int64_t right_class)
{
    r->total_ns[r->times++] = x->total_ns;
    r->head_ns += x->head_ns;
    r->transfer_ns += x->transfer_ns;
    r->tail_ns += x->tail_ns;
    r->bytes_up += x->bytes_up;
    r->bytes_down += x->bytes_down;
    if (right_class == NO_LABEL || x->top_count == 0) {
        return;
    }
    r->labelled++;
    r->right += x->top[0].index == right_class;
    for (size_t i = 0; i < x->top_count; i++) {
        r->right5 += x->top[i].index == right_class;
    }
}

static void show_progress(struct report *r)
{
    int64_t now = now_ns();

    if (!r->progress ||
        (now - r->shown_ns < SHOW_EACH_NS && r->done < r->count)) {
        return;
    }
    r->shown_ns = now;
    fprintf(stderr, "\r%llu of %llu, %.1f s%s", (unsigned long long)r->done,
            (unsigned long long)r->count, (double)(now - r->started_ns) / 1e9,
            r->done == r->count ? "\n" : "");
}

void report_sample(struct report *r, const char *name,
                   const cleave_result *result, const cleave_error *error,
                   int64_t right_class)
{
    r->done++;
    if (result == NULL) {
        if (r->failed++ == 0) {
            r->first_error = *error;
        }
        print_failure(r, name, error);
    } else {
        count_sample(r, result, right_class);
        if (r->json) {
            print_sample_json(r, name, result);
        } else {
            print_sample_text(r, name, result, right_class);
        }
    }
    show_progress(r);
}

/* -- The summary -- */

static int compare_times(const void *a, const void *b)
{
    const int64_t *x = a;
    const int64_t *y = b;

    return *x < *y ? -1 : *x > *y;
}

/* Nearest rank. */
static double percentile_ms(const struct report *r, uint64_t percent)
{
    uint64_t rank = (r->times * percent + 99) / 100;

    return r->times > 0 ? clv_ns_to_ms(r->total_ns[rank > 0 ? rank - 1 : 0])
                        : 0;
}

static double mean_ms(const struct report *r, int64_t sum_ns)
{
    return r->times > 0 ? clv_ns_to_ms(sum_ns) / (double)r->times : 0;
}

static double mean(const struct report *r, uint64_t sum)
{
    return r->times > 0 ? (double)sum / (double)r->times : 0;
}

static void print_summary_json(const struct report *r, double seconds)
{
    json_t *s = json_pack(
        "{s:s, s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}",
        "cut", r->cut, "pack", r->pack, "inputs", (json_int_t)r->done, "failed",
        (json_int_t)r->failed, "bytes_up", mean(r, r->bytes_up), "bytes_down",
        mean(r, r->bytes_down), "head_ms", mean_ms(r, r->head_ns),
        "transfer_ms", mean_ms(r, r->transfer_ns), "tail_ms",
        mean_ms(r, r->tail_ns), "p50_ms", percentile_ms(r, 50), "p95_ms",
        percentile_ms(r, 95), "p99_ms", percentile_ms(r, 99), "throughput",
        seconds > 0 ? (double)r->times / seconds : 0);

    if (r->labelled > 0) {
        double n = (double)r->labelled;
        json_object_set_new(s, "labelled",
                            json_integer((json_int_t)r->labelled));
        json_object_set_new(s, "top1", json_real((double)r->right / n));
        json_object_set_new(s, "top5", json_real((double)r->right5 / n));
    }
    report_line(json_pack("{s:o}", "summary", s));
}

static void print_summary_text(const struct report *r, double seconds)
{
    printf("\n%llu inputs, %llu failed, cut %s, packed as %s, %.1f a second\n",
           (unsigned long long)r->done, (unsigned long long)r->failed, r->cut,
           r->pack, seconds > 0 ? (double)r->times / seconds : 0);
    printf("latency p50 %.2f ms, p95 %.2f ms, p99 %.2f ms\n",
           percentile_ms(r, 50), percentile_ms(r, 95), percentile_ms(r, 99));
    printf("mean: head %.2f ms, transfer %.2f ms, tail %.2f ms, up %.0f B, "
           "down %.0f B\n",
           mean_ms(r, r->head_ns), mean_ms(r, r->transfer_ns),
           mean_ms(r, r->tail_ns), mean(r, r->bytes_up),
           mean(r, r->bytes_down));
    if (r->labelled > 0) {
        double n = (double)r->labelled;
        printf("accuracy: top-1 %.1f %%, top-%d %.1f %% of %llu labelled\n",
               100 * (double)r->right / n, CLEAVE_TOP,
               100 * (double)r->right5 / n, (unsigned long long)r->labelled);
    } else if (r->has_labels) {
        printf("accuracy: none of these inputs is in the labels file\n");
    }
}

cleave_status report_close(struct report *r, cleave_error *err)
{
    double seconds = (double)(now_ns() - r->started_ns) / 1e9;

    qsort(r->total_ns, r->times, sizeof *r->total_ns, compare_times);
    if (r->json) {
        print_summary_json(r, seconds);
    } else {
        print_summary_text(r, seconds);
    }
    if (r->failed > 0) {
        return clv_fail(err, r->first_error.code, "run",
                        "%llu of %llu inputs failed; the first: %.300s",
                        (unsigned long long)r->failed,
                        (unsigned long long)r->done, r->first_error.text);
    }
    return CLEAVE_OK;
}
