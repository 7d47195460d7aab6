
# Runtimes, policies and codes come from slugproof, everything else from the script above.
_slugproof_names() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" names
    names="$(_slugproof_names_after "$prev" "${COMP_WORDS[@]:1:COMP_CWORD-1}")"
    case "$names $cur" in
        " "*|*" -"*) _slugproof "$@"; return ;;
    esac
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" complete "$names" 2>/dev/null)" -- "$cur"))
    if [[ $names == policies ]]; then
        COMPREPLY+=($(compgen -f -- "$cur"))
    fi
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _slugproof_names -o nosort -o bashdefault -o default slugproof
else
    complete -F _slugproof_names -o bashdefault -o default slugproof
fi
