#include "host/review/server_page.h"

#include "host/report/page_web.h"
#include "host/report/report.h"

#include <string.h>

/* Nothing of the run: anybody on this computer may load it. */
static void make_page(struct text *page) {
    text_string(page, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                      "<meta name=\"referrer\" content=\"no-referrer\">\n"
                      "<link rel=\"icon\" href=\"data:,\">\n" /* or it is asked for */
                      "<title>earmark review</title>\n<style>");
    text_string(page, page_style);
    text_string(page,
                "</style>\n</head>\n<body>\n<header>\n<h1>earmark review</h1>\n</header>\n<main>\n"
                "<section aria-labelledby=\"issues\">\n<h2 id=\"issues\">Issues</h2>\n"
                "<div id=\"review\"><p>The list is loaded by a script. Where there is none, "
                "<code>earmark report</code> makes a page that works without.</p></div>\n"
                "</section>\n</main>\n<script>");
    text_string(page, page_script);
    text_string(page, "</script>\n</body>\n</html>\n");
}

/* The key of sounds and pictures goes before the other members. */
static enum error_code make_issues(struct server *server, struct error *error) {
    struct text data = TEXT_INITIAL;
    if (review_data_write(server->data, REVIEW_SERVER, 0, &data, error) == ERROR_NONE &&
        text_check(&data, error) == ERROR_NONE) {
        text_format(&server->issues, "{\"key\":\"%s\",", server->key);
        text_string(&server->issues, strchr(data.data, '{') + 1);
        text_check(&server->issues, error);
    }
    text_free(&data);
    return error->code;
}

enum error_code server_page_make(struct server *server, struct error *error) {
    make_page(&server->page);
    TRY(text_check(&server->page, error));
    TRY(make_issues(server, error));
    return report_overview(&server->results, &server->overview, error);
}
