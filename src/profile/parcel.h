/*
 * parcel.h - tensors through a packing and back, as the other side gets them.
 *
 * A parcel is packed, its bytes are counted, and it is unpacked again from
 * nothing but these bytes; both ways are timed. Pictures are encoded and
 * decoded likewise: what is timed is the codec and, on the way back, making
 * the tensor; not the geometry before, which is the same for all.
 *
 * Belongs to one thread.
 */
#ifndef CLV_PARCEL_H
#define CLV_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "cleave/status.h"
#include "cleave/tensor.h"
#include "codec/calibration.h"
#include "codec/packing.h"
#include "media/card.h"
#include "media/image.h"

struct clv_parcel;

/* What one passage took. */
struct clv_passage {
    uint64_t bytes; /* of the message, headers and tables included */
    uint64_t elements;
    int64_t encode_ns;
    int64_t decode_ns;
};

/*
 * `calibration` may be NULL and must outlive the parcel. `max_tensors` is the
 * most that go together. CLEAVE_MEMORY.
 */
cleave_status clv_parcel_new(const struct clv_calibration *calibration,
                             size_t max_tensors, struct clv_clock clock,
                             struct clv_parcel **ret_parcel, cleave_error *err);

/* Takes NULL. */
void clv_parcel_free(struct clv_parcel *parcel);

/*
 * Sends the tensors of a cut through a packing; their names find their
 * calibration. What comes back, under the same names, stays
 * until the next call. Errors as for clv_codec_pack, clv_frame_read and
 * clv_codec_unpack; CLEAVE_CORRUPT if another form comes back than went in.
 */
cleave_status clv_parcel_send(struct clv_parcel *parcel,
                              const struct clv_packing *packing,
                              const cleave_tensor *tensors, size_t count,
                              const cleave_tensor **ret_tensors,
                              struct clv_passage *ret_passage,
                              cleave_error *err);

/*
 * Sends a prepared picture through jpeg or webp. `input` is the card's, `want`
 * the model's; `where` names the picture. What comes back is the model's
 * input and stays until the next call. Errors as for clv_picture_encode and
 * clv_prepare_encoded.
 */
cleave_status clv_parcel_send_picture(
    struct clv_parcel *parcel, const struct clv_packing *packing,
    const struct clv_image *image, const struct clv_card_input *input,
    const cleave_tensor_info *want, const char *where,
    const cleave_tensor **ret_tensor, struct clv_passage *ret_passage,
    cleave_error *err);

#endif
