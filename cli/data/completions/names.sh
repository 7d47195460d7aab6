
# Prints the kind of names that fit after the word $1, in a command line with these further words.
_slugproof_names_after() {
    local prev="$1" word command=""
    shift
    for word in "$@"; do
        case "$word" in
            -*) ;;
            *) command="$word"; break ;;
        esac
    done
    case "$command $prev" in
        *" --runtime"|"pick pick") echo runtimes ;;
        *" --policy") echo policies ;;
        "lint --deny"|"check --deny"|"conform --deny") echo deniable-codes ;;
        "explain explain") echo codes ;;
    esac
}
