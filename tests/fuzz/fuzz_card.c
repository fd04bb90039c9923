/*
 * fuzz_card.c - any bytes as a model card: a card or an error, no more.
 *
 * Label files are not read: the fuzzer has no say over the file system.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What later code relies on without looking again. */
static void check(const struct clv_card *card)
{
    for (size_t i = 0; i < card->input_count; i++) {
        const struct clv_card_input *input = &card->inputs[i];
        if (input->kind == CLV_KIND_IMAGE &&
            (input->scale == 0 || input->std[0] == 0 || input->std[2] == 0)) {
            abort();
        }
        for (size_t k = 0; k < input->step_count; k++) {
            if (input->steps[k].width == 0 || input->steps[k].height == 0) {
                abort();
            }
        }
    }
    for (size_t i = 0; i < card->output_count; i++) {
        clv_card_label(&card->outputs[i], i);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_card *card = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status =
        clv_card_new((clv_bytes){data, size}, "card.yaml", &card, &err);

    if (status == CLEAVE_OK) {
        check(card);
    } else if (err.code != status || strlen(err.text) == 0) {
        abort(); /* every error says what is wrong */
    }
    clv_card_free(card);
    return 0;
}
