/*
 * link.c - `cleave link`: an emulated link until SIGTERM or SIGINT.
 *
 * The relay works in a thread of its own (src/link); here its settings are
 * read, and once a second what has passed is printed for programs. Signals are
 * blocked and waited for, as in serve.c.
 */
#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/decimal.h"
#include "base/fail.h"
#include "base/file.h"
#include "command.h"
#include "decision.h"
#include "link/relay.h"
#include "plan/metric.h"

#define TRACE_BYTES ((size_t)64 << 20)
#define SECOND_NS 1000000000

/* What the settings say, and what it stands on. */
struct emulation {
    struct clv_relay_options options;
    struct clv_trace trace;
    struct clv_outage *outages;
    size_t gaps;
};

/* -- Settings -- */

static cleave_status read_outages(const struct settings *s, struct emulation *e,
                                  cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    size_t bytes = s->outage_count * sizeof *e->outages;

    if (bytes == 0) {
        return CLEAVE_OK;
    }
    e->outages = malloc(bytes);
    if (e->outages == NULL) {
        return clv_fail_memory(err, "--cut", bytes);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < s->outage_count; i++) {
        status =
            decision_stretch("--cut", s->outages[i], &e->outages[i].from_ns,
                             &e->outages[i].to_ns, err);
    }
    e->options.outages = e->outages;
    e->options.outage_count = s->outage_count;
    return status;
}

/* A number of bytes, or a time. */
static cleave_status read_queue(const char *text, struct clv_relay_options *o,
                                cleave_error *err)
{
    double value;

    if (clv_value_parse(text, CLV_UNIT_BYTES, &value, NULL) == CLEAVE_OK &&
        value >= 1 && value <= INT32_MAX) {
        o->queue_bytes = (uint64_t)value;
        return CLEAVE_OK;
    }
    if (decision_moment("--queue", text, &o->queue_ns, NULL) == CLEAVE_OK &&
        o->queue_ns > 0) {
        return CLEAVE_OK;
    }
    return clv_fail(err, CLEAVE_INVALID, "--queue",
                    "'%.100s' is neither a size such as 64kB nor a time such "
                    "as 50ms.",
                    text);
}

static cleave_status read_numbers(const struct settings *s, struct emulation *e,
                                  cleave_error *err)
{
    struct clv_relay_options *o = &e->options;
    cleave_status status = CLEAVE_OK;

    *o = (struct clv_relay_options){
        .listen = s->listen, .to = s->to, .payload_only = s->payload};
    if (s->rate != NULL) {
        status = decision_bandwidth("--rate", s->rate, &o->up_bps, err);
    }
    if (status == CLEAVE_OK && s->down_rate != NULL) {
        status =
            decision_bandwidth("--down-rate", s->down_rate, &o->down_bps, err);
    }
    if (status == CLEAVE_OK && s->delay != NULL) {
        status = decision_moment("--delay", s->delay, &o->delay_ns, err);
    }
    if (status == CLEAVE_OK && s->link_queue != NULL) {
        status = read_queue(s->link_queue, o, err);
    }
    return status == CLEAVE_OK ? read_outages(s, e, err) : status;
}

static cleave_status read_scale(const char *text, double *ret_scale,
                                cleave_error *err)
{
    const char *end = text ? clv_decimal_read(text, ret_scale) : NULL;

    if (text == NULL) {
        *ret_scale = 1;
    } else if (end == NULL || *end != '\0' || *ret_scale <= 0) {
        return clv_fail(err, CLEAVE_INVALID, "--scale",
                        "'%.100s' is not a factor such as 0.3.", text);
    }
    return CLEAVE_OK;
}

static cleave_status read_trace(const struct settings *s, struct emulation *e,
                                cleave_error *err)
{
    struct clv_buffer csv;
    double scale;
    cleave_status status = read_scale(s->scale, &scale, err);

    if (status != CLEAVE_OK || s->trace == NULL) {
        return status;
    }
    clv_buffer_init(&csv, TRACE_BYTES);
    status = clv_file_read(s->trace, TRACE_BYTES, &csv, err);
    if (status == CLEAVE_OK) {
        status = clv_trace_init_csv(&e->trace, clv_buffer_bytes(&csv), s->trace,
                                    scale, &e->gaps, err);
    }
    if (status == CLEAVE_OK) {
        e->options.up = &e->trace;
    }
    clv_buffer_fini(&csv);
    return status;
}

static void emulation_fini(struct emulation *e)
{
    clv_trace_fini(&e->trace);
    free(e->outages);
}

static cleave_status check(const struct settings *s, cleave_error *err)
{
    struct emulation e = {.gaps = 0};
    double scale;
    cleave_status status;

    if (s->to == NULL || s->rest_count > 0) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say where the link leads: --to HOST:PORT.");
    }
    if (s->rate != NULL && s->trace != NULL) {
        return clv_fail(err, CLEAVE_INVALID, "--rate",
                        "A link has a flat rate or a trace, not both.");
    }
    if (s->scale != NULL && s->trace == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "--scale",
                        "Only the rates of a --trace are scaled.");
    }
    status = read_scale(s->scale, &scale, err);
    if (status == CLEAVE_OK) {
        status = read_numbers(s, &e, err);
    }
    emulation_fini(&e);
    return status;
}

/* -- What has passed -- */

static json_t *rate_json(double bps)
{
    return isfinite(bps) ? json_real(bps) : json_null();
}

static void print_json(json_t *line)
{
    json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    printf("\n");
    fflush(stdout);
    json_decref(line);
}

static void print_second(const struct clv_relay_counts *before,
                         const struct clv_relay_counts *now)
{
    json_t *line = json_pack(
        "{s:f, s:I, s:I, s:I, s:I, s:i}", "seconds",
        (double)now->since_ns / SECOND_NS, "up_bytes",
        (json_int_t)(now->up_bytes - before->up_bytes), "down_bytes",
        (json_int_t)(now->down_bytes - before->down_bytes), "up_waiting",
        (json_int_t)now->up_waiting, "down_waiting",
        (json_int_t)now->down_waiting, "connections", (int)now->connections);

    json_object_set_new(line, "up_bps", rate_json(now->up_bps));
    json_object_set_new(line, "down_bps", rate_json(now->down_bps));
    print_json(line);
}

static void print_summary(const struct clv_relay_counts *c, int json)
{
    double seconds = (double)c->since_ns / SECOND_NS;

    if (json) {
        print_json(json_pack(
            "{s:b, s:f, s:I, s:I, s:I, s:I}", "summary", 1, "seconds", seconds,
            "up_bytes", (json_int_t)c->up_bytes, "down_bytes",
            (json_int_t)c->down_bytes, "up_counted", (json_int_t)c->up_counted,
            "down_counted", (json_int_t)c->down_counted));
    } else {
        printf("%llu bytes up, %llu down in %.1f s\n",
               (unsigned long long)c->up_bytes,
               (unsigned long long)c->down_bytes, seconds);
    }
}

static void announce(const struct settings *s, const struct emulation *e,
                     const struct clv_relay *relay)
{
    const char *listen = s->listen != NULL ? s->listen : "127.0.0.1:0";
    int host = (int)(strrchr(listen, ':') - listen);

    if (e->gaps > 0 && !s->quiet) {
        fprintf(stderr,
                "cleave link: %s: %zu gaps, the rate before them holds "
                "on\n",
                s->trace, e->gaps);
    }
    if (s->json) {
        print_json(json_pack(
            "{s:o, s:s}", "listening",
            json_sprintf("%.*s:%u", host, listen, clv_relay_port(relay)), "to",
            s->to));
    } else {
        printf("listening on %.*s:%u\n", host, listen, clv_relay_port(relay));
        fflush(stdout);
    }
}

/* Until a signal; in between once a second, counted from the opening. */
static void watch(const sigset_t *signals, struct clv_relay *relay, int json)
{
    struct clv_relay_counts before = {0};
    struct clv_relay_counts now;
    int64_t second = 1;

    for (;;) {
        int64_t left_ns;
        struct timespec wait;
        clv_relay_count(relay, &now);
        left_ns = second * SECOND_NS - now.since_ns;
        left_ns = left_ns > 0 ? left_ns : 0;
        wait = (struct timespec){.tv_sec = (time_t)(left_ns / SECOND_NS),
                                 .tv_nsec = (long)(left_ns % SECOND_NS)};
        if (sigtimedwait(signals, NULL, &wait) > 0) {
            return;
        }
        clv_relay_count(relay, &now);
        if (now.since_ns >= second * SECOND_NS) {
            if (json) {
                print_second(&before, &now);
            }
            before = now;
            second = now.since_ns / SECOND_NS + 1;
        }
    }
}

static cleave_status emulate(const struct settings *s, cleave_error *err)
{
    struct emulation e = {.gaps = 0};
    struct clv_relay *relay = NULL;
    struct clv_relay_counts counts;
    sigset_t signals;
    cleave_status status = read_numbers(s, &e, err);

    if (status == CLEAVE_OK) {
        status = read_trace(s, &e, err);
    }
    if (status == CLEAVE_OK) {
        sigemptyset(&signals);
        sigaddset(&signals, SIGTERM);
        sigaddset(&signals, SIGINT);
        pthread_sigmask(SIG_BLOCK, &signals, NULL);
        status = clv_relay_open(&e.options, &relay, err);
    }
    if (status == CLEAVE_OK) {
        announce(s, &e, relay);
        watch(&signals, relay, s->json);
        clv_relay_count(relay, &counts);
        print_summary(&counts, s->json);
    }
    clv_relay_close(relay);
    emulation_fini(&e);
    return status;
}

const struct command command_link = {
    .name = "link",
    .taker = TAKES_LINK,
    .usage = "--to HOST:PORT [--rate RATE|--trace FILE] [OPTION...]",
    .summary = "a slow, distant and failing link to a server, emulated",
    .text =
        "Connections to the address it listens on lead to the target, at the\n"
        "rate of the link, after its delay, and in an outage not at all. The\n"
        "ways up and down are apart; all connections share them. A rate "
        "counts\n"
        "bytes with their Ethernet, IP and TCP headers. SIGTERM ends it.\n\n"
        "examples:\n"
        "  cleave link --listen 127.0.0.1:8701 --to nas:8700 --rate 1.6Mbps "
        "--delay 32ms\n"
        "  cleave link --to 127.0.0.1:8700 --trace lte.csv --scale 0.3 --cut "
        "30s..40s\n",
    .check = check,
    .run = emulate,
};
