/*
 * visit.c - tails on a server, measured through the very requests of a run.
 *
 * The first request for a cut makes the server build the tail, which may take
 * seconds; it is not counted, and neither is the first of each round's pair.
 * A server that is busy with others' requests says longer times than it takes
 * alone, which cannot be known here; rounds share that out among the cuts.
 */
#include "profile/visit.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

#define DEFAULT_ROUNDS 10
#define DEFAULT_TIMEOUT_MS 30000
#define FIRST_TIMEOUT_MS 120000
#define FRAME_HEAD 24
#define ANSWER_HEAD 100

struct visit {
    const struct clv_visit_options *o;
    struct clv_client *client;
    uint32_t rounds;
    double *tail_ns; /* rounds of each errand */
    struct clv_findings *findings;
};

static cleave_status check_model(struct visit *v, cleave_error *err)
{
    const struct clv_visit_options *o = v->o;
    struct clv_model_metadata there = {0};
    cleave_status status =
        clv_client_model(v->client, o->model, DEFAULT_TIMEOUT_MS, &there, err);

    if (status == CLEAVE_OK &&
        (there.sha256 == NULL || strcmp(there.sha256, o->sha256) != 0)) {
        status = clv_fail(
            err, CLEAVE_MISMATCH, o->url,
            "The server's model '%.100s' has SHA-256 %.64s, this device's "
            "%.64s: copy one file to both sides.",
            o->model, there.sha256 != NULL ? there.sha256 : "(untold)",
            o->sha256);
    }
    clv_model_metadata_fini(&there);
    return status;
}

static cleave_status ask(struct visit *v, size_t i, int64_t timeout_ms,
                         struct clv_exchange *exchange, cleave_error *err)
{
    struct clv_cut_request request = {
        .model = v->o->model,
        .cut = v->o->errands[i].cut,
        .sha256 = v->o->sha256,
        .body = v->o->errands[i].message,
    };
    cleave_status status =
        clv_client_infer_cut(v->client, &request, timeout_ms, exchange, err);

    if (status == CLEAVE_OK && !exchange->has_timing) {
        status = clv_fail(err, CLEAVE_UNSUPPORTED, v->o->url,
                          "The server does not say what it spent "
                          "(Server-Timing); serve with this cleave.");
    }
    return status;
}

/* Builds the tail there, and counts bytes. */
static cleave_status ask_first(struct visit *v, size_t i, cleave_error *err)
{
    struct clv_exchange exchange = {0};
    cleave_status status = ask(v, i, FIRST_TIMEOUT_MS, &exchange, err);

    if (status == CLEAVE_OK) {
        v->findings[i].extra_up_bytes =
            (double)exchange.bytes_up - (double)v->o->errands[i].message.size;
        v->findings[i].down_bytes = (double)exchange.bytes_down;
    }
    return status;
}

static cleave_status ask_pair(struct visit *v, size_t i, uint32_t round,
                              cleave_error *err)
{
    int64_t timeout =
        v->o->timeout_ms > 0 ? v->o->timeout_ms : DEFAULT_TIMEOUT_MS;
    struct clv_exchange exchange = {0};
    cleave_status status = ask(v, i, timeout, &exchange, err);

    if (status == CLEAVE_OK) {
        status = ask(v, i, timeout, &exchange, err);
    }
    if (status == CLEAVE_OK) {
        v->tail_ns[i * v->rounds + round] = (double)exchange.timing.tail_ns;
    }
    return status;
}

static cleave_status go_round(struct visit *v, cleave_error *err)
{
    const struct clv_visit_options *o = v->o;
    cleave_status status = CLEAVE_OK;

    for (size_t i = 0; status == CLEAVE_OK && i < o->errand_count; i++) {
        status = ask_first(v, i, err);
    }
    for (uint32_t r = 0; status == CLEAVE_OK && r < v->rounds; r++) {
        for (size_t i = 0; status == CLEAVE_OK && i < o->errand_count; i++) {
            status = ask_pair(v, i, r, err);
        }
        if (status == CLEAVE_OK && o->progress != NULL &&
            o->progress(o->self, r + 1, v->rounds)) {
            status = CLEAVE_CANCELLED;
        }
    }
    return status;
}

cleave_status clv_visit_run(const struct clv_visit_options *options,
                            struct clv_findings *ret_findings,
                            cleave_error *err)
{
    struct clv_transfer_options client = {.url = options->url};
    struct visit v = {
        .o = options,
        .rounds = options->rounds > 0 ? options->rounds : DEFAULT_ROUNDS,
    };
    size_t count = options->errand_count;
    cleave_status status = clv_client_open(&client, &v.client, err);

    v.findings = calloc(count + 1, sizeof *v.findings);
    v.tail_ns = calloc(count * v.rounds + 1, sizeof *v.tail_ns);
    if (status == CLEAVE_OK && (v.findings == NULL || v.tail_ns == NULL)) {
        status = clv_fail_memory(err, options->url, count * sizeof *v.findings);
    }
    if (status == CLEAVE_OK) {
        status = check_model(&v, err);
    }
    if (status == CLEAVE_OK) {
        status = go_round(&v, err);
    }
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        ret_findings[i] = v.findings[i];
        ret_findings[i].tail_ns =
            clv_spread_of(v.tail_ns + i * v.rounds, v.rounds);
    }
    clv_client_close(v.client);
    free(v.findings);
    free(v.tail_ns);
    return status;
}

/* POST /v2/models/M/cuts/CUT/infer HTTP/1.1, and the lines behind it. */
double clv_visit_guess_up(const char *model, const char *cut)
{
    static const char head[] = "POST /v2/models//cuts//infer HTTP/1.1\r\n"
                               "Host: 192.168.100.100:8700\r\n"
                               "If-Match: \"0123456789abcdef\"\r\n"
                               "Content-Length: 10000\r\n\r\n";

    return (double)(sizeof head - 1 + strlen(model) + strlen(cut));
}

double clv_visit_guess_down(size_t outputs)
{
    return ANSWER_HEAD + FRAME_HEAD * (double)outputs;
}

double clv_visit_type_bytes(const char *content_type)
{
    return (double)(strlen("Content-Type: \r\n") + strlen(content_type));
}
