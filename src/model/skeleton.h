/*
 * skeleton.h - an ONNX file without its weights.
 *
 * protobuf-c would copy every weight. So the mapped file is first rewritten
 * into its skeleton: the same messages, but in place of each tensor's raw
 * bytes stand sixteen that say where they are in the file. The skeleton is
 * small, protobuf-c may unpack it, and clv_skeleton_unpack then points every
 * tensor at its bytes in the map.
 */
#ifndef CLV_SKELETON_H
#define CLV_SKELETON_H

#include "base/arena.h"
#include "base/buffer.h"
#include "cleave/status.h"
#include "onnx/onnx.pb-c.h"

/* A file's messages without weights are refused above this. */
#define CLV_SKELETON_MAX_BYTES ((size_t)64 << 20)

/* Messages nested deeper than this are refused. */
#define CLV_SKELETON_MAX_DEPTH 64

/*
 * Reads an ONNX model from `file` (which must outlive the result) into
 * `arena`. `where` names it in errors. CLEAVE_CORRUPT if the bytes are not
 * an ONNX model, CLEAVE_LIMIT if it is too deep or too large.
 */
cleave_status clv_skeleton_unpack(clv_bytes file, const char *where,
                                  struct clv_arena *arena,
                                  Onnx__ModelProto **ret_model,
                                  cleave_error *err);

#endif
