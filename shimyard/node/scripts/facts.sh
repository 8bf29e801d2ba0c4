# --- facts: all that planning needs to know, in one call that changes nothing -------------------
# The last line is "end".

# Says KEYWORD and a file's first line, without a program of its own.
first_line() {
    value=-
    [ ! -r "$2" ] || IFS= read -r value <"$2" || :
    say "$1" "$value"
}

system() {
    say arch "$(uname -m)"
    first_line machine /etc/machine-id
    first_line boot /proc/sys/kernel/random/boot_id
    say clock "$(date +%s)"
    # shellcheck disable=SC1091
    say os "$( (. /etc/os-release && printf '%s %s' "${ID:--}" "${VERSION_ID:--}") 2>/dev/null || echo -)"
    if [ -f /sys/fs/cgroup/cgroup.controllers ]; then say cgroup v2; else say cgroup v1; fi
    for name in curl wget tar gzip xz sha256sum timeout systemd-run; do
        command -v "$name" >/dev/null 2>&1 && say tool "$name"
    done
    set -- /var/lib /usr/local /etc
    df -k --output=avail,iavail "$@" | {
        read -r _
        while read -r bytes inodes; do
            if [ -w "$1" ]; then access=writable; else access=read-only; fi
            say space "$1" "$bytes" "$inodes" "$access"
            shift
        done
    }
}

# What stands now at the paths that $manifest names. Paths go to each program in batches: a
# fleet's small machines fork slowly, and a command line has a limit.
observe() {
    set --
    while IFS=$tab read -r kind path rest; do
        case $kind in file | link | dir | data) ;; *) continue ;; esac
        if [ -L "$path" ]; then
            links=yes
        elif [ -e "$path" ]; then
            set -- "$@" "$path"
        else
            say seen "$path" absent
        fi
        [ $# -lt 200 ] || { told "$@"; set --; }
    done <"$manifest"
    [ $# -eq 0 ] || told "$@"
    set --
    while IFS=$tab read -r kind path rest; do
        [ "$kind" = file ] && [ ! -L "$path" ] && [ -f "$path" ] && set -- "$@" "$path"
        [ $# -lt 200 ] || { digests "$@"; set --; }
    done <"$manifest"
    [ $# -eq 0 ] || digests "$@"
    [ -n "$links" ] || return 0
    set --
    while IFS=$tab read -r kind path rest; do
        case $kind in file | link | dir | data) ;; *) continue ;; esac
        [ ! -L "$path" ] || set -- "$@" "$path"
        [ $# -lt 200 ] || { targets "$@"; set --; }
    done <"$manifest"
    [ $# -eq 0 ] || targets "$@"
}

told() {
    stat -c "seen${tab}%n${tab}%F${tab}%a${tab}%U${tab}%G${tab}%u${tab}%g" -- "$@"
}

# With -z, names are not escaped; ours have no line ends.
digests() {
    sha256sum -z -- "$@" | tr '\n\0' ' \n' | while IFS= read -r line; do
        say digest "${line%%  *}" "${line#*  }"
    done
}

targets() {
    readlink -z -- "$@" | tr '\n\t\0' '  \n' | while IFS= read -r target; do
        say target "$1" "$target"
        shift
    done
}

# What the inodes of an entry's files say: nothing can write to a file and keep its ctime.
inodes() {
    (cd "$1" 2>/dev/null && stat -c '%n %i %s %a %.9Y %.9Z' -- .sha256sums *)
}

# An entry that was read whole is read again only if its inodes say otherwise: to read all of them
# each time takes a small machine seconds. The doctor does.
is_sound() {
    entry=$root/store/$1
    if [ -f "$entry/.inodes" ] && [ "$(inodes "$entry")" = "$(cat "$entry/.inodes")" ]; then
        return 0
    fi
    (cd "$entry" 2>/dev/null && sha256sum --check --status .sha256sums 2>/dev/null)
}

# folder. While nobody else can reach it.
note_inodes() {
    inodes "$1" >"$1/.inodes" 2>/dev/null
}

# The names of an entry's files that are not what they were. Called in a shell of its own.
changed_in() {
    cd "$1" 2>/dev/null && sha256sum --check .sha256sums 2>/dev/null | while IFS= read -r line; do
        case $line in *': OK') ;; *) printf '%s ' "${line%%: *}" ;; esac
    done
}

observe_services() {
    while IFS=$tab read -r kind name rest; do
        case $kind in
        store)
            if is_sound "$name"; then
                say store "$name" sound
            else
                say store "$name" broken "$(changed_in "$root/store/$name")"
            fi
            ;;
        unit)
            # Whether it is enabled is asked of the links: systemd itself remembers an older answer.
            systemctl show -p LoadState -p ActiveState "$name" | {
                while IFS='=' read -r key value; do
                    case $key in LoadState) load=$value ;; ActiveState) active=$value ;; esac
                done
                say unit "$name" "$load" "$active" "$(systemctl is-enabled "$name" 2>/dev/null || true)"
            }
            ;;
        esac
    done <"$manifest"
}

managed() {
    for current in "$root"/current/*; do
        [ -L "$current" ] || continue
        name=${current##*/}
        generation=$(readlink "$current")
        say resource "$name" "${generation##*/}"
        manifest=$current/manifest
        while IFS= read -r line; do say have "$name" "$line"; done <"$manifest"
        [ -f "$current/canaries" ] &&
            while IFS= read -r line; do say canary "$name" "$line"; done <"$current/canaries"
        observe
        observe_services
    done
    for entry in "$root"/store/*; do
        [ -f "$entry/.sha256sums" ] && say stored "${entry##*/}"
    done
    for generation in "$root"/generations/*; do
        [ -d "$generation" ] && say generation "${generation##*/}"
    done
    all_guests | while IFS= read -r line; do say guest "$line"; done
    [ -f "$root/made" ] && while IFS= read -r line; do say made "$line"; done <"$root/made"
    [ -L "$root/pending" ] && say pending "$(readlink "$root/pending")"
    # One call for both: it costs more than all else that is asked here.
    set -- shimyard-transaction.service shimyard-recover.service
    systemctl is-active "$@" | while IFS= read -r state; do
        # A recovery is the end of a transaction's unit: "deactivating".
        case $state in active | activating | deactivating) say running "$1" ;; esac
        shift
    done
}

line_by_line() {
    links=
    load=
    active=
    system
    [ ! -d "$root" ] || managed
    say end
}

# All at once: each line that is written alone is a packet of its own on its way to the controller.
facts() {
    told=$(line_by_line)
    printf '%s\n' "$told"
}

