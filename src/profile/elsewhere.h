/*
 * elsewhere.h - what a profile holds that is not of this machine.
 *
 * Besides what stands here: clv_database_elsewhere (database.h).
 */
#ifndef CLV_ELSEWHERE_H
#define CLV_ELSEWHERE_H

#include "profile/database.h"

/*
 * Says why there is nothing of `machine` for what is wanted, and what to do:
 * the database is empty, or of another machine, or of other models, and then
 * with `note` behind it. Always fails, with CLEAVE_NOT_FOUND unless the file
 * cannot be read.
 */
cleave_status clv_elsewhere_why(const struct clv_database *database,
                                const struct clv_wanted *wanted,
                                const char *machine, const char *note,
                                cleave_error *err);

#endif
