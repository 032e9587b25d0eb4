/* Style and script of the page: the files of host/report/web/, one after the other, as
 * host/report/web/embed.sh puts them into the program. */
#ifndef EARMARK_REPORT_PAGE_WEB_H
#define EARMARK_REPORT_PAGE_WEB_H

extern const char page_style[];
extern const char page_script[];
/* "sha256-..." of each, for a Content-Security-Policy. Their element holds exactly these bytes. */
extern const char page_style_hash[];
extern const char page_script_hash[];

#endif
