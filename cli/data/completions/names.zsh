
# Runtimes, policies and codes come from slugproof, everything else from the script above.
_slugproof() {
    local word command="" names="" prev="${words[CURRENT-1]}"
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$word" in
            -*) ;;
            *) command="$word"; break ;;
        esac
    done
    case "$command $prev" in
        *" --runtime"|"pick pick") names=runtimes ;;
        *" --policy") names=policies ;;
        "lint --deny"|"check --deny"|"conform --deny") names=deniable-codes ;;
        "explain explain") names=codes ;;
    esac
    if [[ -z "$names" || "${words[CURRENT]}" == -* ]]; then
        _slugproof_options "$@"
        return
    fi
    local -a known
    known=("${(@f)$("${words[1]}" complete "$names" 2>/dev/null)}")
    compadd -- "${known[@]}"
    if [[ "$names" == policies ]]; then
        _files
    fi
}

if [ "$funcstack[1]" = "_slugproof" ]; then
    _slugproof "$@"
else
    compdef _slugproof slugproof
fi
