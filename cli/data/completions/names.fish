
# Runtimes, policies and codes come from slugproof, everything else from the script above.
complete -c slugproof -n "__fish_seen_subcommand_from resolve diagnose" -l runtime -x -a "(slugproof complete runtimes 2>/dev/null)"
complete -c slugproof -n "__fish_seen_subcommand_from pick" -f -a "(slugproof complete runtimes 2>/dev/null)"
complete -c slugproof -n "__fish_seen_subcommand_from prove resolve pick lint diff diagnose conform" -l policy -r -F -a "(slugproof complete policies 2>/dev/null)"
complete -c slugproof -n "__fish_seen_subcommand_from lint check conform" -l deny -x -a "(slugproof complete deniable-codes 2>/dev/null)"
complete -c slugproof -n "__fish_seen_subcommand_from explain" -f -a "(slugproof complete codes 2>/dev/null)"
