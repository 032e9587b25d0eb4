/* How much of a run report.html shows. */
#ifndef EARMARK_REPORT_LIMITS_H
#define EARMARK_REPORT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#define REPORT_BYTES ((size_t)32 << 20)      /* of the page, about */
#define REPORT_DATA_BYTES ((size_t)12 << 20) /* of them, for the issues as data */
#define REPORT_TEXT_BYTES ((size_t)2 << 20)  /* for all but data, sounds and their pictures */
#define REPORT_PLAYED_ISSUES 500u  /* may have their sound in the page, if there is room */
#define REPORT_PLAYED_OTHERS 500u  /* clips to compare with may, too */
#define REPORT_LISTED_ISSUES 2000u /* are in its tables; issues.csv has every one */
#define REPORT_LISTED_CLIPS 200u   /* that could not be audited, named in the page */
#define REPORT_LISTED_GROUPS 200u  /* with many labels that look wrong */
#define REPORT_FAULT_CLIPS 100u    /* of each audio fault, named in the page */

#define REVIEW_TOP 9             /* likeliest classes of an issue */
#define REVIEW_NEAR 3            /* nearest clips of the given and of the suggested class */
#define REVIEW_NEAR_ISSUES 1000u /* of the ranking have those */
#define REVIEW_NEAR_WORK ((uint64_t)20 << 30)  /* multiplications that these searches may take */
#define REVIEW_HEARD (1 + 2 * REVIEW_NEAR + 5) /* clips to compare with an issue */

struct report_sounds {
    size_t played;  /* issues whose sound is in the page */
    size_t missing; /* clips whose file could no longer be read, as the page states */
    size_t outside; /* clips whose path leads out of the folder of the clips: not opened */
};

#endif
