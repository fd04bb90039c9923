/*
 * layout.c - the numbers of element types; docs/format.md, "Frame".
 */
#include "codec/layout.h"

#include <stddef.h>

static const cleave_type types[] = {
    CLEAVE_TYPE_F32,  CLEAVE_TYPE_F16, CLEAVE_TYPE_U8,  CLEAVE_TYPE_I8,
    CLEAVE_TYPE_BOOL, CLEAVE_TYPE_U16, CLEAVE_TYPE_I16, CLEAVE_TYPE_U32,
    CLEAVE_TYPE_I32,  CLEAVE_TYPE_U64, CLEAVE_TYPE_I64, CLEAVE_TYPE_F64,
};

#define TYPE_COUNT (sizeof types / sizeof types[0])

cleave_type clv_layout_type(unsigned number)
{
    return number < TYPE_COUNT ? types[number] : CLEAVE_TYPE_NONE;
}

unsigned clv_layout_number(cleave_type type)
{
    unsigned number = 0;

    while (number < TYPE_COUNT - 1 && types[number] != type) {
        number++;
    }
    return number;
}
