/*
 * packing.c - packings as text: a coder, then settings with '='.
 *
 * One table of coders says which settings each takes.
 */
#include "codec/packing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/decimal.h"
#include "base/fail.h"

#define KNOWN "f32, f16, lz, fast, dense, jpeg and webp"

struct word {
    const char *name;
    enum clv_coder coder;
    int half;
};

static const struct word words[] = {
    {"f32", CLV_CODER_RAW, 0},   {"f16", CLV_CODER_RAW, 1},
    {"raw", CLV_CODER_RAW, 0},   {"lz", CLV_CODER_LZ, 0},
    {"fast", CLV_CODER_FAST, 0}, {"dense", CLV_CODER_DENSE, 0},
    {"jpeg", CLV_CODER_JPEG, 0}, {"webp", CLV_CODER_WEBP, 0},
};

const char *clv_coder_name(enum clv_coder coder)
{
    static const char *const names[] = {"raw",   "lz",   "fast",
                                        "dense", "jpeg", "webp"};

    return names[coder];
}

int clv_packing_is_picture(const struct clv_packing *packing)
{
    return packing->coder == CLV_CODER_JPEG || packing->coder == CLV_CODER_WEBP;
}

static int same(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && memcmp(text, name, length) == 0;
}

static cleave_status find_coder(const char *text, size_t length,
                                struct clv_packing *packing, cleave_error *err)
{
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (same(text, length, words[i].name)) {
            packing->coder = words[i].coder;
            packing->half = words[i].half;
            return CLEAVE_OK;
        }
    }
    return clv_fail(err, CLEAVE_INVALID, text,
                    "There is no packing '%.*s'; known are " KNOWN ".",
                    (int)(length < 64 ? length : 64), text);
}

static cleave_status read_step(const char *value, struct clv_packing *packing,
                               cleave_error *err)
{
    double step = 0;
    const char *end = clv_decimal_read(value, &step);

    if (end == NULL || step <= 0 || (*end != '\0' && strcmp(end, "sd") != 0)) {
        return clv_fail(err, CLEAVE_INVALID, value,
                        "A step is a number above 0, as in step=0.25, or in "
                        "standard deviations of the tensor, as in "
                        "step=0.9sd.");
    }
    packing->step = step;
    packing->step_in_sd = *end != '\0';
    return CLEAVE_OK;
}

static cleave_status read_whole(const char *value, const char *what, long least,
                                long most, unsigned *ret_number,
                                cleave_error *err)
{
    char *end;
    long number = strtol(value, &end, 10);

    if (end == value || *end != '\0' || number < least || number > most) {
        return clv_fail(err, CLEAVE_INVALID, value,
                        "%s is a whole number from %ld to %ld.", what, least,
                        most);
    }
    *ret_number = (unsigned)number;
    return CLEAVE_OK;
}

static cleave_status read_setting(const char *setting,
                                  struct clv_packing *packing,
                                  cleave_error *err)
{
    int quantises = packing->coder == CLV_CODER_LZ ||
                    packing->coder == CLV_CODER_FAST ||
                    packing->coder == CLV_CODER_DENSE;

    if (quantises && strncmp(setting, "step=", 5) == 0) {
        return read_step(setting + 5, packing, err);
    }
    if (quantises && strncmp(setting, "bits=", 5) == 0) {
        return read_whole(setting + 5, "bits", 2, 8, &packing->bits, err);
    }
    if (clv_packing_is_picture(packing) &&
        strncmp(setting, "quality=", 8) == 0) {
        return read_whole(setting + 8, "quality", 1, 100, &packing->quality,
                          err);
    }
    return clv_fail(err, CLEAVE_INVALID, setting,
                    "This packing has no such setting. lz, fast and dense "
                    "take step=NUMBER, step=NUMBERsd or bits=2..8, jpeg and "
                    "webp take quality=1..100, the others none.");
}

cleave_status clv_packing_parse(const char *text,
                                struct clv_packing *ret_packing,
                                cleave_error *err)
{
    struct clv_packing packing = {.coder = CLV_CODER_RAW};
    const char *colon = text != NULL ? strchr(text, ':') : NULL;
    cleave_status status = CLEAVE_OK;

    if (text != NULL) {
        size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
        status = find_coder(text, length, &packing, err);
    }
    if (status == CLEAVE_OK && clv_packing_is_picture(&packing)) {
        packing.quality = 85;
    }
    if (status == CLEAVE_OK && colon != NULL) {
        status = read_setting(colon + 1, &packing, err);
    }
    if (status == CLEAVE_OK) {
        *ret_packing = packing;
    }
    return status;
}

const char *clv_packing_text(const struct clv_packing *packing,
                             char into[CLV_PACKING_TEXT])
{
    const char *name = clv_coder_name(packing->coder);
    char step[CLV_DECIMAL_TEXT];

    if (packing->coder == CLV_CODER_RAW) {
        name = packing->half ? "f16" : "f32";
    }
    if (packing->step > 0) {
        snprintf(into, CLV_PACKING_TEXT, "%s:step=%s%s", name,
                 clv_decimal_print(packing->step, 9, step),
                 packing->step_in_sd ? "sd" : "");
    } else if (packing->bits > 0) {
        snprintf(into, CLV_PACKING_TEXT, "%s:bits=%u", name, packing->bits);
    } else if (packing->quality > 0) {
        snprintf(into, CLV_PACKING_TEXT, "%s:quality=%u", name,
                 packing->quality);
    } else {
        snprintf(into, CLV_PACKING_TEXT, "%s", name);
    }
    return into;
}
