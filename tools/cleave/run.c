/*
 * run.c - `cleave run`: a model over pictures and arrays, with one design.
 * Where an application is named instead, runapp.c takes over.
 *
 * As many threads as inferences may be in flight take samples in turn; the
 * session overlaps their heads, transfers and tails. Results are printed in
 * the order of the samples, each as soon as those before it are out; one
 * that fails is reported and does not end the run.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fail.h"
#include "base/file.h"
#include "command.h"
#include "media/labels.h"
#include "report.h"
#include "run/device.h"
#include "runapp.h"

/* One sample on its way to being printed. */
struct slot {
    cleave_result *result; /* NULL if it failed */
    cleave_error error;
    int done;
};

struct running {
    const struct settings *settings;
    cleave_session *session;
    struct clv_source *source;
    struct clv_labels *labels;
    struct report report;
    uint64_t count;

    pthread_mutex_t lock;
    pthread_cond_t printed;
    uint64_t next;      /* sample to be taken */
    uint64_t out;       /* sample to be printed */
    struct slot *slots; /* ring of `window` */
    uint64_t window;
};

static int64_t class_of(struct running *r, uint64_t sample)
{
    int64_t class_index = -1;

    if (r->labels == NULL ||
        clv_labels_find(r->labels, clv_source_file(r->source, sample),
                        clv_source_row(r->source, sample), &class_index,
                        NULL) != CLEAVE_OK) {
        return NO_LABEL;
    }
    return class_index;
}

/* Prints what is ready, in order. */
static void print_ready_locked(struct running *r)
{
    char name[CLV_SOURCE_NAME];

    while (r->out < r->count && r->slots[r->out % r->window].done) {
        struct slot *slot = &r->slots[r->out % r->window];
        clv_source_name(r->source, r->out, name);
        report_sample(&r->report, name, slot->result, &slot->error,
                      class_of(r, r->out));
        cleave_result_free(slot->result);
        *slot = (struct slot){0};
        r->out++;
    }
    pthread_cond_broadcast(&r->printed);
}

/* Takes the next sample; waits while too many are ahead of the printing. */
static int take_sample(struct running *r, uint64_t *ret_sample)
{
    int taken = 0;

    pthread_mutex_lock(&r->lock);
    while (r->next < r->count && r->next >= r->out + r->window) {
        pthread_cond_wait(&r->printed, &r->lock);
    }
    if (r->next < r->count) {
        *ret_sample = r->next++;
        taken = 1;
    }
    pthread_mutex_unlock(&r->lock);
    return taken;
}

static void *work(void *arg)
{
    struct running *r = arg;
    uint64_t sample;

    while (take_sample(r, &sample)) {
        cleave_error error = CLEAVE_ERROR_INIT;
        cleave_result *result = NULL;
        cleave_status status = clv_session_infer_sample(
            r->session, r->source, sample, &result, &error);
        pthread_mutex_lock(&r->lock);
        struct slot *slot = &r->slots[sample % r->window];
        slot->result = status == CLEAVE_OK ? result : NULL;
        slot->error = error;
        slot->done = 1;
        print_ready_locked(r);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

static cleave_status run_all(struct running *r, uint64_t threads,
                             cleave_error *err)
{
    pthread_t *ids = calloc(threads, sizeof *ids);
    uint64_t started = 0;

    r->window = 4 * threads;
    r->slots = calloc(r->window, sizeof *r->slots);
    if (ids == NULL || r->slots == NULL) {
        free(ids);
        return clv_fail_memory(err, "run", threads * sizeof *r->slots);
    }
    while (started < threads &&
           pthread_create(&ids[started], NULL, work, r) == 0) {
        started++;
    }
    for (uint64_t i = 0; i < started; i++) {
        pthread_join(ids[i], NULL);
    }
    free(ids);
    return started > 0 ? CLEAVE_OK
                       : clv_fail(err, CLEAVE_MEMORY, "run",
                                  "No thread could be started.");
}

static cleave_status check_arguments(const struct settings *s,
                                     cleave_error *err)
{
    if (runapp_is_meant(s)) {
        return runapp_check(s, err);
    }
    if (s->model == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say which network to run: --model FILE, or an "
                        "application and its profile: APP.yaml --db FILE.");
    }
    if (s->input_count + s->rest_count == 0) {
        return clv_fail(err, CLEAVE_INVALID, "arguments",
                        "Say what to run it on: --input FILE or DIR.");
    }
    return CLEAVE_OK;
}

static cleave_status open_session(struct running *r, cleave_error *err)
{
    const struct settings *s = r->settings;
    cleave_session_options o = CLEAVE_SESSION_OPTIONS_INIT;
    char cache[CLV_PATH_MAX];
    cleave_status status = command_cache(s, cache, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    o.model = s->model;
    o.card = s->card;
    o.server = s->server;
    o.cut = s->cut;
    o.pack = s->pack;
    o.calibration = s->calibration;
    o.engine = s->engine;
    o.cache = cache;
    o.in_flight = (uint32_t)s->in_flight;
    o.deadline_ms = (uint32_t)s->deadline_ms;
    status = cleave_session_open(&o, &r->session, err);
    if (status == CLEAVE_OK && !s->quiet &&
        cleave_session_notice(r->session) != NULL) {
        fprintf(stderr, "cleave run: %s\n", cleave_session_notice(r->session));
    }
    return status;
}

/* --input PATH... and plain arguments are the same. */
static cleave_status open_source(struct running *r, cleave_error *err)
{
    const struct settings *s = r->settings;
    size_t count = s->input_count + s->rest_count;
    const char **paths = calloc(count, sizeof *paths);
    cleave_status status;

    if (paths == NULL) {
        return clv_fail_memory(err, "run", count * sizeof *paths);
    }
    for (size_t i = 0; i < count; i++) {
        paths[i] =
            i < s->input_count ? s->inputs[i] : s->rest[i - s->input_count];
    }
    status = clv_session_source(r->session, paths, count, &r->source, err);
    free(paths);
    if (status == CLEAVE_OK) {
        r->count = clv_source_count(r->source);
    }
    return status;
}

static cleave_status open_all(struct running *r, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    if (r->settings->labels != NULL) {
        status = clv_labels_read(r->settings->labels, &r->labels, err);
    }
    if (status == CLEAVE_OK) {
        status = open_session(r, err);
    }
    return status == CLEAVE_OK ? open_source(r, err) : status;
}

static cleave_status run(const struct settings *s, cleave_error *err)
{
    struct running r = {.settings = s};
    uint64_t threads = s->in_flight > 0 ? s->in_flight : 1;
    char pack[CLV_PACKING_TEXT];
    cleave_status status;

    if (runapp_is_meant(s)) {
        return runapp_run(s, err);
    }
    pthread_mutex_init(&r.lock, NULL);
    pthread_cond_init(&r.printed, NULL);
    status = open_all(&r, err);
    if (status == CLEAVE_OK) {
        status =
            report_open(&r.report, r.count, s->cut != NULL ? s->cut : "output",
                        clv_packing_text(&r.session->rig->packing, pack),
                        s->json, !s->quiet, r.labels != NULL, err);
    }
    if (status == CLEAVE_OK) {
        status = run_all(&r, threads, err);
        if (status == CLEAVE_OK) {
            status = report_close(&r.report, err);
        }
    }
    report_fini(&r.report);
    free(r.slots);
    clv_source_free(r.source);
    cleave_session_close(r.session);
    clv_labels_free(r.labels);
    pthread_cond_destroy(&r.printed);
    pthread_mutex_destroy(&r.lock);
    return status;
}

const struct command command_run = {
    .name = "run",
    .taker = TAKES_RUN,
    .usage = "APP.yaml --db FILE [--input [TASK=]PATH...]\n"
             "       cleave run --model FILE [--server URL --cut NAME] "
             "--input PATH...",
    .summary = "run a model, or an application that decides where to cut",
    .text =
        "Pictures (JPEG, PNG, PPM) are prepared as the model's card says;\n"
        "arrays (.npy) are taken as they are. A folder stands for all in it.\n"
        "Prints the top classes, bytes and times of each input and a summary.\n"
        "\n"
        "An application (APP.yaml) says what is wanted, and a profile what "
        "all\n"
        "designs cost: then each inference takes the best one for the link,\n"
        "the servers and this device as they are now, and is finished here\n"
        "if the server does not answer in time. Several tasks run at once,\n"
        "under a manager that changes variants and engines as need be.\n"
        "\nexamples:\n"
        "  cleave run app.yaml --db profile.db --input photos --rate 20 "
        "--for 60s\n"
        "  cleave run --model net.onnx --input cat.jpg\n"
        "  cleave run --model net.onnx --server http://nas:8700 \\\n"
        "      --cut conv4_relu --pack dense:step=0.9sd --input photos\n"
        "  cleave run --model net.onnx --server http://nas:8700 \\\n"
        "      --cut input --pack jpeg:quality=85 photos --in-flight 3\n"
        "  cleave run --model net.onnx --input photos --labels labels.csv "
        "--json\n",
    .check = check_arguments,
    .run = run,
};
