/*
 * codec.c - the working memory behind packing and unpacking.
 *
 *     packer.c      numbers -> indices -> payload -> frame
 *     unpacker.c    frame -> payload -> indices -> numbers
 */
#include "codec/codec.h"

#include <stdlib.h>

#include "codec/workspace.h"

cleave_status clv_codec_new(const struct clv_calibration *calibration,
                            struct clv_codec **ret_codec)
{
    struct clv_codec *codec = calloc(1, sizeof *codec);

    if (codec == NULL) {
        return CLEAVE_MEMORY;
    }
    codec->path = clv_processor_best();
    codec->calibration = calibration;
    clv_buffer_init(&codec->payload, SIZE_MAX / 2);
    clv_buffer_init(&codec->scratch, SIZE_MAX / 2);
    codec->dense = clv_dense_new(codec->path);
    if (codec->dense == NULL) {
        clv_codec_free(codec);
        return CLEAVE_MEMORY;
    }
    *ret_codec = codec;
    return CLEAVE_OK;
}

void clv_codec_take(struct clv_codec *codec, enum clv_path path)
{
    codec->path = path;
    clv_dense_take(codec->dense, path);
}

void clv_codec_free(struct clv_codec *codec)
{
    if (codec != NULL) {
        clv_dense_free(codec->dense);
        clv_buffer_fini(&codec->payload);
        clv_buffer_fini(&codec->scratch);
        free(codec->indices);
        free(codec->floats);
        free(codec);
    }
}

cleave_status clv_codec_room_indices(struct clv_codec *codec, size_t count)
{
    if (count > codec->index_capacity) {
        free(codec->indices);
        codec->index_capacity = 0;
        codec->indices = malloc(count * sizeof *codec->indices);
        if (codec->indices == NULL) {
            return CLEAVE_MEMORY;
        }
        codec->index_capacity = count;
    }
    return CLEAVE_OK;
}

cleave_status clv_codec_room_floats(struct clv_codec *codec, size_t count)
{
    if (count > codec->float_capacity) {
        free(codec->floats);
        codec->float_capacity = 0;
        codec->floats = malloc(count * sizeof *codec->floats);
        if (codec->floats == NULL) {
            return CLEAVE_MEMORY;
        }
        codec->float_capacity = count;
    }
    return CLEAVE_OK;
}

int clv_codec_is_float(cleave_type type)
{
    return type == CLEAVE_TYPE_F32 || type == CLEAVE_TYPE_F16;
}
