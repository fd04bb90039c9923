/*
 * row.c - one measurement of a packing at a cut, as a JSON object.
 */
#include "profile/row.h"

#include <stdlib.h>
#include <string.h>

#include "profile/ladder.h"

void clv_row_fini(struct clv_row *row)
{
    free(row->cut);
    *row = (struct clv_row){0};
}

json_t *clv_row_json(const char *cut, const struct clv_packing *packing,
                     const struct clv_rate *r)
{
    char setting[CLV_PACKING_TEXT];
    char pack[CLV_PACKING_TEXT];

    return json_pack(
        "{s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:s, s:f, s:f, s:f, s:f, s:f, "
        "s:f, s:f, s:I, s:s}",
        "cut", cut, "coder", clv_coder_name(packing->coder), "setting",
        clv_packing_setting(packing, setting), "bytes", r->bytes,
        "bits_per_element", r->bits_per_element, "encode_us", r->encode_us,
        "decode_us", r->decode_us, "metric", clv_judge_name(r->by), "change_pp",
        r->change_pp, "ci_pp", clv_rate_ci_pp(r), "agreement", r->agreement,
        "ci_low_pp", r->ci_low_pp, "ci_high_pp", r->ci_high_pp, "score",
        r->score, "unpacked", r->unpacked, "inputs", (json_int_t)r->inputs,
        "pack", clv_packing_text(packing, pack));
}

int clv_row_read(const json_t *object, struct clv_row *ret_row)
{
    struct clv_row row = {0};
    struct clv_rate *r = &row.rate;
    const char *cut;
    const char *pack;
    const char *metric;
    json_int_t inputs;
    json_error_t why;

    if (json_unpack_ex(
            (json_t *)(uintptr_t)object, &why, 0,
            "{s:s, s:s, s:s, s:F, s:F, s:F, s:F, s:F, s:F, s:F, s:F, s:F, "
            "s:F, s:I}",
            "cut", &cut, "pack", &pack, "metric", &metric, "bytes", &r->bytes,
            "bits_per_element", &r->bits_per_element, "encode_us",
            &r->encode_us, "decode_us", &r->decode_us, "change_pp",
            &r->change_pp, "ci_low_pp", &r->ci_low_pp, "ci_high_pp",
            &r->ci_high_pp, "agreement", &r->agreement, "score", &r->score,
            "unpacked", &r->unpacked, "inputs", &inputs) != 0 ||
        inputs < 0 || !clv_judge_parse(metric, &r->by) ||
        clv_packing_parse(pack, &row.packing, NULL) != CLEAVE_OK) {
        return 0;
    }
    r->inputs = (uint64_t)inputs;
    row.cut = strdup(cut);
    if (row.cut == NULL) {
        return 0;
    }
    *ret_row = row;
    return 1;
}
