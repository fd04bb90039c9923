/*
 * cardcopy.h - a model's card for a variant of the model.
 */
#ifndef CLEAVE_TOOL_CARDCOPY_H
#define CLEAVE_TOOL_CARDCOPY_H

#include "base/file.h"
#include "media/card.h"

enum cardcopy {
    CARDCOPY_NONE,   /* there is no card */
    CARDCOPY_KEPT,   /* the variant had one already */
    CARDCOPY_WRITTEN /* as the model's */
};

/*
 * Puts a copy of the card, read from `path`, where one is looked for that
 * belongs to the model file `variant`; its path goes to `ret_path`. Files of
 * labels stay where they are: in a copy that lies in another folder they are
 * named in full. `card` may be NULL. A card that is there is left alone.
 */
cleave_status cardcopy_make(const struct clv_card *card, const char *path,
                            const char *variant, enum cardcopy *ret_done,
                            char ret_path[CLV_PATH_MAX], cleave_error *err);

#endif
