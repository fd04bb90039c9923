/*
 * session.c - opening and closing a session on the device.
 *
 * Opening goes from the ground up: engine and store, the network with its
 * card, connections to the server, and the one rig that a session has. What
 * can fail does so here and not at the first inference.
 */
#include "cleave/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "run/device.h"

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

/* -- Life -- */

static cleave_status open_ground(cleave_session *s,
                                 const cleave_session_options *o,
                                 cleave_error *err)
{
    struct clv_ground_options ground = {.model = o->model,
                                        .card = o->card,
                                        .model_name = o->model_name,
                                        .gate = &s->gate};
    cleave_status status = clv_engine_open(o->engine, &s->engine, err);

    if (status == CLEAVE_OK) {
        status = clv_store_open(o->cache, &s->store, err);
    }
    if (status == CLEAVE_OK) {
        s->gate.open = clv_ground_width(s->engine);
        ground.engine = s->engine;
        ground.store = s->store;
        status = clv_ground_init(&s->ground, &ground, err);
    }
    return status;
}

static cleave_status open_rig(cleave_session *s,
                              const cleave_session_options *o,
                              cleave_error *err)
{
    struct clv_rig_options rig = {
        .cut = o->cut != NULL ? o->cut : CLV_CUT_OUTPUT,
        .calibration = o->calibration,
        .lanes = o->in_flight > 0 ? o->in_flight : 1,
        .deadline_ms = o->deadline_ms,
    };
    cleave_status status = clv_packing_parse(o->pack, &rig.packing, err);

    if (status == CLEAVE_OK && o->server != NULL &&
        strcmp(rig.cut, CLV_CUT_OUTPUT) != 0) {
        status = clv_clients_init(&s->clients, o->server, rig.lanes, err);
        rig.clients = &s->clients;
    }
    return status == CLEAVE_OK ? clv_rig_open(&s->ground, &rig, &s->rig, err)
                               : status;
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
    clv_gate_init(&s->gate, 1);
    status = open_ground(s, options, err);
    if (status == CLEAVE_OK) {
        status = open_rig(s, options, err);
    }
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
    clv_rig_close(s->rig);
    clv_clients_fini(&s->clients);
    clv_ground_fini(&s->ground);
    clv_gate_fini(&s->gate);
    clv_store_close(s->store);
    clv_engine_close(s->engine);
    free(s);
}

const char *cleave_session_notice(const cleave_session *session)
{
    return session->rig->notice[0] != '\0' ? session->rig->notice : NULL;
}

const cleave_tensor_info *cleave_session_inputs(const cleave_session *session,
                                                size_t *ret_count)
{
    return clv_network_inputs(session->ground.network, ret_count);
}

const cleave_tensor_info *cleave_session_outputs(const cleave_session *session,
                                                 size_t *ret_count)
{
    return clv_network_outputs(session->ground.network, ret_count);
}

/* -- Inference -- */

cleave_status cleave_session_infer(cleave_session *session,
                                   const cleave_tensor *inputs,
                                   size_t input_count,
                                   cleave_result **ret_result,
                                   cleave_error *err)
{
    struct clv_rig *rig = session->rig;
    struct clv_errand errand = {.inputs = inputs, .input_count = input_count};
    struct clv_lane *lane;
    cleave_status status;

    if (rig->sends_picture) {
        return clv_fail(err, CLEAVE_INVALID, "inputs",
                        "This session packs pictures (%s) and cannot send a "
                        "tensor; infer a picture's file, or use another "
                        "packing.",
                        clv_coder_name(rig->packing.coder));
    }
    lane = clv_lanes_take(&rig->lanes);
    status = clv_pipeline_run(rig, lane, &errand, ret_result, err);
    clv_lanes_give(&rig->lanes, lane);
    return status;
}

cleave_status clv_session_infer_sample(cleave_session *session,
                                       const struct clv_source *source,
                                       uint64_t sample,
                                       cleave_result **ret_result,
                                       cleave_error *err)
{
    struct clv_rig *rig = session->rig;
    struct clv_lane *lane = clv_lanes_take(&rig->lanes);
    struct clv_errand errand = {.inputs = lane->sample.tensors};
    int64_t started_ns = clv_clock_now_ns(session->ground.clock);
    cleave_status status =
        rig->sends_picture
            ? clv_source_load_picture(source, sample, &lane->sample, err)
            : clv_source_load(source, sample, &lane->sample, err);
    int64_t loaded_ns = clv_clock_now_ns(session->ground.clock);

    if (status == CLEAVE_OK) {
        errand.input_count = lane->sample.count;
        status = clv_pipeline_run(rig, lane, &errand, ret_result, err);
    }
    if (status == CLEAVE_OK) {
        (*ret_result)->prepare_ns = loaded_ns - started_ns;
    }
    clv_lanes_give(&rig->lanes, lane);
    return status;
}

cleave_status clv_session_source(const cleave_session *session,
                                 const char *const *paths, size_t count,
                                 struct clv_source **ret_source,
                                 cleave_error *err)
{
    size_t inputs;
    const cleave_tensor_info *infos =
        clv_network_inputs(session->ground.network, &inputs);

    return clv_source_new(session->ground.card, infos, inputs, paths, count,
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
