#!/bin/bash
# Made by earmark 0.2.0. Embeds in 32 tasks with GNU parallel, then audits. Start it again to go on:
# tasks that are complete are not repeated.
mkdir -p /data/out/parallel
parallel --jobs 2 --sshlogin a,b,c --joblog /data/out/parallel/jobs.log --resume-failed --retries 4 --termseq TERM,30000,KILL,25 \
    'earmark embed /data/corpus -o /data/out --shard {}/32 --label-pattern '\''{'\'''\''label}_{'\'''\''speaker}_{'\'''\''take}.wav'\''' ::: {0..31}
earmark audit /data/corpus -o /data/out --from-shards --label-pattern '{label}_{speaker}_{take}.wav' --folds 4
