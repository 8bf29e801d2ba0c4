# --- what stays on the node ---------------------------------------------------------------------

recovery=shimyard-recover.service
boot_link=/etc/systemd/system/basic.target.wants/$recovery

next_number() {
    last=0
    for folder in "$root"/generations/*; do
        number=${folder##*/}
        case $number in *[!0-9]* | '') continue ;; esac
        [ "$number" -le "$last" ] || last=$number
    done
    echo $((last + 1))
}

any_resource() {
    for current in "$root"/current/*; do
        [ ! -L "$current" ] || return 0
    done
    return 1
}

# Kept: of each resource what is current and the two generations that were committed before it, so
# that going back needs no download; and the newest three of all, whose journals say what failed.
# Store entries go when no kept generation and no transaction that waits for its turn names them.
collect() {
    newest=$(next_number)
    committed=
    for folder in "$root"/generations/*; do
        [ -f "$folder/committed" ] || continue
        owner=
        IFS= read -r owner <"$folder/resource" || :
        committed="$committed ${folder##*/}=$owner"
    done
    for folder in "$root"/generations/*; do
        number=${folder##*/}
        case $number in *[!0-9]* | '') continue ;; esac
        [ "$number" -ge $((newest - 3)) ] || is_needed "$folder" || rm -rf "$folder"
    done
    named=
    for manifest in "$root"/generations/*/manifest "$root"/staging/*/manifest; do
        [ -f "$manifest" ] || continue
        while IFS=$tab read -r kind name rest; do
            [ "$kind" != store ] || named="$named $name"
        done <"$manifest"
    done
    for entry in "$root"/store/*; do
        case " $named " in *" ${entry##*/} "*) ;; *) rm -rf "$entry" ;; esac
    done
    current=$(readlink "$root/bin/node")
    for program in "$root"/bin/*/node; do
        [ "${program#"$root/bin/"}" = "$current" ] || rm -rf "${program%/node}"
    done
}

is_needed() {
    owner=
    IFS= read -r owner <"$1/resource" || :
    leads=$(readlink "$root/current/$owner") || return 1
    [ "${leads##*/}" != "${1##*/}" ] || return 0
    [ -f "$1/committed" ] || return 1
    newer=0
    for each in $committed; do
        [ "${each#*=}" != "$owner" ] || [ "${each%%=*}" -le "${1##*/}" ] || newer=$((newer + 1))
    done
    [ "$newer" -lt 3 ]
}

# What recovers must be there even if an administrator replaces the program that is running now.
keep_program() {
    # It lies in .../bin/VERSION/node or in .../node-VERSION.
    version=${0%/node}
    version=${version##*[/-]}
    mine=$root/bin/$version/node
    if [ ! -x "$mine" ]; then
        mkdir -p "${mine%/*}" && cp -T "$0" "$mine.new" && chmod 0755 "$mine.new" &&
            mv -fT "$mine.new" "$mine" || return 1
    fi
    ln -sfT "$version/node" "$root/bin/.node" && mv -fT "$root/bin/.node" "$root/bin/node"
}

# It is read at boot only, so systemd need not know of it before.
install_recovery() {
    keep_program || return 1
    unit=/etc/systemd/system/$recovery
    [ -f "$unit" ] && [ -L "$boot_link" ] && [ "$(cat "$unit")" = "$(cat "$staging/$recovery")" ] && return 0
    cp -T "$staging/$recovery" "$root/bin/$recovery" &&
        cp -T "$root/bin/$recovery" "$unit.new" && chmod 0644 "$unit.new" && mv -fT "$unit.new" "$unit" &&
        mkdir -p "${boot_link%/*}" && ln -sfn "$unit" "$boot_link"
}

remove_recovery() {
    rm -f "$boot_link" "/etc/systemd/system/$recovery" "/etc/systemd/system/$recovery.new"
    # As systemctl would: a folder of links goes with its last link.
    rmdir "${boot_link%/*}" 2>/dev/null
    return 0
}

purge() {
    [ -d "$root" ] || return 0
    ! any_resource && [ ! -L "$root/pending" ] || return 0
    remove_recovery
    # Known to systemd only if the machine has booted with it.
    case $(systemctl show -p LoadState --value "$recovery") in loaded) systemctl daemon-reload ;; esac
    rm -rf "$root"
}

