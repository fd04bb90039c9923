/*
 * fuzz_labels.c - any bytes as a CSV file of labels, and a few look-ups.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_labels *labels = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    int64_t class_index = 0;

    if (clv_labels_new((clv_bytes){data, size}, "labels.csv", &labels, &err) ==
        CLEAVE_OK) {
        clv_labels_find(labels, "a.jpg", 0, &class_index, NULL);
        clv_labels_find(labels, "images/b.jpg", 1, &class_index, NULL);
        if (class_index < 0) {
            abort();
        }
    } else if (strlen(err.text) == 0) {
        abort();
    }
    clv_labels_free(labels);
    return 0;
}
