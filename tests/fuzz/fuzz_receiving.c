/*
 * fuzz_receiving.c - messages of frames from anybody, as the server reads them
 * in the compact form.
 *
 * The first byte says how many tensors are wanted, whose sizes are free, and
 * of which types; the rest is the message. A fuzzer does not guess checksums,
 * so the message is read as it is, and once more with a right one at its end.
 * What is accepted fills its shape and keeps to the bytes that a request may
 * have.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "serve/receiving.h"

#define MOST_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const cleave_tensor *tensor, uint64_t *total)
{
    uint64_t elements = 0;
    uint64_t bytes = 0;
    uint64_t sum = 0;

    if (cleave_tensor_count(&tensor->info, &elements, &bytes) != CLEAVE_OK ||
        bytes != tensor->bytes) {
        abort();
    }
    for (size_t i = 0; i < tensor->bytes; i++) {
        sum += ((const uint8_t *)tensor->data)[i];
    }
    *total += bytes;
    if (*total > MOST_BYTES || sum == UINT64_MAX) {
        abort();
    }
}

static void receive(struct clv_receiver *receiver, clv_bytes rest,
                    unsigned first)
{
    static const cleave_type types[] = {CLEAVE_TYPE_F32, CLEAVE_TYPE_I8,
                                        CLEAVE_TYPE_F16, CLEAVE_TYPE_I64};
    static char name[] = "m";
    struct clv_served model = {.name = name};
    cleave_tensor_info want = {"t", types[first >> 2 & 3], first >> 4 & 3, {0}};
    uint64_t total = 0;

    for (uint32_t i = 0; i < want.rank; i++) {
        want.shape[i] = -1;
    }
    for (unsigned i = 0; i <= (first & 3) && rest.size > 0; i++) {
        cleave_error error = CLEAVE_ERROR_INIT;
        cleave_tensor tensor;
        size_t used = 0;
        if (clv_receiver_frame(receiver, rest, &model, &want, &tensor, &used,
                               &error) != CLEAVE_OK) {
            if (error.code == CLEAVE_OK || error.text[0] == '\0') {
                abort(); /* an error without words */
            }
            return;
        }
        if (used == 0 || used > rest.size) {
            abort();
        }
        check(&tensor, &total);
        rest.data += used;
        rest.size -= used;
    }
}

/* One request with this message. */
static void request(struct clv_receivers *receivers, clv_bytes message,
                    unsigned first)
{
    struct clv_receiver *receiver = NULL;

    if (clv_receivers_take(receivers, &receiver, NULL) == CLEAVE_OK) {
        receive(receiver, message, first);
        clv_receivers_give(receivers, receiver);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_receivers *receivers = NULL;
    uint8_t *mended = size > 4 ? malloc(size - 1) : NULL;
    uint32_t sum;

    if (size < 1 ||
        clv_receivers_new(MOST_BYTES, &receivers, NULL) != CLEAVE_OK) {
        free(mended);
        return 0;
    }
    request(receivers, (clv_bytes){data + 1, size - 1}, data[0]);
    if (mended != NULL) {
        memcpy(mended, data + 1, size - 1);
        sum = XXH32(mended, size - 5, 0);
        memcpy(mended + size - 5, &sum, sizeof sum);
        request(receivers, (clv_bytes){mended, size - 1}, data[0]);
    }
    free(mended);
    clv_receivers_free(receivers);
    return 0;
}
