/*
 * fuzz_npy.c - any bytes as a .npy file; what is accepted is written again
 * and must read the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/npy.h"
#include "tensor/element.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_and_read(const cleave_tensor *first)
{
    struct clv_buffer file;
    cleave_tensor second;

    clv_buffer_init(&file, first->bytes + CLV_NPY_HEADER_MAX);
    if (clv_npy_write(first, &file, NULL) != CLEAVE_OK ||
        clv_npy_view(clv_buffer_bytes(&file), "again", &second, NULL) !=
            CLEAVE_OK ||
        !clv_tensor_same_form(&first->info, &second.info) ||
        first->bytes != second.bytes ||
        memcmp(first->data, second.data, first->bytes) != 0) {
        abort();
    }
    clv_buffer_fini(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_tensor tensor;

    if (clv_npy_view((clv_bytes){data, size}, "a.npy", &tensor, &err) ==
        CLEAVE_OK) {
        write_and_read(&tensor);
    } else if (strlen(err.text) == 0) {
        abort();
    }
    return 0;
}
