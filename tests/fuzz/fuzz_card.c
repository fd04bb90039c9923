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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct clv_card *card = NULL;
    cleave_error err = CLEAVE_ERROR_INIT;
    cleave_status status =
        clv_card_new((clv_bytes){data, size}, "card.yaml", &card, &err);

    if (status == CLEAVE_OK) {
        if (card->input_count == 0 || card->inputs[0].std[0] == 0) {
            if (card->inputs[0].kind == CLV_KIND_IMAGE) {
                abort();
            }
        }
        for (size_t i = 0; i < card->output_count; i++) {
            clv_card_label(&card->outputs[i], i);
        }
    } else if (err.code != status || strlen(err.text) == 0) {
        abort(); /* every error says what is wrong */
    }
    clv_card_free(card);
    return 0;
}
