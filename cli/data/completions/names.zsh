
# Runtimes, policies and codes come from slugproof, everything else from the script above.
_slugproof() {
    local names="$(_slugproof_names_after "${words[CURRENT-1]}" "${(@)words[2,CURRENT-1]}")"
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
