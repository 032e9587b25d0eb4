/* How much of a run report.html shows. */
#ifndef EARMARK_REPORT_LIMITS_H
#define EARMARK_REPORT_LIMITS_H

#include <stddef.h>

#define REPORT_PLAYED_ISSUES 200u   /* have their sound in the page */
#define REPORT_LISTED_ISSUES 20000u /* are in the page at all; issues.csv has every one */
#define REPORT_LISTED_CLIPS 200u    /* that could not be audited, named in the page */
#define REPORT_LISTED_GROUPS 200u   /* with many labels that look wrong */
#define REPORT_FAULT_CLIPS 100u     /* of each audio fault, named in the page */

struct report_sounds {
    size_t played;  /* issues whose sound is in the page */
    size_t missing; /* issues whose file could no longer be read, as the page states */
    size_t outside; /* issues whose path leads out of the folder of the clips: not opened */
};

#endif
