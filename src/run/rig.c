/*
 * rig.c - making one design ready to run.
 *
 * What can fail does so here and not at the first inference: whether the cut
 * is one, whether the packing goes with it, whether the parts load, whether
 * the server has the very same model. Leaves out running: pipeline.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/file.h"
#include "run/rig.h"

#define DEFAULT_DEADLINE_MS 30000

static int sends_inputs(const struct clv_rig *r)
{
    return strcmp(r->cut, CLV_CUT_INPUT) == 0;
}

static cleave_status list_inputs(struct clv_rig *r, cleave_error *err)
{
    size_t count;
    const cleave_tensor_info *inputs =
        clv_network_inputs(r->ground->network, &count);

    free(r->cut_tensors);
    r->cut_count = 0;
    r->cut_tensors = calloc(count + 1, sizeof *r->cut_tensors);
    if (r->cut_tensors == NULL) {
        return clv_fail_memory(err, r->cut, count);
    }
    memcpy(r->cut_tensors, inputs, count * sizeof *inputs);
    r->cut_count = count;
    return CLEAVE_OK;
}

/* The cut under its own name: in network order, or `input`. */
static cleave_status name_cut(struct clv_rig *r, cleave_error *err)
{
    const char *names[CLV_CUT_TENSORS];

    for (size_t i = 0; i < r->cut_count; i++) {
        names[i] = r->cut_tensors[i].name;
    }
    return clv_network_cut_of(r->ground->network, names, r->cut_count, r->cut,
                              sizeof r->cut, err);
}

/* The names of what is sent: the model's inputs, or the cut's tensors. */
static cleave_status list_cut(struct clv_rig *r, cleave_error *err)
{
    cleave_status status;

    if (!r->needs_server) {
        return CLEAVE_OK;
    }
    if (sends_inputs(r)) {
        return list_inputs(r, err);
    }
    r->cut_tensors = calloc(CLV_CUT_TENSORS, sizeof *r->cut_tensors);
    if (r->cut_tensors == NULL) {
        return clv_fail_memory(err, r->cut, CLV_CUT_TENSORS);
    }
    status = clv_network_cut_tensors(r->ground->network, r->cut, r->cut_tensors,
                                     &r->cut_count, err);
    if (status == CLEAVE_OK) {
        status = name_cut(r, err);
    }
    return status == CLEAVE_OK && sends_inputs(r) ? list_inputs(r, err)
                                                  : status;
}

static cleave_status load_parts(struct clv_rig *r, int keeps_tail,
                                cleave_error *err)
{
    struct clv_network *network = r->ground->network;
    cleave_status status = CLEAVE_OK;

    if (!sends_inputs(r)) {
        status = clv_network_load(
            network, r->needs_server ? CLV_PART_HEAD : CLV_PART_WHOLE, r->cut,
            &r->head, err);
    }
    if (status == CLEAVE_OK && r->needs_server && keeps_tail) {
        status = clv_network_load(
            network, sends_inputs(r) ? CLV_PART_WHOLE : CLV_PART_TAIL, r->cut,
            &r->tail, err);
    }
    return status;
}

static cleave_status open_cut(struct clv_rig *r,
                              const struct clv_rig_options *o,
                              cleave_error *err)
{
    cleave_status status =
        clv_path_print(r->cut, sizeof r->cut, err, "%s", o->cut);

    r->needs_server = strcmp(o->cut, CLV_CUT_OUTPUT) != 0;
    if (status == CLEAVE_OK && r->needs_server && o->clients == NULL) {
        status = clv_fail(err, CLEAVE_INVALID, "server",
                          "The cut '%.100s' needs a server; name one, or use "
                          "the cut 'output' to compute all on this device.",
                          o->cut);
    }
    r->clients = r->needs_server ? o->clients : NULL;
    r->packing = o->packing;
    r->sends_picture = clv_packing_is_picture(&r->packing);
    if (status == CLEAVE_OK) {
        status = list_cut(r, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_sending_check(r, err);
    }
    if (status == CLEAVE_OK) {
        status = clv_agreement_read(r, o->calibration, err);
    }
    return status == CLEAVE_OK ? load_parts(r, o->keeps_tail, err) : status;
}

/* Both sides must mean the same network, to the last weight. */
static cleave_status check_server(struct clv_rig *r, const atomic_int *stop,
                                  cleave_error *err)
{
    struct clv_model_metadata there = {0};
    const char *here = clv_network_sha256(r->ground->network);
    const char *name = r->ground->model_name;
    struct clv_client *client;
    cleave_status status;

    if (!r->needs_server) {
        return CLEAVE_OK;
    }
    client = clv_clients_take(r->clients);
    clv_client_heed(client, stop);
    status = clv_client_model(client, name, r->deadline_ms, &there, err);
    clv_client_heed(client, NULL);
    clv_clients_give(r->clients, client);
    if (status == CLEAVE_OK &&
        (there.sha256 == NULL || strcmp(there.sha256, here) != 0)) {
        status = clv_fail(
            err, CLEAVE_MISMATCH, r->clients->url,
            "The server's model '%.100s' has SHA-256 %.64s, this device's "
            "%.64s: copy one file to both sides.",
            name, there.sha256 != NULL ? there.sha256 : "(untold)", here);
    }
    if (status == CLEAVE_OK) {
        clv_agreement_settle(r, there.calibration);
    }
    clv_model_metadata_fini(&there);
    return status;
}

static cleave_status open_all(struct clv_rig *r,
                              const struct clv_rig_options *o,
                              cleave_error *err)
{
    cleave_status status = open_cut(r, o, err);

    if (status == CLEAVE_OK) {
        status = clv_lanes_init(&r->lanes, r, o->lanes > 0 ? o->lanes : 1, err);
    }
    if (status == CLEAVE_OK) {
        status = check_server(r, o->stop, err);
    }
    if (status == CLEAVE_OK && r->needs_server) {
        status = clv_lanes_equip(&r->lanes, r->calibration, err);
    }
    return status;
}

cleave_status clv_rig_open(const struct clv_ground *ground,
                           const struct clv_rig_options *options,
                           struct clv_rig **ret_rig, cleave_error *err)
{
    struct clv_rig *r = calloc(1, sizeof *r);
    cleave_status status;

    if (r == NULL) {
        return clv_fail_memory(err, options->cut, sizeof *r);
    }
    r->ground = ground;
    r->deadline_ms =
        options->deadline_ms > 0 ? options->deadline_ms : DEFAULT_DEADLINE_MS;
    status = open_all(r, options, err);
    if (status != CLEAVE_OK) {
        clv_rig_close(r);
        return status;
    }
    *ret_rig = r;
    return CLEAVE_OK;
}

void clv_rig_close(struct clv_rig *r)
{
    if (r == NULL) {
        return;
    }
    clv_lanes_fini(&r->lanes);
    clv_part_release(r->head);
    clv_part_release(r->tail);
    clv_calibration_free(r->calibration);
    free(r->cut_tensors);
    free(r);
}
