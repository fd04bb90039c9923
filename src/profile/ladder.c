/*
 * ladder.c - which packings are worth measuring at a cut.
 */
#include "profile/ladder.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"

/* Four to an octave, rounded to what can be said: the ratio is about 1.19. */
static const double steps_sd[] = {0.25,  0.297, 0.354, 0.42, 0.5,  0.595,
                                  0.707, 0.841, 1,     1.19, 1.41, 1.68,
                                  2,     2.38,  2.83,  3.36, 4};
static const unsigned bits[] = {8, 6, 5, 4, 3, 2};
static const unsigned qualities[] = {95, 90, 85, 80, 75, 70, 60, 50, 40, 30};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

static int is_picture(enum clv_coder coder)
{
    return coder == CLV_CODER_JPEG || coder == CLV_CODER_WEBP;
}

static void add(struct clv_ladder *ladder, struct clv_packing packing,
                int may_stop)
{
    if (ladder->count < CLV_LADDER_RUNGS) {
        ladder->rungs[ladder->count++] = (struct clv_rung){packing, may_stop};
    }
}

static void add_usual(struct clv_ladder *ladder, enum clv_coder coder)
{
    struct clv_packing p = {.coder = coder};

    switch (coder) {
    case CLV_CODER_RAW:
        add(ladder, p, 0);
        p.half = 1;
        add(ladder, p, 0);
        break;
    case CLV_CODER_LZ:
        for (size_t i = 0; i < LENGTH(bits); i++) {
            p.bits = bits[i];
            add(ladder, p, 0);
        }
        break;
    case CLV_CODER_JPEG:
    case CLV_CODER_WEBP:
        for (size_t i = 0; i < LENGTH(qualities); i++) {
            p.quality = qualities[i];
            add(ladder, p, 0);
        }
        break;
    default:
        p.step_in_sd = 1;
        for (size_t i = 0; i < LENGTH(steps_sd); i++) {
            p.step = steps_sd[i];
            add(ladder, p, 1);
        }
    }
}

/* True if the coder has a place in this ladder. */
static int climbs(unsigned coders, enum clv_coder coder,
                  enum clv_ladder_kind kind)
{
    return (coders & (1U << coder)) != 0 &&
           (!is_picture(coder) || kind == CLV_LADDER_PICTURE);
}

void clv_ladder_usual(unsigned coders, enum clv_ladder_kind kind,
                      struct clv_ladder *ret_ladder)
{
    ret_ladder->count = 0;
    for (int i = 0; i < CLV_CODERS; i++) {
        enum clv_coder coder = (enum clv_coder)i;
        if (!climbs(coders, coder, kind)) {
            continue;
        }
        if (kind == CLV_LADDER_INTEGERS) {
            add(ret_ladder, (struct clv_packing){.coder = coder}, 0);
        } else {
            add_usual(ret_ladder, coder);
        }
    }
}

/* -- As people write it -- */

static int starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* True if the coder takes a setting that begins so; the value is not read. */
static int knows(enum clv_coder coder, const char *setting)
{
    if (coder == CLV_CODER_RAW) {
        return strcmp(setting, "f32") == 0 || strcmp(setting, "f16") == 0;
    }
    if (is_picture(coder)) {
        return starts(setting, "quality=");
    }
    return starts(setting, "step=") || starts(setting, "bits=");
}

static int is_known(const char *setting)
{
    int known = 0;

    for (int i = 0; i < CLV_CODERS; i++) {
        known |= knows((enum clv_coder)i, setting);
    }
    return known;
}

/* One setting of one coder. */
static cleave_status add_setting(struct clv_ladder *ladder,
                                 enum clv_coder coder, const char *setting,
                                 cleave_error *err)
{
    struct clv_packing packing;
    char text[2 * CLV_PACKING_TEXT];
    int length;
    cleave_status status;

    if (ladder->count == CLV_LADDER_RUNGS) {
        return clv_fail(err, CLEAVE_LIMIT, "settings",
                        "More than %d settings of all coders together.",
                        CLV_LADDER_RUNGS);
    }
    length = coder == CLV_CODER_RAW ? snprintf(text, sizeof text, "%s", setting)
                                    : snprintf(text, sizeof text, "%s:%s",
                                               clv_coder_name(coder), setting);
    if (length < 0 || (size_t)length >= sizeof text) {
        return clv_fail(err, CLEAVE_INVALID, "settings",
                        "'%.40s...' is too long for a setting.", setting);
    }
    status = clv_packing_parse(text, &packing, err);
    if (status == CLEAVE_OK) {
        add(ladder, packing, 0);
    }
    return status;
}

/* Calls for every part of a list joined by commas. */
static cleave_status each_part(const char *text,
                               cleave_status (*call)(void *self,
                                                     const char *part,
                                                     cleave_error *err),
                               void *self, cleave_error *err)
{
    cleave_status status = CLEAVE_OK;
    char part[CLV_PACKING_TEXT];

    while (status == CLEAVE_OK) {
        size_t length = strcspn(text, ",");
        if (length == 0 || length >= sizeof part) {
            return clv_fail(err, CLEAVE_INVALID, text,
                            "A list is words joined by commas.");
        }
        memcpy(part, text, length);
        part[length] = '\0';
        status = call(self, part, err);
        text += length;
        if (*text == '\0') {
            break;
        }
        text++;
    }
    return status;
}

struct wish {
    unsigned coders;
    enum clv_coder coder; /* whose turn it is */
    struct clv_ladder *ladder;
};

static cleave_status wish_setting(void *self, const char *part,
                                  cleave_error *err)
{
    struct wish *w = self;

    if (!is_known(part)) {
        return clv_fail(err, CLEAVE_INVALID, part,
                        "No coder has such a setting. raw has f32 and f16; lz, "
                        "fast and dense have bits=2..8, step=NUMBER and "
                        "step=NUMBERsd; jpeg and webp quality=1..100.");
    }
    return knows(w->coder, part) ? add_setting(w->ladder, w->coder, part, err)
                                 : CLEAVE_OK;
}

cleave_status clv_ladder_parse(const char *text, unsigned coders,
                               enum clv_ladder_kind kind,
                               struct clv_ladder *ret_ladder, cleave_error *err)
{
    struct wish w = {.coders = coders, .ladder = ret_ladder};
    cleave_status status = CLEAVE_OK;

    ret_ladder->count = 0;
    if (kind == CLV_LADDER_INTEGERS) {
        clv_ladder_usual(coders, kind, ret_ladder);
        return CLEAVE_OK;
    }
    for (int i = 0; status == CLEAVE_OK && i < CLV_CODERS; i++) {
        w.coder = (enum clv_coder)i;
        if (climbs(coders, w.coder, kind)) {
            status = each_part(text, wish_setting, &w, err);
        }
    }
    return status;
}

static cleave_status take_coder(void *self, const char *part, cleave_error *err)
{
    unsigned *coders = self;

    for (int i = 0; i < CLV_CODERS; i++) {
        if (strcmp(part, clv_coder_name((enum clv_coder)i)) == 0) {
            *coders |= 1U << i;
            return CLEAVE_OK;
        }
    }
    return clv_fail(err, CLEAVE_INVALID, part,
                    "There is no such coder; known are raw, lz, fast, dense, "
                    "jpeg and webp.");
}

cleave_status clv_coders_parse(const char *text, unsigned *ret_coders,
                               cleave_error *err)
{
    unsigned coders = 0;
    cleave_status status = each_part(text, take_coder, &coders, err);

    if (status == CLEAVE_OK) {
        *ret_coders = coders;
    }
    return status;
}

const char *clv_packing_setting(const struct clv_packing *packing,
                                char into[CLV_PACKING_TEXT])
{
    const char *colon;

    clv_packing_text(packing, into);
    colon = strchr(into, ':');
    if (colon != NULL) {
        memmove(into, colon + 1, strlen(colon));
    } else if (packing->coder != CLV_CODER_RAW) {
        strcpy(into, "lossless");
    }
    return into;
}
