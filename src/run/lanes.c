/*
 * lanes.c - working memory for several inferences at once.
 */
#include <stdlib.h>

#include "base/fail.h"
#include "run/rig.h"
#include "run/turns.h"

static cleave_status open_lane(struct clv_lane *lane, const struct clv_rig *rig,
                               cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    clv_buffer_init(&lane->message, CLV_MESSAGE_BYTES);
    clv_buffer_init(&lane->tensor, CLV_MESSAGE_BYTES);
    clv_picture_encoder_init(&lane->encoder);
    clv_sample_init(&lane->sample);
    if (rig->head != NULL) {
        status = clv_outputs_new(clv_part_session(rig->head), &lane->head, err);
    }
    if (status == CLEAVE_OK && rig->tail != NULL) {
        status =
            clv_outputs_new(clv_part_session(rig->tail), &lane->finish, err);
    }
    return status;
}

static void close_lane(struct clv_lane *lane)
{
    clv_outputs_free(lane->head);
    clv_outputs_free(lane->finish);
    clv_codec_free(lane->codec);
    clv_buffer_fini(&lane->message);
    clv_buffer_fini(&lane->tensor);
    clv_picture_encoder_fini(&lane->encoder);
    clv_sample_fini(&lane->sample);
}

cleave_status clv_lanes_init(struct clv_lanes *lanes, const struct clv_rig *rig,
                             size_t count, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;

    lanes->all = calloc(count, sizeof *lanes->all);
    if (lanes->all == NULL) {
        return clv_fail_memory(err, "rig", count * sizeof *lanes->all);
    }
    pthread_mutex_init(&lanes->lock, NULL);
    pthread_cond_init(&lanes->given, NULL);
    for (size_t i = 0; status == CLEAVE_OK && i < count; i++) {
        struct clv_lane *lane = &lanes->all[lanes->count++];
        status = open_lane(lane, rig, err);
        lane->next = lanes->free_list;
        lanes->free_list = lane;
    }
    return status;
}

cleave_status clv_lanes_equip(struct clv_lanes *lanes,
                              const struct clv_calibration *calibration,
                              cleave_error *err)
{
    for (size_t i = 0; i < lanes->count; i++) {
        if (clv_codec_new(calibration, &lanes->all[i].codec) != CLEAVE_OK) {
            return clv_fail_memory(err, "rig", sizeof lanes->all[i]);
        }
    }
    return CLEAVE_OK;
}

void clv_lanes_fini(struct clv_lanes *lanes)
{
    if (lanes->all == NULL) {
        return;
    }
    for (size_t i = 0; i < lanes->count; i++) {
        close_lane(&lanes->all[i]);
    }
    free(lanes->all);
    pthread_mutex_destroy(&lanes->lock);
    pthread_cond_destroy(&lanes->given);
}

struct clv_lane *clv_lanes_take(struct clv_lanes *lanes)
{
    struct clv_lane *lane;

    pthread_mutex_lock(&lanes->lock);
    while (lanes->free_list == NULL) {
        pthread_cond_wait(&lanes->given, &lanes->lock);
    }
    lane = lanes->free_list;
    lanes->free_list = lane->next;
    pthread_mutex_unlock(&lanes->lock);
    return lane;
}

void clv_lanes_give(struct clv_lanes *lanes, struct clv_lane *lane)
{
    pthread_mutex_lock(&lanes->lock);
    lane->next = lanes->free_list;
    lanes->free_list = lane;
    pthread_cond_signal(&lanes->given);
    pthread_mutex_unlock(&lanes->lock);
}

void clv_gate_init(struct clv_gate *gate, unsigned open)
{
    pthread_mutex_init(&gate->lock, NULL);
    pthread_cond_init(&gate->left, NULL);
    gate->open = open;
    gate->turns = NULL;
}

void clv_gate_share(struct clv_gate *gate, struct clv_turns *turns,
                    int priority, unsigned threads)
{
    gate->turns = turns;
    gate->priority = priority;
    gate->threads = threads;
}

void clv_gate_fini(struct clv_gate *gate)
{
    pthread_mutex_destroy(&gate->lock);
    pthread_cond_destroy(&gate->left);
}

void clv_gate_enter(struct clv_gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (gate->open == 0) {
        pthread_cond_wait(&gate->left, &gate->lock);
    }
    gate->open--;
    pthread_mutex_unlock(&gate->lock);
}

void clv_gate_take_turn(struct clv_gate *gate)
{
    if (gate->turns != NULL) {
        clv_turns_enter(gate->turns, gate->priority, gate->threads);
    }
}

void clv_gate_leave(struct clv_gate *gate)
{
    if (gate->turns != NULL) {
        clv_turns_leave(gate->turns, gate->priority, gate->threads);
    }
    pthread_mutex_lock(&gate->lock);
    gate->open++;
    pthread_cond_signal(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}
