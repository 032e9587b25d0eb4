# A Slurm of one node on this machine, for tests: source tests/cli/lib.sh before it.
#
#   slurm_install       true when Slurm is here, or could be installed (Debian, as root)
#   slurm_start         starts it in $SLURM, an own folder; false when it does not come up
#   slurm_stop          stops it and removes the folder
#   job_state ID        "COMPLETED 0:0": of a job, or of a task as ID_TASK
#   wait_jobs SECONDS ID...     until all tasks of these jobs have ended
#
# Its sockets, ports, keys and state are its own, so that it meets no other Slurm. Nothing of systemd
# or of cgroups is needed.

slurm_install() {
    local log=$TMP/slurm-install.log
    command -v slurmctld slurmd munged >"$log" && return 0
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        SLURM_MISSING='Slurm is not installed, and only root can install it (apt-get install slurm-wlm munge)'
        return 1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -q slurm-wlm munge >"$log" 2>&1 ||
        { DEBIAN_FRONTEND=noninteractive apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q slurm-wlm munge; } >"$log" 2>&1
    command -v slurmctld slurmd munged >"$log.found" && return 0
    SLURM_MISSING="Slurm could not be installed: $(tail -n 1 "$log")"
    return 1
}

# Ports that nothing listens on now.
free_port() {
    local port
    for ((port = 20000 + RANDOM % 10000; ; port++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>"$TMP/port" || break
    done
    echo "$port"
}

slurm_settings() {
    local host
    host=$(hostname -s)
    # What is requeued waits for cred_expire and a second, or for two minutes if that is below 5.
    cat <<END
ClusterName=earmark
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$SLURM/munge/socket,cred_expire=5
CredType=cred/munge
StateSaveLocation=$SLURM/state
SlurmdSpoolDir=$SLURM/spool
SlurmctldPidFile=$SLURM/slurmctld.pid
SlurmdPidFile=$SLURM/slurmd.pid
SlurmctldLogFile=$SLURM/slurmctld.log
SlurmdLogFile=$SLURM/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=100
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MinJobAge=3600
EnforcePartLimits=ALL
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=1
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 RealMemory=8000 Gres=gpu:2 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=60 DefaultTime=10 State=UP
END
}

slurm_start() {
    local waited
    SLURM=$(mktemp -d /tmp/earmark-slurm.XXXXXX)
    export SLURM_CONF=$SLURM/slurm.conf
    mkdir "$SLURM/munge" "$SLURM/state" "$SLURM/spool"
    chmod 755 "$SLURM" "$SLURM/munge"
    head -c 1024 /dev/urandom >"$SLURM/munge/key"
    chmod 600 "$SLURM/munge/key"
    slurm_settings >"$SLURM_CONF"
    echo "NodeName=$(hostname -s) Name=gpu File=/dev/tty[0-1]" >"$SLURM/gres.conf"
    munged --force --key-file="$SLURM/munge/key" --socket="$SLURM/munge/socket" --pid-file="$SLURM/munge/pid" \
        --log-file="$SLURM/munge/log" --seed-file="$SLURM/munge/seed" >"$SLURM/start.log" 2>&1 || return 1
    slurmctld -f "$SLURM_CONF" >>"$SLURM/start.log" 2>&1 || return 1
    slurmd -f "$SLURM_CONF" >>"$SLURM/start.log" 2>&1 || return 1
    for ((waited = 0; waited < 60; waited++)); do
        [ "$(sinfo -h -o %T 2>>"$SLURM/start.log")" = idle ] && return 0
        sleep 0.5
    done
    return 1
}

# The pids are those of the files that these daemons wrote.
slurm_stop() {
    local file pid
    [ -n "${SLURM:-}" ] || return 0
    scancel --signal=KILL --user="$(id -un)" >/dev/null 2>&1
    for file in "$SLURM"/slurmd.pid "$SLURM"/slurmctld.pid "$SLURM"/munge/pid; do
        { read -r pid <"$file"; } 2>/dev/null || continue
        kill "$pid" 2>/dev/null
        for ((waited = 0; waited < 100; waited++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$pid" 2>/dev/null
    done
    rm -rf "$SLURM"
    SLURM=
}

job_state() {
    scontrol -o show job "$1" 2>/dev/null |
        sed -n -E 's/.* JobState=([A-Z_]+) .* ExitCode=([0-9]+:[0-9]+) .*/\1 \2/p'
}

# A job of which nothing is queued, running, or being ended.
is_ended() {
    local states
    states=$(squeue -h -r -o %T -j "$1" 2>&1) || return 0
    [ -z "$states" ]
}

wait_jobs() {
    local until=$((SECONDS + $1)) job
    shift
    for job in "$@"; do
        until is_ended "$job"; do
            [ "$SECONDS" -lt "$until" ] || return 1
            sleep 0.3
        done
    done
}
