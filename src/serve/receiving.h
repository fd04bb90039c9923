/*
 * receiving.h - from the bytes of a request to the tensors a part takes.
 *
 * A receiver is the working memory of one request: it decodes frames and
 * pictures into tensors that live until it is given back. Receivers are kept
 * and used again. What a frame says of its tensor is compared with what is
 * wanted, and its size with what the request may still take, before anything
 * is allocated for it.
 *
 * The pool is thread-safe; a receiver belongs to one request at a time.
 */
#ifndef CLV_RECEIVING_H
#define CLV_RECEIVING_H

#include <stdint.h>

#include "base/buffer.h"
#include "cleave/tensor.h"
#include "serve/catalog.h"

struct clv_receivers;
struct clv_receiver;

/* The tensors of one request, decoded, may have `most_bytes` in all. */
cleave_status clv_receivers_new(uint64_t most_bytes,
                                struct clv_receivers **ret_receivers,
                                cleave_error *err);

/* All receivers must have been given back. Takes NULL. */
void clv_receivers_free(struct clv_receivers *receivers);

/* A receiver for one request. CLEAVE_MEMORY. */
cleave_status clv_receivers_take(struct clv_receivers *receivers,
                                 struct clv_receiver **ret_receiver,
                                 cleave_error *err);

/* Ends the tensors that it has made. Takes a NULL receiver. */
void clv_receivers_give(struct clv_receivers *receivers,
                        struct clv_receiver *receiver);

/*
 * Decodes the frame at the beginning of `message`, which goes to the
 * message's end, for the tensor `want` of `model`; `ret_used` is the frame's
 * length. CLEAVE_MISMATCH if the frame is of another tensor or names a code
 * book that the model's calibration has not; CLEAVE_LIMIT above the bytes of
 * a request; CLEAVE_CORRUPT and CLEAVE_UNSUPPORTED as reading has them.
 * Every text names tensor and model.
 */
cleave_status clv_receiver_frame(struct clv_receiver *receiver,
                                 clv_bytes message,
                                 const struct clv_served *model,
                                 const cleave_tensor_info *want,
                                 cleave_tensor *ret_tensor, size_t *ret_used,
                                 cleave_error *err);

/*
 * Makes the model's one input `want` of an encoded picture that the client
 * has prepared up to its size. CLEAVE_INVALID if the model's card does not
 * say that its one input is a picture; else as clv_prepare_encoded.
 */
cleave_status clv_receiver_picture(struct clv_receiver *receiver,
                                   clv_bytes picture,
                                   const struct clv_served *model,
                                   const cleave_tensor_info *want,
                                   cleave_tensor *ret_tensor,
                                   cleave_error *err);

#endif
