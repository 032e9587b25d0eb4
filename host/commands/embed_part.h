/* earmark embed --shard: one part of the list. */
#ifndef EARMARK_COMMANDS_EMBED_PART_H
#define EARMARK_COMMANDS_EMBED_PART_H

#include "host/commands/options.h"

/* Runs the command; its exit code. */
int embed_part(const struct options *options);

/* Appends the command that makes a part with the options (context) of an audit. */
void command_append_part(const void *context, const struct part *part, struct text *text);

#endif
