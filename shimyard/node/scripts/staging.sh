# --- staging: artifacts reach the content-addressed store, a plan its staging area ---------------
# Nothing that is live changes here. Output: "received", "progress SHA256 BYTES",
# "need SHA256 REASON", "stored SHA256", "failed REASON".

fail() {
    say failed "$1"
    exit 1
}

remove_older_than() {
    now=$(date +%s)
    age=$1
    shift
    for entry in "$@"; do
        changed=$(stat -c %Y "$entry" 2>/dev/null) || continue
        [ $((now - changed)) -lt "$age" ] || rm -rf "$entry"
    done
}

receive() {
    mkdir -p "$root/store" "$root/staging" "$root/generations" "$root/current" "$root/bin" \
        "$root/originals" || fail "can't create folders in $root"
    # What is kept there may have stood in a folder that not everybody may enter.
    chmod 0700 "$root/staging" "$root/generations" "$root/originals"
    # A transaction that was cut off before its switch has left nothing but its own folder.
    remove_older_than 86400 "$root"/staging/*
    mkdir -m 0700 "$staging" || fail "can't create $staging"
    tar -x -z -m --no-same-owner -f - -C "$staging" || fail "can't unpack the transaction into $staging"
    say received
}

# What a failed or cut-off command leaves half-done carries the process id in its name.
leaving_nothing() {
    trap 'rm -rf "$root"/store/.[a-z]*-$$ "$root"/store/.[a-z]*-$$.*' EXIT
    "$@"
}

# In a process of its own: a signal to it must reach the program itself.
download() {
    url=$1
    file=$2
    if command -v curl >/dev/null 2>&1; then
        exec curl --fail --silent --show-error --location --globoff --connect-timeout 10 \
            --speed-limit 1024 --speed-time 20 --output "$file" "$url" 2>&1
    elif command -v wget >/dev/null 2>&1; then
        exec wget -q -T 20 -t 1 -O "$file" "$url" 2>&1
    else
        echo "neither curl nor wget is installed"
        return 127
    fi
}

# Download with a report of the bytes so far, once a second. One that sends more than the lock
# says would fill the disk.
watched() {
    : >"$4"
    say progress "$1" 0
    download "$3" "$4" >"$4.log" &
    loader=$!
    while sleep 1 >/dev/null 2>&1; do
        bytes=$(stat -c %s "$4" 2>/dev/null || echo 0)
        say progress "$1" "$bytes"
        if [ "$2" != - ] && [ "$bytes" -gt "$2" ]; then
            echo "sends more than the $2 bytes of the lock" >>"$4.log"
            kill "$loader"
            break
        fi
    done &
    watcher=$!
    wait "$loader"
    code=$?
    kill "$watcher" 2>/dev/null
    return "$code"
}

enough_space() {
    available=$(df -k --output=avail "$root/store" | tail -n 1 | tr -d ' ')
    # An archive and what comes out of it: compressed binaries grow to about three times.
    needed=$(($1 * 4 / 1024 + 1024))
    [ "${available:-0}" -ge "$needed" ] ||
        fail "$root has $available KiB free, artifact $2 needs about $needed KiB"
}

plain() {
    case $1 in
    tar.gz) gzip -dc ;;
    # As much memory as the strongest preset of xz needs, and some more.
    *) xz -dc -M 128MiB ;;
    esac
}

# The members in "$@" of $archive into $raw, within $limit KiB. What tar reads is limited, and what
# it writes too: a sparse member is larger than what stands for it in the archive.
extract() {
    {
        plain "$format" <"$archive" || : >"$out.broken"
    } | head -c "$((limit * 1024))" | (
        ulimit -f "$((limit * 2))"
        exec tar -x --no-recursion --no-same-owner --no-same-permissions -f - -C "$raw" -- "$@"
    ) && [ ! -e "$out.broken" ]
}

unpack() {
    digest=$1
    format=$2
    archive=$3
    out=$root/store/.unpack-$digest-$$
    raw=$out.raw
    rm -rf "$out" "$raw"
    # What is not an artifact's file yet, such as a device, is for nobody else.
    mkdir -p "$out" || fail "can't create $out"
    mkdir -m 0700 "$raw" || fail "can't create $raw"
    case $format in
    raw) ;;
    tar.gz | tar.xz)
        set --
        while IFS=$tab read -r kind owner member name; do
            [ "$kind" = member ] && [ "$owner" = "$digest" ] && set -- "$@" "$member"
        done <"$staging/artifacts"
        # Compressed programs grow to about three times; sixteen times and 64 MiB more is a bomb.
        limit=$(($(stat -c %s "$archive") / 64 + 65536))
        extract "$@" || fail \
            "artifact $digest can't be unpacked or misses a file, or grows beyond $limit KiB"
        ;;
    *) fail "artifact $digest has the unknown format $format" ;;
    esac
    while IFS=$tab read -r kind owner member name; do
        [ "$kind $owner" = "member $digest" ] || continue
        sum=
        if [ "$format" = raw ]; then
            mv "$archive" "$raw/content"
            member=content
            sum=$digest
        fi
        if [ -L "$raw/$member" ] || [ ! -f "$raw/$member" ]; then
            fail "artifact $digest: $member is not a regular file"
        fi
        mv "$raw/$member" "$out/$name"
        chmod 0755 "$out/$name"
        [ -n "$sum" ] || sum=$(sha256sum <"$out/$name") || fail "can't read $out/$name"
        printf '%s  %s\n' "${sum%% *}" "$name" >>"$out/.sha256sums"
    done <"$staging/artifacts"
    note_inodes "$out"
    rm -rf "$raw" "$archive"
    sync "$out"/* "$out/.sha256sums" "$out" || fail "can't write artifact $digest"
    reached store "$digest"
    # Another controller may have brought it meanwhile. Only a broken entry makes way; nothing can
    # name the new one before the rename.
    if ! is_sound "$digest"; then
        [ ! -e "$root/store/$digest" ] || mv "$root/store/$digest" "$root/store/.broken-$digest-$$"
        mv -T "$out" "$root/store/$digest" || is_sound "$digest" ||
            fail "can't move artifact $digest into the store"
    fi
    rm -rf "$out" "$root/store/.broken-$digest-$$"
    say stored "$digest"
}

matches() {
    actual=$(sha256sum "$2") || return 1
    [ "${actual%% *}" = "$1" ]
}

fetch_one() {
    digest=$1
    size=$2
    format=$3
    [ "$size" = - ] || enough_space "$size" "$digest"
    incoming=$root/store/.incoming-$digest-$$
    reasons=
    while IFS=$tab read -r kind owner url rest; do
        [ "$kind $owner" = "url $digest" ] || continue
        if watched "$digest" "$size" "$url" "$incoming"; then
            if matches "$digest" "$incoming"; then
                rm -f "$incoming.log"
                unpack "$digest" "$format" "$incoming"
                return
            fi
            reasons="$reasons; $url: wrong checksum $(sha256sum "$incoming" | cut -c 1-64)"
        else
            reasons="$reasons; $url: $(tr '\n\t' '  ' <"$incoming.log" | cut -c 1-300)"
        fi
        rm -f "$incoming" "$incoming.log"
    done <"$staging/artifacts"
    say need "$digest" "${reasons#; }"
}

fetch() {
    remove_older_than 3600 "$root"/store/.[a-z]*
    while IFS=$tab read -r kind digest size format; do
        [ "$kind" = artifact ] && fetch_one "$digest" "$size" "$format"
    done <"$staging/artifacts"
    return 0
}

accept() {
    # The loop below has another standard input.
    exec 3<&0
    digest=$1
    incoming=$root/store/.incoming-$digest-$$
    while IFS=$tab read -r kind owner size format; do
        [ "$kind $owner" = "artifact $digest" ] || continue
        [ "$size" = - ] || enough_space "$size" "$digest"
        case $size in
        -) cat ;;
        *) head -c "$((size + 1))" ;;
        esac <&3 >"$incoming" || { rm -f "$incoming"; fail "can't write $incoming"; }
        if ! matches "$digest" "$incoming"; then
            rm -f "$incoming"
            fail "artifact $digest arrived with another checksum"
        fi
        unpack "$digest" "$format" "$incoming"
        return
    done <"$staging/artifacts"
    fail "artifact $digest is not part of this transaction"
}

