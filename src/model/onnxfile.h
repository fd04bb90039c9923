/*
 * onnxfile.h - an ONNX file with weights that are mapped, not copied.
 *
 * protobuf-c would copy every weight several times on its way out. So the file
 * is put together by hand at its top two levels, and weights go from the
 * mapped source straight to it.
 *
 * They are embedded, unless a placer puts them elsewhere or the file would
 * pass the 2 GiB that protocol buffers allow; then they go to `PATH.data`
 * beside it.
 */
#ifndef CLV_ONNXFILE_H
#define CLV_ONNXFILE_H

#include "model/extract.h"
#include "model/graph.h"

struct clv_onnxfile {
    const struct clv_model *model; /* whose weights go along, */
    const uint8_t *uses;           /* if these of its tensors are marked */
    Onnx__ModelProto shell;        /* without a graph */
    Onnx__GraphProto graph;        /* without weights */
};

/*
 * Writes the file to `path`, whole or not at all; what is written beside it
 * appears just before it. `embed_limit_bytes` of 0 is 2 GiB less a little.
 * CLEAVE_IO on a full disk, and whatever the placer, which may be NULL, says.
 * What is needed meanwhile is of `arena`.
 */
cleave_status clv_onnxfile_write(const struct clv_onnxfile *file,
                                 const struct clv_weight_placer *placer,
                                 uint64_t embed_limit_bytes,
                                 struct clv_arena *arena, const char *path,
                                 cleave_error *err);

#endif
