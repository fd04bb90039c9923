/*
 * device.h - the inside of a cleave_session, for the files of this folder
 * and the program.
 *
 * All of a session is fixed when it opens, except the lanes, which have a
 * lock of their own. A lane is the working memory of one inference; there
 * are `in_flight` of them, and an inference waits until it has one. Heads
 * pass a gate, which lets so many through as the engine leaves cores for:
 * while some wait for the server, one computes.
 */
#ifndef CLV_DEVICE_H
#define CLV_DEVICE_H

#include <pthread.h>

#include "base/clock.h"
#include "cleave/session.h"
#include "codec/codec.h"
#include "media/card.h"
#include "media/picture.h"
#include "media/source.h"
#include "network/network.h"
#include "store/store.h"
#include "wire/client.h"

/* An answer larger than this is refused, in bytes or decoded. */
#define CLV_ANSWER_BYTES ((size_t)1 << 30)

/* The same for what is sent. */
#define CLV_MESSAGE_BYTES ((size_t)4 << 30)

/* Working memory of one inference. */
struct clv_lane {
    struct clv_lane *next; /* free lanes */
    struct clv_outputs *outputs;
    struct clv_codec *codec;   /* packs, and reads answers */
    struct clv_buffer message; /* what is sent */
    struct clv_picture_encoder encoder;
    struct clv_client *client;
    struct clv_sample sample;
};

struct clv_lanes {
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct clv_lane *all;
    size_t count;
    struct clv_lane *free_list;
};

/* Lets `open` at a time through. */
struct clv_gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned open;
};

struct cleave_session {
    struct clv_clock clock;
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_network *network;
    struct clv_card *card; /* or NULL */
    struct clv_part *head; /* NULL at the cut `input` */
    int needs_server;
    char cut[1024];
    char *url;
    char *model_name;
    struct clv_packing packing;
    int sends_picture;                   /* the packing is one of pictures */
    struct clv_calibration *calibration; /* what is packed with, or NULL */
    char notice[600];                    /* "": none */
    int64_t deadline_ms;

    /* What is sent: the cut's tensors, in network order, or the inputs. */
    cleave_tensor_info *cut_tensors;
    size_t cut_count;

    struct clv_lanes lanes;
    struct clv_gate gate;
};

/*
 * session.c: the samples in these paths, as the session's model takes them,
 * and one inference on a sample. For the program, which runs many.
 */
cleave_status clv_session_source(const cleave_session *session,
                                 const char *const *paths, size_t count,
                                 struct clv_source **ret_source,
                                 cleave_error *err);
cleave_status clv_session_infer_sample(cleave_session *session,
                                       const struct clv_source *source,
                                       uint64_t sample,
                                       cleave_result **ret_result,
                                       cleave_error *err);

/*
 * lanes.c: lanes are made before the session knows which calibration it packs
 * with, and get their codecs when it does.
 */
cleave_status clv_lanes_init(struct clv_lanes *lanes, cleave_session *session,
                             size_t count, cleave_error *err);
cleave_status clv_lanes_equip(struct clv_lanes *lanes,
                              const struct clv_calibration *calibration,
                              cleave_error *err);
void clv_lanes_fini(struct clv_lanes *lanes);
struct clv_lane *clv_lanes_take(struct clv_lanes *lanes);
void clv_lanes_give(struct clv_lanes *lanes, struct clv_lane *lane);
void clv_gate_init(struct clv_gate *gate, unsigned open);
void clv_gate_fini(struct clv_gate *gate);
void clv_gate_enter(struct clv_gate *gate);
void clv_gate_leave(struct clv_gate *gate);

/*
 * agreement.c: reads the calibration that the options or the model's folder
 * have, if the packing looks at one; then, when the server has told its own,
 * keeps it or packs without. Only frames of the dense coder name code books,
 * so for the others the server's does not matter.
 */
cleave_status clv_agreement_read(cleave_session *session,
                                 const cleave_session_options *options,
                                 cleave_error *err);
void clv_agreement_settle(cleave_session *session, const char *there);

/*
 * pipeline.c: one inference with this lane. `ret_result` is the caller's to
 * free. A session that sends pictures takes the one in the lane's sample
 * instead of inputs.
 */
cleave_status clv_pipeline_run(cleave_session *session, struct clv_lane *lane,
                               const cleave_tensor *inputs, size_t input_count,
                               cleave_result **ret_result, cleave_error *err);

/*
 * result.c: a result with room for the model's outputs, all still empty, and
 * room for one of them, of form `form` and the name of `info`, or filled with
 * a copy of `from`.
 */
cleave_result *clv_result_new(const cleave_session *session);
cleave_status clv_result_room(cleave_result *result, size_t output,
                              const cleave_tensor_info *info,
                              const cleave_tensor_info *form, size_t bytes,
                              void **ret_data, cleave_error *err);
cleave_status clv_result_set(cleave_result *result, size_t output,
                             const cleave_tensor_info *info,
                             const cleave_tensor *from, cleave_error *err);

/* Ranks the first output, if the card says that it holds classes. */
void clv_result_rank(cleave_result *result, const cleave_session *session);

/*
 * sending.c: whether the session's packing goes with its cut, and what is
 * sent: tensor `i` of the cut appended to the lane's message, or the picture
 * in the lane's sample as the message.
 */
cleave_status clv_sending_check(const cleave_session *session,
                                cleave_error *err);
cleave_status clv_sending_tensor(const cleave_session *session,
                                 struct clv_lane *lane, size_t i,
                                 const cleave_tensor *tensor,
                                 cleave_error *err);
cleave_status clv_sending_picture(const cleave_session *session,
                                  struct clv_lane *lane, cleave_error *err);

/* The content type of a picture, NULL for frames. */
const char *clv_sending_type(const cleave_session *session);

#endif
