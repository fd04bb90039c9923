/*
 * rig.h - one design made ready to run.
 *
 * A rig is what a design (a cut of one model on one engine, a packing, a
 * server) needs at run time: the head as a loaded part, the list of what is
 * sent, the packing with its calibration, and lanes. A session has one rig;
 * a runner has several, over one ground. With `keeps_tail` a rig has the tail
 * here too, so that an inference whose server fails is finished on this
 * device from the tensors that it still holds: the local finish.
 *
 *     ground   one model on one engine: network, card, names
 *     clients  connections to one server, shared by the rigs that use it
 *     lane     working memory of one inference
 *     gate     how many heads compute at once
 *     errand   one inference, as somebody wants it
 *
 * All of a rig is fixed when it opens, except its lanes, which have a lock of
 * their own. An inference waits until it has a lane. Heads pass the gate,
 * which lets so many through as the engine leaves cores for: while some wait
 * for the server, one computes.
 */
#ifndef CLV_RIG_H
#define CLV_RIG_H

#include <pthread.h>
#include <stdatomic.h>

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

struct clv_turns;

/* Lets `open` at a time through. Behind it there may be turns, which others
   take, too. */
struct clv_gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned open;
    struct clv_turns *turns; /* borrowed, or NULL */
    int priority;
    unsigned threads;
};

/* One model on one engine, whatever the cut. Read-only once opened. */
struct clv_ground {
    struct clv_clock clock;
    struct clv_engine *engine; /* borrowed */
    struct clv_gate *gate;     /* borrowed; the engine's */
    struct clv_network *network;
    struct clv_card *card; /* or NULL */
    char *model;           /* the file */
    char *model_name;      /* on servers */
    double pack_slowdown;  /* an emulated slow machine is slow in packing */
};

/* Zero means default; all but the names must outlive the ground. */
struct clv_ground_options {
    const char *model;
    const char *card;       /* default: the one beside the model, if any */
    const char *model_name; /* default: the file's stem */
    struct clv_engine *engine;
    struct clv_store *store;
    struct clv_gate *gate;
    double pack_slowdown; /* default: the engine's. A profile has packings as
                             they are, so a runner says what is beyond it */
};

/* Connections to one server, handed to one inference at a time. */
struct clv_clients {
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct clv_client **idle; /* a stack: the warmest is used next */
    size_t idle_count;
    size_t count;
    char *url;
};

/* Working memory of one inference. */
struct clv_lane {
    struct clv_lane *next;      /* free lanes */
    struct clv_outputs *head;   /* the head's, or of the whole network */
    struct clv_outputs *finish; /* of the tail here */
    struct clv_codec *codec;    /* packs, and reads answers */
    struct clv_buffer message;  /* what is sent */
    struct clv_picture_encoder encoder;
    struct clv_buffer tensor; /* what a picture becomes, to finish here */
    struct clv_sample sample;
};

struct clv_lanes {
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct clv_lane *all;
    size_t count;
    struct clv_lane *free_list;
};

struct clv_rig {
    const struct clv_ground *ground;
    struct clv_clients *clients; /* borrowed; NULL: needs no server */
    struct clv_part *head;       /* NULL at the cut `input` */
    struct clv_part *tail;       /* to finish here, or NULL */
    int needs_server;
    char cut[1024];
    struct clv_packing packing;
    int sends_picture;                   /* the packing is one of pictures */
    struct clv_calibration *calibration; /* what is packed with, or NULL */
    char notice[600];                    /* "": none */
    int64_t deadline_ms;                 /* of an exchange, if no errand says */

    /* What is sent: the cut's tensors, in network order, or the inputs. */
    cleave_tensor_info *cut_tensors;
    size_t cut_count;

    struct clv_lanes lanes;
};

struct clv_rig_options {
    const char *cut;         /* "input", "output" or tensors */
    const char *calibration; /* default: the one beside the model, if any */
    struct clv_packing packing;
    struct clv_clients *clients; /* needed unless the cut is `output` */
    uint32_t lanes;              /* inferences at once; default 1 */
    int64_t deadline_ms;         /* of one exchange; default 30 s */
    int keeps_tail;              /* to finish here */
    const atomic_int *stop;      /* while it opens: other than zero, and the
                                    server is not waited for; or NULL */
};

/*
 * One inference. A rig that sends pictures takes the one in the lane's sample
 * instead of inputs.
 */
struct clv_errand {
    const cleave_tensor *inputs;
    size_t input_count;
    int64_t answer_by_ns; /* of the clock; later the server's answer is not
                             waited for. 0: no such time */
    int64_t patience_ns;  /* an exchange may take; 0: the rig's deadline_ms */
    int may_finish;       /* here, if the server does not */

    /* Called right before and after the exchange, if not NULL. */
    void (*on_link)(void *self, struct clv_errand *errand, int begins);
    void *self;

    /* What the pipeline tells besides the result. */
    int was_sent;                 /* an exchange was tried */
    size_t sent_bytes;            /* of its message */
    cleave_status sent;           /* how the exchange itself ended */
    struct clv_exchange exchange; /* the server's, if it answered; no body */
    cleave_error trouble;         /* what was wrong with the server or its
                                     answer */
    int64_t tail_here_ns;         /* the tail computed on this device, without
                                     waiting for its turn; 0: it was not */
};

/*
 * ground.c: opens model and card. CLEAVE_NOT_FOUND, CLEAVE_CORRUPT and so on
 * say what is wrong with the file. After a failure, too, the caller calls
 * fini, which takes an all-zero ground.
 */
cleave_status clv_ground_init(struct clv_ground *ground,
                              const struct clv_ground_options *options,
                              cleave_error *err);
void clv_ground_fini(struct clv_ground *ground);

/* How many heads on this engine fit beside each other on the machine. */
unsigned clv_ground_width(const struct clv_engine *engine);

/* clients.c: `count` clients of one server, none connected yet. Thread-safe.
   Fini takes an all-zero struct. */
cleave_status clv_clients_init(struct clv_clients *clients, const char *url,
                               size_t count, cleave_error *err);
void clv_clients_fini(struct clv_clients *clients);
struct clv_client *clv_clients_take(struct clv_clients *clients);
void clv_clients_give(struct clv_clients *clients, struct clv_client *client);

/*
 * rig.c: opening goes from what is sent to the server: the cut, its packing
 * and calibration, the parts (seconds for a large model the first time,
 * milliseconds afterwards), the lanes, and last the server, which must have
 * the very same model. What can fail does so here and not at the first
 * inference. Statuses are those of cleave_session_open. Ground and clients
 * must outlive the rig; close takes NULL.
 */
cleave_status clv_rig_open(const struct clv_ground *ground,
                           const struct clv_rig_options *options,
                           struct clv_rig **ret_rig, cleave_error *err);
void clv_rig_close(struct clv_rig *rig);

/*
 * lanes.c: lanes are made before the rig knows which calibration it packs
 * with, and get their codecs when it does.
 */
cleave_status clv_lanes_init(struct clv_lanes *lanes, const struct clv_rig *rig,
                             size_t count, cleave_error *err);
cleave_status clv_lanes_equip(struct clv_lanes *lanes,
                              const struct clv_calibration *calibration,
                              cleave_error *err);
void clv_lanes_fini(struct clv_lanes *lanes);
struct clv_lane *clv_lanes_take(struct clv_lanes *lanes);
void clv_lanes_give(struct clv_lanes *lanes, struct clv_lane *lane);
void clv_gate_init(struct clv_gate *gate, unsigned open);
void clv_gate_fini(struct clv_gate *gate);

/* Whoever has passed takes a turn (turns.h), if that is not NULL, of so many
   threads; who leaves gives it back. Before anybody passes. */
void clv_gate_share(struct clv_gate *gate, struct clv_turns *turns,
                    int priority, unsigned threads);
void clv_gate_enter(struct clv_gate *gate);
void clv_gate_take_turn(struct clv_gate *gate);
void clv_gate_leave(struct clv_gate *gate);

/*
 * agreement.c: reads the calibration that `path` names or the model's folder
 * has, if the packing looks at one; then, when the server has told its own,
 * keeps it or packs without. Only frames of the dense coder name code books,
 * so for the others the server's does not matter.
 */
cleave_status clv_agreement_read(struct clv_rig *rig, const char *path,
                                 cleave_error *err);
void clv_agreement_settle(struct clv_rig *rig, const char *there);

/*
 * pipeline.c: one inference with this lane of the rig. `ret_result` is the
 * caller's to free. CLEAVE_OK with errand->trouble set means that the server
 * failed and the answer was finished here.
 */
cleave_status clv_pipeline_run(struct clv_rig *rig, struct clv_lane *lane,
                               struct clv_errand *errand,
                               cleave_result **ret_result, cleave_error *err);

/*
 * The answer once more, all here, from what the lane still has of the last
 * inference: unpacked tensors, which must be the lane's own, or the picture.
 * The rig must have its tail. Waits for no gate.
 */
cleave_status clv_pipeline_again(struct clv_rig *rig, struct clv_lane *lane,
                                 cleave_result **ret_result, cleave_error *err);

/*
 * result.c: a result with room for the model's outputs, all still empty, and
 * room for one of them, of form `form` and the name of `info`, or filled with
 * a copy of `from`. Filling one anew replaces it.
 */
cleave_result *clv_result_new(const struct clv_network *network);
cleave_status clv_result_room(cleave_result *result, size_t output,
                              const cleave_tensor_info *info,
                              const cleave_tensor_info *form, size_t bytes,
                              void **ret_data, cleave_error *err);
cleave_status clv_result_set(cleave_result *result, size_t output,
                             const cleave_tensor_info *info,
                             const cleave_tensor *from, cleave_error *err);

/* Ranks the first output, if the card (or NULL) says that it holds classes. */
void clv_result_rank(cleave_result *result, const struct clv_card *card);

/* Says which design it came from; the text is copied. */
void clv_result_name(cleave_result *result, const char *design);

/*
 * sending.c: whether the rig's packing goes with its cut, and what is sent:
 * tensor `i` of the cut appended to the lane's message, or the picture in the
 * lane's sample as the message. And back again: the tensor that the sample's
 * picture is to the network, borrowed from the lane, for finishing here.
 */
cleave_status clv_sending_check(const struct clv_rig *rig, cleave_error *err);
cleave_status clv_sending_tensor(const struct clv_rig *rig,
                                 struct clv_lane *lane, size_t i,
                                 const cleave_tensor *tensor,
                                 cleave_error *err);
cleave_status clv_sending_picture(const struct clv_rig *rig,
                                  struct clv_lane *lane, cleave_error *err);
cleave_status clv_sending_unsent(const struct clv_rig *rig,
                                 struct clv_lane *lane,
                                 cleave_tensor *ret_tensor, cleave_error *err);

/* The content type of a picture, NULL for frames. */
const char *clv_sending_type(const struct clv_rig *rig);

#endif
