# bash completion of earmark, made by `earmark help --bash`
_earmark() {
    local current=${COMP_WORDS[COMP_CWORD]} words= commands='audit detect embed crossval issues slurm kubernetes parallel report review diff agree apply status model bench info help version'
    local command=${COMP_WORDS[1]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    if [ "$command" = model ]; then command="model ${COMP_WORDS[2]-}"; fi
    # bash makes three words of --option=value
    if [ "$current" = = ]; then
        current=
    elif [ "$previous" = = ]; then
        previous=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $previous in
    earmark | */earmark | help) words=$commands ;;
    model) words='import info' ;;
    --device) words='auto cpu cuda cuda:all' ;;
    --precision) words='float32 tf32 bf16' ;;
    --views) words='xvector,statistics xvector none' ;;
    --detector) words='ensemble logistic' ;;
    --copies) words='together apart' ;;
    --scale) words='none standard' ;;
    --filter) words='prune_by_noise_rate prune_by_class both confident_learning predicted_neq_given low_self_confidence low_normalized_margin ensemble' ;;
    --filter) words='prune_by_noise_rate prune_by_class both confident_learning predicted_neq_given low_self_confidence low_normalized_margin' ;;
    --score) words='self_confidence normalized_margin confidence_weighted_entropy log_margin' ;;
    --score) words='self_confidence normalized_margin confidence_weighted_entropy' ;;
    --estimation-method) words='none off_diagonal off_diagonal_calibrated off_diagonal_custom' ;;
    --format) words='wav flac mp3 ogg opus aiff au' ;;
    --exclude) words='drop mark' ;;
    --conflicts) words='stop skip first' ;;
    --export) words='audacity raven label-studio' ;;
    --shard) words='env' ;;
    --progress) words='bar lines json none' ;;
    --log-level) words='error warning info' ;;
    esac
    if [ "${current:0:1}" = - ]; then
        case $command in
        'audit') words='--label-pattern --label-column --label-separator --path-column --path-template --audio-root --start-column --end-column --group --fold-column --allow-outside --embeddings --model --device --precision --threads --memory --no-resample --clip-memory --views --detector --copies --folds --shuffle --seed --C --scale --tol --max-iterations --filter --score --frac-noise --min-examples-per-class --num-to-remove --joint --adjust-pred-probs --output --state --verify --from-shards --export --fresh --fail-on-issues --json --quiet --progress --log-level --metrics --help' ;;
        'detect') words='--embeddings --labels --unlabelled --groups --fold-of --device --threads --memory --detector --copies --folds --shuffle --seed --C --scale --tol --max-iterations --filter --score --frac-noise --min-examples-per-class --num-to-remove --joint --adjust-pred-probs --output --fresh --fail-on-issues --json --quiet --progress --log-level --metrics --help' ;;
        'embed') words='--label-pattern --label-column --label-separator --path-column --path-template --audio-root --start-column --end-column --group --fold-column --allow-outside --model --device --precision --threads --no-resample --clip-memory --views --features --output --state --verify --shard --fresh --json --quiet --progress --log-level --metrics --help' ;;
        'crossval') words='--embeddings --labels --multi-label --unlabelled --groups --fold-of --device --threads --memory --detector --copies --folds --shuffle --seed --C --scale --tol --max-iterations --output --fresh --json --quiet --progress --log-level --metrics --help' ;;
        'issues') words='--labels --pred-probs --multi-label --threads --memory --filter --score --frac-noise --min-examples-per-class --num-to-remove --joint --adjust-pred-probs --estimation-method --output --mask --fresh --fail-on-issues --json --quiet --progress --log-level --metrics --help' ;;
        'slurm') words='--label-pattern --label-column --label-separator --path-column --path-template --audio-root --start-column --end-column --group --fold-column --allow-outside --embeddings --model --device --precision --threads --memory --no-resample --clip-memory --views --features --detector --copies --folds --shuffle --seed --C --scale --tol --max-iterations --filter --score --frac-noise --min-examples-per-class --num-to-remove --joint --adjust-pred-probs --output --state --verify --shard --from-shards --export --fresh --fail-on-issues --json --quiet --progress --log-level --metrics --help --tasks --max-running --gpus-per-task --cpus-per-task --mem --time --partition --account --sbatch --reducer-sbatch --max-array-size --submit --program' ;;
        'kubernetes') words='--label-pattern --label-column --label-separator --path-column --path-template --audio-root --start-column --end-column --group --fold-column --allow-outside --embeddings --model --device --precision --threads --memory --no-resample --clip-memory --views --features --detector --copies --folds --shuffle --seed --C --scale --tol --max-iterations --filter --score --frac-noise --min-examples-per-class --num-to-remove --joint --adjust-pred-probs --output --state --verify --shard --from-shards --export --fresh --fail-on-issues --json --quiet --progress --log-level --metrics --help --tasks --max-running --gpus-per-task --cpus-per-task --mem --image --name --volume --program' ;;
        'parallel') words='--label-pattern --label-column --label-separator --path-column --path-template --audio-root --start-column --end-column --group --fold-column --allow-outside --embeddings --model --device --precision --threads --memory --no-resample --clip-memory --views --features --detector --copies --folds --shuffle --seed --C --scale --tol --max-iterations --filter --score --frac-noise --min-examples-per-class --num-to-remove --joint --adjust-pred-probs --output --state --verify --shard --from-shards --export --fresh --fail-on-issues --json --quiet --progress --log-level --metrics --help --tasks --sshlogin --jobs --program' ;;
        'report') words='--threads --root --allow-outside --export --quiet --progress --log-level --help' ;;
        'review') words='--threads --as --port --socket --conflicts --root --allow-outside --quiet --progress --log-level --help' ;;
        'diff') words='--fail-on-new --json --quiet --progress --log-level --help' ;;
        'agree') words='--fail-on-conflicts --json --quiet --help' ;;
        'apply') words='--output --dry-run --exclude --conflicts --quiet --progress --log-level --help' ;;
        'status') words='--json --help' ;;
        'model import') words='--output --float16 --name --licence --source --quiet --progress --log-level --help' ;;
        'model info') words='--json --help' ;;
        'bench') words='--model --device --precision --threads --clips --seconds --rate --repeats --format --tar --forecast --json --help' ;;
        'info') words='--help' ;;
        -*) words='--help --version' ;;
        esac
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _earmark earmark
