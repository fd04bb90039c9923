/*
 * session.h - running one network on this device and a server.
 *
 * A session joins a model file, a cut and a server. An inference computes
 * the head here, sends the tensors at the cut, and gets the tail's outputs
 * back. The cut `input` sends the inputs and computes all on the server; the
 * cut `output` computes all here and needs no server.
 *
 *     cleave_session_options options = CLEAVE_SESSION_OPTIONS_INIT;
 *     options.model = "net.onnx";
 *     options.server = "http://192.168.1.2:8700";
 *     options.cut = "conv4_relu";
 *     cleave_session_open(&options, &session, &err);
 *     cleave_session_infer_file(session, "cat.jpg", &result, &err);
 *     puts(result->top[0].label);
 *     cleave_result_free(result);
 *     cleave_session_close(session);
 *
 * Threads: open and close belong to one thread; infer may be called by
 * several threads at once, and inferences overlap up to `in_flight`: while
 * one waits for the server, another computes its head.
 */
#ifndef CLEAVE_SESSION_H
#define CLEAVE_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "cleave/status.h"
#include "cleave/tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A result lists at most this many classes. */
#define CLEAVE_TOP 5

typedef struct cleave_session cleave_session;

/* Zero means the default. Strings are copied. */
typedef struct cleave_session_options {
    const char *model;  /* the ONNX file; no default */
    const char *card;   /* its card; default: model.yaml beside it, if any */
    const char *server; /* "http://HOST:PORT"; needed unless cut=output */
    const char *model_name; /* on the server; default: the file's stem */
    const char *cut;        /* "input", "output" or tensors; default "output" */
    const char *pack; /* how tensors become bytes: "f32" (the default) sends
                         them as they are; also f16, lz:bits=4,
                         fast:step=0.25, dense:step=0.9sd, dense for
                         integers; at the cut `input` a picture travels as
                         jpeg:quality=85 or webp:quality=85 */
    const char *calibration; /* what was learnt of the cut's tensors; default:
                                model.calib beside the model, if any */
    const char *engine;      /* as in engine names; default "cpu" */
    const char *cache;       /* the folder for what is kept; no default */
    uint32_t in_flight;      /* inferences at once; default 1 */
    uint32_t deadline_ms; /* of one exchange with the server; default 30000 */
} cleave_session_options;

#define CLEAVE_SESSION_OPTIONS_INIT {0}

/* One class of a classification. `label` is NULL if the card has none. */
typedef struct cleave_class {
    int64_t index;     /* the class: background, if any, is -1 */
    double score;      /* as the network gives it */
    const char *label; /* borrowed from the session */
} cleave_class;

/*
 * One answer. Times are wall times: `head_ns` on this device (packing
 * included), `tail_ns` on the server as it says (unpacking and waiting
 * included), `transfer_ns` what remains of the exchange. Bytes count whole
 * HTTP messages. The last three are a runner's (runner.h): a session's tail
 * is never finished here.
 */
typedef struct cleave_result {
    const cleave_tensor *outputs; /* in the model's order */
    size_t output_count;
    cleave_class top[CLEAVE_TOP]; /* of the first output, best first */
    size_t top_count;             /* 0 if the task is no classification */
    uint64_t bytes_up;
    uint64_t bytes_down;
    int64_t prepare_ns; /* reading and preparing the file, if there was one */
    int64_t head_ns;
    int64_t transfer_ns;
    int64_t tail_ns;
    int64_t total_ns;     /* all of it; without prepare_ns */
    int64_t finish_ns;    /* the tail on this device, the server having
                             failed; 0: it did not */
    int64_t predicted_ns; /* total_ns as it was to be expected of a message
                             of this size; 0: it was not */
    const char *design;   /* which design answered, or NULL */
} cleave_result;

/*
 * Opens a session: reads model and card, prepares the head (seconds for a
 * large model the first time, milliseconds afterwards), and checks that the
 * server has the same model. A packing whose frames name code books needs the
 * same calibration on both sides; if the server has none or another one,
 * tensors are packed without, and cleave_session_notice says so.
 * CLEAVE_NOT_FOUND for a file or cut that does not exist (naming cuts that come
 * close), CLEAVE_UNREACHABLE for a server that is not there, CLEAVE_MISMATCH if
 * it has another model of that name or the calibration is of another model,
 * CLEAVE_INVALID for an option that makes no sense, a packing of pictures
 * without the cut `input` and a card with one picture among them.
 */
CLEAVE_API cleave_status
cleave_session_open(const cleave_session_options *options,
                    cleave_session **ret_session, cleave_error *err);

/* Takes NULL. No inference may be running, no result be in use. */
CLEAVE_API void cleave_session_close(cleave_session *session);

/*
 * What the user of a session should know though it opened well, in a sentence
 * or two; NULL if there is nothing. Borrowed.
 */
CLEAVE_API const char *cleave_session_notice(const cleave_session *session);

/* The model's inputs and outputs, free dimensions -1. Borrowed. */
CLEAVE_API const cleave_tensor_info *cleave_session_inputs(
    const cleave_session *session, size_t *ret_count);
CLEAVE_API const cleave_tensor_info *cleave_session_outputs(
    const cleave_session *session, size_t *ret_count);

/*
 * One inference. `inputs` are the model's inputs in its order; their data is
 * only read and must stay until the call returns. The caller frees the
 * result. CLEAVE_MISMATCH for tensors that do not fit, CLEAVE_INVALID if the
 * session packs pictures, and what the server or the link brings:
 * CLEAVE_UNREACHABLE, CLEAVE_TIMEOUT, CLEAVE_BUSY.
 */
CLEAVE_API cleave_status cleave_session_infer(cleave_session *session,
                                              const cleave_tensor *inputs,
                                              size_t input_count,
                                              cleave_result **ret_result,
                                              cleave_error *err);

/*
 * The same for a file: a JPEG, PNG or PPM picture, prepared as the card
 * says, or an array (.npy). CLEAVE_MISMATCH for a picture when there is
 * no card. A file that holds several samples is CLEAVE_INVALID. A session
 * that packs pictures sends the prepared picture, encoded anew.
 */
CLEAVE_API cleave_status cleave_session_infer_file(cleave_session *session,
                                                   const char *path,
                                                   cleave_result **ret_result,
                                                   cleave_error *err);

/* Frees a result of this session. Takes NULL. */
CLEAVE_API void cleave_result_free(cleave_result *result);

#ifdef __cplusplus
}
#endif
#endif
