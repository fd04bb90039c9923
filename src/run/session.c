/*
 * session.c - opening and closing a session on the device.
 *
 * Opening goes from the ground up: engine and store, the network, its card,
 * the cut (what is sent), the head, the lanes, and last the server, which
 * must have the very same model. What can fail does so here and not at the
 * first inference.
 */
#include "cleave/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "run/device.h"

#define DEFAULT_DEADLINE_MS 30000
#define MAX_IN_FLIGHT 1024

static cleave_status check_options(const cleave_session_options *o,
                                   cleave_error *err)
{
    if (o->model == NULL || o->cache == NULL) {
        return clv_fail(err, CLEAVE_INVALID, "session",
                        "The options need a %s.",
                        o->model == NULL ? "model" : "cache folder");
    }
    if (o->in_flight > MAX_IN_FLIGHT) {
        return clv_fail(err, CLEAVE_INVALID, "session",
                        "At most %d inferences may be in flight.",
                        MAX_IN_FLIGHT);
    }
    return CLEAVE_OK;
}

/* -- The card -- */

static cleave_status open_card(cleave_session *s,
                               const cleave_session_options *o,
                               cleave_error *err)
{
    char path[CLV_PATH_MAX];
    size_t inputs;
    size_t outputs;
    const cleave_tensor_info *in = clv_network_inputs(s->network, &inputs);
    const cleave_tensor_info *out = clv_network_outputs(s->network, &outputs);
    cleave_status status;

    if (o->card != NULL) {
        status = clv_path_print(path, sizeof path, err, "%s", o->card);
    } else {
        status = clv_card_default_path(o->model, path, err);
        if (status == CLEAVE_OK && access(path, F_OK) != 0) {
            return CLEAVE_OK; /* a model without a card takes arrays */
        }
    }
    if (status == CLEAVE_OK) {
        status = clv_card_read(path, &s->card, err);
    }
    return status == CLEAVE_OK
               ? clv_card_check(s->card, in, inputs, out, outputs, err)
               : status;
}

/* -- The cut -- */

static char *stem_of(const char *path)
{
    char *stem = strdup(clv_path_name(path));

    if (stem != NULL && clv_path_ends(stem, ".onnx")) {
        stem[strlen(stem) - strlen(".onnx")] = '\0';
    }
    return stem;
}

static int sends_inputs(const cleave_session *s)
{
    return strcmp(s->cut, CLV_CUT_INPUT) == 0;
}

static cleave_status load_head(cleave_session *s, cleave_error *err)
{
    if (sends_inputs(s)) {
        return CLEAVE_OK;
    }
    return clv_network_load(s->network,
                            s->needs_server ? CLV_PART_HEAD : CLV_PART_WHOLE,
                            s->cut, &s->head, err);
}

static cleave_status list_inputs(cleave_session *s, cleave_error *err)
{
    size_t count;
    const cleave_tensor_info *inputs = clv_network_inputs(s->network, &count);

    free(s->cut_tensors);
    s->cut_count = 0;
    s->cut_tensors = calloc(count + 1, sizeof *s->cut_tensors);
    if (s->cut_tensors == NULL) {
        return clv_fail_memory(err, s->cut, count);
    }
    memcpy(s->cut_tensors, inputs, count * sizeof *inputs);
    s->cut_count = count;
    return CLEAVE_OK;
}

/* The cut under its own name: in network order, or `input`. */
static cleave_status name_cut(cleave_session *s, cleave_error *err)
{
    const char *names[CLV_CUT_TENSORS];

    for (size_t i = 0; i < s->cut_count; i++) {
        names[i] = s->cut_tensors[i].name;
    }
    return clv_network_cut_of(s->network, names, s->cut_count, s->cut,
                              sizeof s->cut, err);
}

/* The names of what is sent: the model's inputs, or the cut's tensors. */
static cleave_status list_cut(cleave_session *s, cleave_error *err)
{
    cleave_status status;

    if (!s->needs_server) {
        return CLEAVE_OK;
    }
    if (sends_inputs(s)) {
        return list_inputs(s, err);
    }
    s->cut_tensors = calloc(CLV_CUT_TENSORS, sizeof *s->cut_tensors);
    if (s->cut_tensors == NULL) {
        return clv_fail_memory(err, s->cut, CLV_CUT_TENSORS);
    }
    status = clv_network_cut_tensors(s->network, s->cut, s->cut_tensors,
                                     &s->cut_count, err);
    if (status == CLEAVE_OK) {
        status = name_cut(s, err);
    }
    return status == CLEAVE_OK && sends_inputs(s) ? list_inputs(s, err)
                                                  : status;
}

static cleave_status open_cut(cleave_session *s,
                              const cleave_session_options *o,
                              cleave_error *err)
{
    const char *cut = o->cut != NULL ? o->cut : CLV_CUT_OUTPUT;
    cleave_status status =
        clv_path_print(s->cut, sizeof s->cut, err, "%s", cut);

    s->needs_server = strcmp(cut, CLV_CUT_OUTPUT) != 0;
    if (status == CLEAVE_OK && s->needs_server && o->server == NULL) {
        status = clv_fail(err, CLEAVE_INVALID, "server",
                          "The cut '%.100s' needs a server; name one, or use "
                          "the cut 'output' to compute all on this device.",
                          cut);
    }
    if (status == CLEAVE_OK) {
        status = clv_packing_parse(o->pack, &s->packing, err);
    }
    s->sends_picture =
        status == CLEAVE_OK && clv_packing_is_picture(&s->packing);
    if (status == CLEAVE_OK) {
        status = list_cut(s, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_sending_check(s, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_agreement_read(s, o, err);
    }
    return status == CLEAVE_OK ? load_head(s, err) : status;
}

/* -- The server -- */

/* Both sides must mean the same network, to the last weight. */
static cleave_status check_server(cleave_session *s, cleave_error *err)
{
    struct clv_model_metadata there = {0};
    const char *here = clv_network_sha256(s->network);
    struct clv_lane *lane;
    cleave_status status;

    if (!s->needs_server) {
        return CLEAVE_OK;
    }
    lane = clv_lanes_take(&s->lanes);
    status = clv_client_model(lane->client, s->model_name, s->deadline_ms,
                              &there, err);
    if (status == CLEAVE_OK &&
        (there.sha256 == NULL || strcmp(there.sha256, here) != 0)) {
        status = clv_fail(
            err, CLEAVE_MISMATCH, s->url,
            "The server's model '%.100s' has SHA-256 %.64s, this device's "
            "%.64s: copy one file to both sides.",
            s->model_name, there.sha256 != NULL ? there.sha256 : "(untold)",
            here);
    }
    if (status == CLEAVE_OK) {
        clv_agreement_settle(s, there.calibration);
    }
    clv_model_metadata_fini(&there);
    clv_lanes_give(&s->lanes, lane);
    return status;
}

/* -- Life -- */

static cleave_status copy_names(cleave_session *s,
                                const cleave_session_options *o,
                                cleave_error *err)
{
    s->url = o->server != NULL ? strdup(o->server) : strdup("");
    s->model_name =
        o->model_name != NULL ? strdup(o->model_name) : stem_of(o->model);
    s->deadline_ms = o->deadline_ms > 0 ? o->deadline_ms : DEFAULT_DEADLINE_MS;
    if (s->url == NULL || s->model_name == NULL) {
        return clv_fail_memory(err, "session", strlen(o->model));
    }
    return CLEAVE_OK;
}

/* How many heads fit beside each other on this machine's cores. */
static unsigned gate_width(const cleave_session *s)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    long threads = (long)clv_engine_threads(s->engine);

    return cores > threads ? (unsigned)(cores / threads) : 1;
}

static cleave_status open_all(cleave_session *s,
                              const cleave_session_options *o,
                              cleave_error *err)
{
    cleave_status status = copy_names(s, o, err);

    if (status == CLEAVE_OK) {
        status = clv_engine_open(o->engine, &s->engine, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_store_open(o->cache, &s->store, err);
    }
    if (status == CLEAVE_OK) {
        status =
            clv_network_open(o->model, s->engine, s->store, &s->network, err);
    }
    if (status == CLEAVE_OK) {
        status = open_card(s, o, err);
    }
    if (status == CLEAVE_OK) {
        status = open_cut(s, o, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_lanes_init(&s->lanes, s,
                                o->in_flight > 0 ? o->in_flight : 1, err);
    }
    if (status == CLEAVE_OK) {
        s->gate.open = gate_width(s);
        status = check_server(s, err);
    }
    if (status == CLEAVE_OK && s->needs_server) {
        status = clv_lanes_equip(&s->lanes, s->calibration, err);
    }
    return status;
}

cleave_status cleave_session_open(const cleave_session_options *options,
                                  cleave_session **ret_session,
                                  cleave_error *err)
{
    cleave_session *s;
    cleave_status status = check_options(options, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL) {
        return clv_fail_memory(err, "session", sizeof *s);
    }
    s->clock = clv_clock_machine();
    clv_gate_init(&s->gate, 1);
    status = open_all(s, options, err);
    if (status != CLEAVE_OK) {
        cleave_session_close(s);
        return status;
    }
    *ret_session = s;
    return CLEAVE_OK;
}

void cleave_session_close(cleave_session *s)
{
    if (s == NULL) {
        return;
    }
    clv_lanes_fini(&s->lanes);
    clv_gate_fini(&s->gate);
    clv_part_release(s->head);
    clv_card_free(s->card);
    clv_calibration_free(s->calibration);
    clv_network_close(s->network);
    clv_store_close(s->store);
    clv_engine_close(s->engine);
    free(s->cut_tensors);
    free(s->url);
    free(s->model_name);
    free(s);
}

const char *cleave_session_notice(const cleave_session *session)
{
    return session->notice[0] != '\0' ? session->notice : NULL;
}

const cleave_tensor_info *cleave_session_inputs(const cleave_session *session,
                                                size_t *ret_count)
{
    return clv_network_inputs(session->network, ret_count);
}

const cleave_tensor_info *cleave_session_outputs(const cleave_session *session,
                                                 size_t *ret_count)
{
    return clv_network_outputs(session->network, ret_count);
}

/* -- Inference -- */

cleave_status cleave_session_infer(cleave_session *session,
                                   const cleave_tensor *inputs,
                                   size_t input_count,
                                   cleave_result **ret_result,
                                   cleave_error *err)
{
    struct clv_lane *lane;
    cleave_status status;

    if (session->sends_picture) {
        return clv_fail(err, CLEAVE_INVALID, "inputs",
                        "This session packs pictures (%s) and cannot send a "
                        "tensor; infer a picture's file, or use another "
                        "packing.",
                        clv_coder_name(session->packing.coder));
    }
    lane = clv_lanes_take(&session->lanes);
    status =
        clv_pipeline_run(session, lane, inputs, input_count, ret_result, err);
    clv_lanes_give(&session->lanes, lane);
    return status;
}

cleave_status clv_session_infer_sample(cleave_session *session,
                                       const struct clv_source *source,
                                       uint64_t sample,
                                       cleave_result **ret_result,
                                       cleave_error *err)
{
    int picture = session->sends_picture;
    struct clv_lane *lane = clv_lanes_take(&session->lanes);
    int64_t started_ns = clv_clock_now_ns(session->clock);
    cleave_status status =
        picture ? clv_source_load_picture(source, sample, &lane->sample, err)
                : clv_source_load(source, sample, &lane->sample, err);
    int64_t loaded_ns = clv_clock_now_ns(session->clock);

    if (status == CLEAVE_OK) {
        status = clv_pipeline_run(session, lane,
                                  picture ? NULL : lane->sample.tensors,
                                  lane->sample.count, ret_result, err);
    }
    if (status == CLEAVE_OK) {
        (*ret_result)->prepare_ns = loaded_ns - started_ns;
    }
    clv_lanes_give(&session->lanes, lane);
    return status;
}

cleave_status clv_session_source(const cleave_session *session,
                                 const char *const *paths, size_t count,
                                 struct clv_source **ret_source,
                                 cleave_error *err)
{
    size_t inputs;
    const cleave_tensor_info *infos =
        clv_network_inputs(session->network, &inputs);

    return clv_source_new(session->card, infos, inputs, paths, count,
                          ret_source, err);
}

cleave_status cleave_session_infer_file(cleave_session *session,
                                        const char *path,
                                        cleave_result **ret_result,
                                        cleave_error *err)
{
    struct clv_source *source;
    cleave_status status = clv_session_source(session, &path, 1, &source, err);

    if (status != CLEAVE_OK) {
        return status;
    }
    if (clv_source_count(source) != 1) {
        status = clv_fail(err, CLEAVE_INVALID, path,
                          "This holds %llu samples; infer them one by one.",
                          (unsigned long long)clv_source_count(source));
    } else {
        status = clv_session_infer_sample(session, source, 0, ret_result, err);
    }
    clv_source_free(source);
    return status;
}
