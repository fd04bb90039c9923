/*
 * sheet.h - all designs of a product written out as columns, and solved.
 *
 * A sheet is used again and again, for one product after another: it keeps its
 * memory, and where a product differs from the one before in nothing but that
 * there is less memory for its designs, what was written is only gone through
 * for those that fit.
 *
 * Belongs to one thread. What the options of its products point to must not
 * change while it is in use; products themselves may go.
 */
#ifndef CLV_SHEET_H
#define CLV_SHEET_H

#include "plan/rass.h"

struct clv_sheet;

cleave_status clv_sheet_new(struct clv_sheet **ret_sheet, cleave_error *err);

/* Takes NULL. */
void clv_sheet_free(struct clv_sheet *sheet);

/* As clv_rass_try, of CLV_RASS_MOST designs at most. */
cleave_status clv_sheet_solve(struct clv_sheet *sheet,
                              const struct clv_product *product,
                              struct clv_rass *ret_rass, cleave_error *err);

#endif
