/*
 * runlines.c - the lines that a run of one task and a run of several share.
 *
 * One inference, one event; as JSON for programs, as text for people.
 */
#include "runlines.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "report.h"

static void put_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        json_object_set_new(object, key, report_text(text));
    }
}

/* What is not known is left out. */
static void put_number(json_t *object, const char *key, double value)
{
    if (value >= 0 && isfinite(value)) {
        json_object_set_new(object, key, json_real(value));
    }
}

static void put_estimates(json_t *object, const cleave_estimates *e)
{
    json_t *inside = json_object();

    put_number(inside, "up_mbps", e->up_bps / 1e6);
    put_number(inside, "down_mbps", e->down_bps / 1e6);
    put_number(inside, "rtt_ms", e->rtt_ns / 1e6);
    put_number(inside, "device_slowdown", e->device_slowdown);
    put_number(inside, "server_slowdown", e->server_slowdown);
    put_number(inside, "queue_ms", e->queue_ns / 1e6);
    json_object_set_new(object, "estimates", inside);
}

void runlines_event_json(const cleave_event *e)
{
    json_t *object = json_pack(
        "{s:s, s:f, s:I}", "event", cleave_event_name(e->kind), "at_s",
        (double)e->at_ns / 1e9, "inference", (json_int_t)e->inference);

    put_text(object, "task", e->task);
    put_text(object, "state", e->state);
    put_text(object, "reason", e->reason);
    put_text(object, "server", e->server);
    put_text(object, "from", e->from);
    put_text(object, "to", e->to);
    if (e->kind == CLEAVE_EVENT_SWITCH) {
        put_number(object, "from_predicted_ms", e->from_ns / 1e6);
        put_number(object, "to_predicted_ms", e->to_ns / 1e6);
    }
    if (e->kind == CLEAVE_EVENT_FINISHED) {
        put_number(object, "predicted_ms", (double)e->predicted_ns / 1e6);
        put_number(object, "measured_ms", (double)e->measured_ns / 1e6);
    }
    if (e->kind == CLEAVE_EVENT_ADAPT) {
        put_number(object, "cost_ms", (double)e->cost_ns / 1e6);
    }
    if (e->kind == CLEAVE_EVENT_GUARD) {
        put_number(object, "agreement", e->agreement);
        json_object_set_new(object, "compared",
                            json_integer((json_int_t)e->compared));
    }
    if (e->estimates.device_slowdown > 0) {
        put_estimates(object, &e->estimates);
    }
    report_line(object);
}

json_t *runlines_sample(const char *name, const cleave_result *x)
{
    json_t *object = json_pack(
        "{s:o, s:o, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:b}", "input",
        report_text(name), "top", report_top(x), "bytes_up",
        (json_int_t)x->bytes_up, "bytes_down", (json_int_t)x->bytes_down,
        "prepare_ms", clv_ns_to_ms(x->prepare_ns), "head_ms",
        clv_ns_to_ms(x->head_ns), "transfer_ms", clv_ns_to_ms(x->transfer_ns),
        "tail_ms", clv_ns_to_ms(x->tail_ns), "finish_ms",
        clv_ns_to_ms(x->finish_ns), "total_ms", clv_ns_to_ms(x->total_ns),
        "predicted_ms", clv_ns_to_ms(x->predicted_ns), "finished_here",
        x->finish_ns > 0);

    put_text(object, "design", x->design);
    return object;
}

/* -- Text -- */

static const char *or_none(const char *text)
{
    return text != NULL ? text : "nothing";
}

void runlines_event_text(const cleave_event *e)
{
    printf("%8.2f s  ", (double)e->at_ns / 1e9);
    if (e->task != NULL) {
        printf("%s: ", e->task);
    }
    switch (e->kind) {
    case CLEAVE_EVENT_SWITCH:
        printf("now %s", or_none(e->to));
        if (e->to_ns > 0 && isfinite(e->to_ns)) {
            printf(" (%.1f ms expected", e->to_ns / 1e6);
            if (e->from_ns > 0 && isfinite(e->from_ns)) {
                printf(", %.1f as before", e->from_ns / 1e6);
            }
            printf(")");
        }
        printf(": %s\n", e->reason);
        break;
    case CLEAVE_EVENT_DOWN:
    case CLEAVE_EVENT_UP:
        printf("%s is %s: %s\n", or_none(e->server), cleave_event_name(e->kind),
               e->reason);
        break;
    case CLEAVE_EVENT_FINISHED:
        printf("finished here after %.1f ms: %s\n",
               (double)e->measured_ns / 1e6, e->reason);
        break;
    case CLEAVE_EVENT_STATE:
        printf("state is %s: %s\n", or_none(e->state), e->reason);
        break;
    case CLEAVE_EVENT_ADAPT:
        printf("now %s, for %s: %s (in %.2f ms)\n", or_none(e->to),
               or_none(e->state), e->reason, (double)e->cost_ns / 1e6);
        break;
    default:
        printf("%s: %s: %s\n", cleave_event_name(e->kind),
               e->to != NULL ? e->to : or_none(e->from), e->reason);
        break;
    }
}

void runlines_sample_text(const char *name, const cleave_result *x,
                          int64_t right_class)
{
    const cleave_class *best = x->top_count > 0 ? &x->top[0] : NULL;
    const char *mark = "";

    if (right_class != NO_LABEL && best != NULL) {
        mark = best->index == right_class ? " right" : " wrong";
    }
    printf("%-24s %-20s%s  %.2f ms, %llu B up, %s%s\n", name,
           best != NULL && best->label != NULL ? best->label : "", mark,
           clv_ns_to_ms(x->total_ns), (unsigned long long)x->bytes_up,
           x->design != NULL ? x->design : "",
           x->finish_ns > 0 ? ", finished here" : "");
}
