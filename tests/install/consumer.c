/*
 * consumer.c - a program of somebody else, built against an installed cleave.
 */
#include <cleave/status.h>
#include <cleave/tensor.h>

#include <stdio.h>

int main(void)
{
    printf("%s %s\n", cleave_version(), cleave_type_name(CLEAVE_TYPE_F32));
    return 0;
}
