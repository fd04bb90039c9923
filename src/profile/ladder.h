/*
 * ladder.h - which packings are worth measuring at a cut.
 *
 * Each coder has a ladder of settings, the finest first, so that whoever
 * climbs it may stop when the accuracy is gone:
 *
 *     raw           f32, then f16
 *     lz            8, 6, 5, 4, 3, 2 bits
 *     fast, dense   steps from 0.25 to 4 standard deviations, four to an octave
 *     jpeg, webp    quality 95 down to 30
 *
 * Integer tensors are always packed without loss, so there each coder has one
 * setting.
 */
#ifndef CLV_LADDER_H
#define CLV_LADDER_H

#include <stddef.h>

#include "cleave/status.h"
#include "codec/packing.h"

#define CLV_CODERS 6
#define CLV_LADDER_RUNGS 256

/* `may_stop`: once this one has cost too much, so will the coder's others. */
struct clv_rung {
    struct clv_packing packing;
    int may_stop;
};

struct clv_ladder {
    struct clv_rung rungs[CLV_LADDER_RUNGS];
    size_t count;
};

/* What travels at a cut. */
enum clv_ladder_kind {
    CLV_LADDER_FLOATS,
    CLV_LADDER_INTEGERS,
    CLV_LADDER_PICTURE /* floats, and a picture may travel instead */
};

/*
 * The usual ladders of the coders in `coders`, whose bit (1 << coder) is set.
 * Pictures' coders only climb where a picture may travel.
 */
void clv_ladder_usual(unsigned coders, enum clv_ladder_kind kind,
                      struct clv_ladder *ret_ladder);

/*
 * A ladder as people write it: settings joined by commas, such as
 * "f16,bits=4,step=0.5sd,quality=80"; each coder takes those that it knows.
 * CLEAVE_INVALID for one that no coder knows or whose value is wrong,
 * CLEAVE_LIMIT for too many.
 */
cleave_status clv_ladder_parse(const char *text, unsigned coders,
                               enum clv_ladder_kind kind,
                               struct clv_ladder *ret_ladder,
                               cleave_error *err);

/*
 * Coders as people write them: "lz,dense"; bit (1 << coder) for each.
 * CLEAVE_INVALID for a name that is none.
 */
cleave_status clv_coders_parse(const char *text, unsigned *ret_coders,
                               cleave_error *err);

/* What a packing is called behind its coder: "f32", "bits=4", "step=0.5sd",
   "quality=85", "lossless". Returns `into`. */
const char *clv_packing_setting(const struct clv_packing *packing,
                                char into[CLV_PACKING_TEXT]);

#endif
