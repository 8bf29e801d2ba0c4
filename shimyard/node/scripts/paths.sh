# --- paths: a new object waits beside the final path, the old one is kept beside it -------------

# Sets $old and $new: in variables, since each $(...) is a process, which a small machine makes slowly.
beside() {
    old=${1%/*}/.${1##*/}.shimyard-old
    new=${1%/*}/.${1##*/}.shimyard-new
}

# A copy is made aside first: half a copy must never look like the original.
link_or_copy() {
    ln -PT "$1" "$2" 2>/dev/null && return 0
    rm -rf "$2.part"
    cp -aT "$1" "$2.part" && mv -fT "$2.part" "$2"
}

make_parents() {
    parent=${1%/*}
    [ -n "$parent" ] || return 0
    [ -d "$parent" ] && return 0
    make_parents "$parent" || return 1
    parent=${1%/*}
    record undo made "$parent" && mkdir -m 0755 "$parent"
}

clear_siblings() {
    beside "$1"
    for sibling in "$old" "$old.part" "$new" "$new.part"; do
        if [ -e "$sibling" ] || [ -L "$sibling" ]; then rm -f "$sibling"; fi
    done
}

# Remember what stands at a path, and set an original that is not ours aside for good. Sets $old and
# $new.
keep() {
    path=$1
    ownership=$2
    if [ -d "$path" ] && [ ! -L "$path" ]; then
        reason="$path is a folder; move it away, a file belongs there"
        return 1
    fi
    clear_siblings "$path"
    if [ ! -e "$path" ] && [ ! -L "$path" ]; then
        record undo path "$path" absent
        return
    fi
    record undo path "$path" had || return 1
    link_or_copy "$path" "$old" || return 1
    kept=$root/originals$path
    if [ "$ownership" = adopt ] && [ ! -e "$kept" ] && [ ! -L "$kept" ]; then
        mkdir -p "${kept%/*}" && record undo original "$path" && link_or_copy "$path" "$kept"
    fi
}

place() {
    beside "$1"
    mv -fT "$new" "$1"
}

prepare_expect() {
    actual=$(readlink "$root/current/$1" 2>/dev/null) || actual=none
    [ "${actual##*/}" = "$2" ] && return 0
    reason="$1 is at generation ${actual##*/}, the plan was made for $2: somebody else changed it"
    return 1
}

prepare_dir() {
    [ -d "$1" ] && return 0
    make_parents "$1" && record undo made "$1" && mkdir -m 0755 "$1"
}

# A folder of another resource of ours may stand there already.
prepare_data() {
    if [ ! -e "$1" ] || made_by_us "$1"; then record undo made-data "$1"; fi
}

made_by_us() {
    [ -f "$root/made" ] || return 1
    while IFS= read -r made; do
        [ "$made" != "dir$tab$1" ] || return 0
    done <"$root/made"
    return 1
}

# A tree, but not the folders in it that another resource has: containerd watches such a one.
remove_tree() {
    kept=$line_end
    for current in "$root"/current/*; do
        if [ ! -L "$current" ] || [ "${current##*/}" = "$resource" ]; then continue; fi
        while IFS=$tab read -r kind path rest; do
            case $kind:$path in dir:"$1"/*) kept=$kept$path/$line_end ;; esac
        done <"$current/manifest"
    done
    if [ "$kept" = "$line_end" ]; then rm -rf "$1"; else prune "$1"; fi
}

prune() {
    for inside in "$1"/* "$1"/.[!.]*; do
        case $kept in
        *"$line_end$inside/"*) prune "$inside" ;;
        *) rm -rf "$inside" ;;
        esac
    done
}

prepare_file() {
    make_parents "$1" && keep "$1" "$6" || return 1
    link_or_copy "$generation/$2" "$new" && chmod "$3" "$new" && chown "$4:$5" "$new" && sync "$new"
}

prepare_link() {
    if [ ! -e "$2" ]; then
        reason="$2 is not in the node's store"
        return 1
    fi
    make_parents "$1" && keep "$1" "$3" && ln -s "$2" "$new"
}

prepare_remove() {
    kept=$root/originals$1
    if [ -e "$kept" ] || [ -L "$kept" ]; then
        make_parents "$1" && keep "$1" managed && link_or_copy "$kept" "$new"
    else
        keep "$1" managed
    fi
}

prepare_containerd_config() {
    case $2 in /*) config=$2 ;; *) config=$generation/$2 ;; esac
    # The dump itself may hold credentials; only what containerd complains of is kept.
    timeout 60 "$1" --config "$config" config dump >/dev/null 2>"$generation/check.err" && return 0
    quote_file "$generation/check.err" containerd
    reason="containerd refuses its new configuration"
    return 1
}

switch_file() { place "$1"; }
switch_link() { place "$1"; }

switch_remove() {
    beside "$1"
    if [ -e "$new" ] || [ -L "$new" ]; then
        place "$1" && record drop "$1"
    else
        rm -f "$1"
    fi
}

# What can't be taken back waits until the transaction is committed.
switch_rmdir() { record drop-dir "$1"; }
switch_rmdata() { record drop-data "$1"; }

