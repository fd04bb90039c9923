/*
 * sending.c - how a tensor at the cut becomes bytes.
 *
 * For now plain: f32 goes as it is or as f16, which halves it; everything
 * else goes as it is. A tensor that goes as it is is not copied.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "run/device.h"
#include "tensor/element.h"

cleave_status clv_pack_parse(const char *name, enum clv_pack *ret_pack,
                             cleave_error *err)
{
    if (name == NULL || strcmp(name, "f32") == 0) {
        *ret_pack = CLV_PACK_F32;
    } else if (strcmp(name, "f16") == 0) {
        *ret_pack = CLV_PACK_F16;
    } else {
        return clv_fail(err, CLEAVE_INVALID, name,
                        "There is no such packing; known are f32 and f16.");
    }
    return CLEAVE_OK;
}

static cleave_status reserve(struct clv_lane *lane, size_t i, size_t bytes,
                             cleave_error *err)
{
    uint8_t *memory;

    if (bytes <= lane->packed_capacity[i]) {
        return CLEAVE_OK;
    }
    memory = realloc(lane->packed[i], bytes);
    if (memory == NULL) {
        return clv_fail_memory(err, "packing", bytes);
    }
    lane->packed[i] = memory;
    lane->packed_capacity[i] = bytes;
    return CLEAVE_OK;
}

cleave_status clv_pack_tensor(const cleave_session *session,
                              struct clv_lane *lane, size_t i,
                              const cleave_tensor *tensor, cleave_error *err)
{
    cleave_tensor *sent = &lane->sent[i];
    size_t count = tensor->bytes / sizeof(float);
    cleave_status status;

    *sent = *tensor;
    sent->info.name = session->cut_tensors[i].name;
    if (session->pack != CLV_PACK_F16 || tensor->info.type != CLEAVE_TYPE_F32) {
        return CLEAVE_OK;
    }
    status = reserve(lane, i, count * sizeof(uint16_t), err);
    if (status == CLEAVE_OK) {
        clv_f32_to_f16(tensor->data, count, (void *)lane->packed[i]);
        sent->info.type = CLEAVE_TYPE_F16;
        sent->data = lane->packed[i];
        sent->bytes = count * sizeof(uint16_t);
    }
    return status;
}
