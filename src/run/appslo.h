/*
 * appslo.h - objectives and constraints of an application file, of one task or
 * of all together, for application.c and apptask.c.
 */
#ifndef CLV_APPSLO_H
#define CLV_APPSLO_H

#include "plan/slo.h"
#include "run/appschema.h"
#include "run/spot.h"

enum clv_whose { CLV_OF_ONE_TASK, CLV_OF_ALL_TASKS };

/* Each appends to `slo`, which must have room, what stands in the file below
   `s`; the first that makes no sense, or no sense with those before, or
   is not of whom it is said, is an error at its line. */
cleave_status clv_appslo_objectives(const struct clv_spot *s,
                                    const struct clv_raw_objective *raw,
                                    uint32_t count, struct clv_slo *slo,
                                    enum clv_whose whose);
cleave_status clv_appslo_constraints(const struct clv_spot *s,
                                     char *const *texts, uint32_t count,
                                     struct clv_slo *slo, enum clv_whose whose);

#endif
