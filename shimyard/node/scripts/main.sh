# --- one verb -----------------------------------------------------------------------------------

# Names in folders of ours: nothing that could lead out of them.
require_hex() {
    case ${2:-} in
    '' | *[!0-9a-f]*)
        say failed "$1 must be hexadecimal, not '${2:-}'"
        exit 2
        ;;
    esac
}

case ${1:-} in
receive | fetch | accept | discard | launch | apply)
    require_hex TRANSACTION "${2:-}"
    transaction=$2
    staging=$root/staging/$transaction
    ;;
esac

reached verb "${1:-}"

case ${1:-} in
facts) facts ;;
doctor) doctor ;;
receive) receive ;;
fetch) leaving_nothing fetch ;;
accept)
    require_hex SHA256 "${3:-}"
    leaving_nothing accept "$3"
    ;;
discard) rm -rf "$staging" ;;
launch) launch ;;
apply) apply ;;
retake) retake ;;
recover) recover "${2:-}" ;;
purge) purge ;;
members) if [ $# -eq 1 ]; then members; else of_node "$@"; fi ;;
survey) survey ;;
access) access ;;
cordon) of_node "$@" ;;
uncordon) of_node "$@" ;;
forget) of_node "$@" ;;
drain) of_node "$@" ;;
label) of_node "$@" ;;
taint) of_node "$@" ;;
*)
    say failed "unknown verb '${1:-}'"
    exit 2
    ;;
esac
