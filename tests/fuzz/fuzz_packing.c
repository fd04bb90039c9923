/*
 * fuzz_packing.c - any text as a packing; what is accepted is written, and
 * read again it is the same.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/packing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

static void check(const struct clv_packing *packing)
{
    int is_raw = packing->coder == CLV_CODER_RAW;
    int is_picture = clv_packing_is_picture(packing);

    require(packing->coder <= CLV_CODER_WEBP);
    require(isfinite(packing->step) && packing->step >= 0);
    require(packing->bits == 0 || (packing->bits >= 2 && packing->bits <= 8));
    require(packing->quality <= 100 && (packing->quality > 0) == is_picture);
    require(!packing->half || is_raw);
    require((packing->step == 0 && packing->bits == 0) ||
            (!is_raw && !is_picture));
}

static void write_and_read(const struct clv_packing *first)
{
    struct clv_packing second;
    char text[CLV_PACKING_TEXT];
    char again[CLV_PACKING_TEXT];

    clv_packing_text(first, text);
    require(clv_packing_parse(text, &second, NULL) == CLEAVE_OK);
    require(first->coder == second.coder && first->bits == second.bits);
    require(first->half == second.half && first->quality == second.quality);
    require(first->step_in_sd == second.step_in_sd);
    /* Nine digits; a denormal double has fewer. */
    require(fabs(first->step - second.step) <= 5e-9 * first->step + 0x1p-1074);
    require(strcmp(clv_packing_text(&second, again), text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleave_error err = CLEAVE_ERROR_INIT;
    struct clv_packing packing;
    char *text = malloc(size + 1);

    require(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    if (clv_packing_parse(text, &packing, &err) == CLEAVE_OK) {
        check(&packing);
        write_and_read(&packing);
    } else {
        require(err.code == CLEAVE_INVALID && err.text[0] != '\0');
    }
    free(text);
    return 0;
}
