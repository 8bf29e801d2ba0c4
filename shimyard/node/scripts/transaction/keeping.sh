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

# It is read at boot only, so systemd need not reload for it.
install_recovery() {
    program=$0
    ln -sfT "$program" "$root/bin/.transaction.sh" && mv -fT "$root/bin/.transaction.sh" "$root/bin/transaction.sh"
    unit=/etc/systemd/system/$recovery
    [ -f "$unit" ] && [ "$(cat "$unit")" = "$(cat "$staging/$recovery")" ] && return 0
    cp -T "$staging/$recovery" "$root/bin/$recovery" &&
        cp -T "$root/bin/$recovery" "$unit.new" && mv -fT "$unit.new" "$unit" &&
        systemctl enable --no-reload --quiet "$recovery"
}

remove_recovery() {
    systemctl disable --no-reload --quiet "$recovery" 2>/dev/null
    rm -f "/etc/systemd/system/$recovery" "/etc/systemd/system/$recovery.new"
}

purge() {
    [ -d "$root" ] || return 0
    ! any_resource && [ ! -L "$root/pending" ] || return 0
    remove_recovery
    systemctl daemon-reload
    rm -rf "$root"
}

