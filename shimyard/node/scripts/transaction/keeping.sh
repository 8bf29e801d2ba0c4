# --- what stays on the node ---------------------------------------------------------------------

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

# Kept: what is current, and the newest three. Store entries go when no kept generation and no
# transaction that waits for its turn names them.
collect() {
    kept=
    for current in "$root"/current/*; do
        [ ! -L "$current" ] || kept="$kept $(basename "$(readlink "$current")")"
    done
    newest=$(next_number)
    for folder in "$root"/generations/*; do
        number=${folder##*/}
        case $number in *[!0-9]* | '') continue ;; esac
        [ "$number" -ge $((newest - 3)) ] && continue
        case " $kept " in *" $number "*) continue ;; esac
        rm -rf "$folder"
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
}

# It is read at boot only, so systemd need not know of it before.
install_recovery() {
    program=$0
    ln -sfT "$program" "$root/bin/.transaction.sh" && mv -fT "$root/bin/.transaction.sh" "$root/bin/transaction.sh"
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

