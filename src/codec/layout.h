/*
 * layout.h - numbers that frames and calibration files have in common.
 */
#ifndef CLV_LAYOUT_H
#define CLV_LAYOUT_H

#include <stdint.h>

#include "cleave/tensor.h"

/* A calibration file begins with "CLC" and its version. */
#define CLV_LAYOUT_MAGIC 0x434c43u
#define CLV_LAYOUT_VERSION 1

/* A model's SHA-256 in it. */
#define CLV_LAYOUT_MODEL_BYTES 32

/* The element type with this number, CLEAVE_TYPE_NONE if there is none. */
cleave_type clv_layout_type(unsigned number);

/* The number of an element type. */
unsigned clv_layout_number(cleave_type type);

#endif
