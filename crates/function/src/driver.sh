# Asks a shell function. `bash.rs` starts it with: the directory of the output files; the limits of
# CPU seconds, of KiB of output, of KiB of memory, and of processes; `trace`, if each command is to be
# noted in `errors`, with its file and line; the command that prints the model, the one that prints the
# secrets (or nothing), and the files to source.
#
# It reads questions from standard input. A question is a list of fields that each end in NUL: the
# number of variables, the variables as NAME=VALUE, the number of runtimes, the runtimes. All but the
# last runtime only prepare the shell. Its answer is a line with an exit status. What the commands print
# is in the files `model` and `secrets`; the status of a model command that failed is in `status`,
# and what bash reports is in `errors`. The file `program` exists if a program was not found.
#
# It needs no feature that bash 3.2 lacks. Its names start with `__slugproof`, and no descriptor but
# standard input, output and error is open while the function runs.
exec 60<&0 61>&1 </dev/null >/dev/null 2>/dev/null
# No program is below a file.
PATH=/dev/null
__slugproof_directory=$1
__slugproof_seconds=$2
ulimit -c 0
ulimit -f "$3"
ulimit -v "$4"
ulimit -u "$5"
__slugproof_trace=$6
__slugproof_model=$7
__slugproof_secrets=$8
shift 8
__slugproof_files=("$@")
set --
TMPDIR=$__slugproof_directory

# Bash calls this for a program that it does not find; bash 3.2 does not. The stand-ins for programs
# below call it for a form that they do not understand.
command_not_found_handle() {
  : >"$__slugproof_directory/program"
  printf '%s: line %s: %s: command not found\n' "${BASH_SOURCE[1]}" "${BASH_LINENO[0]}" "$1" >&2
  return 127
}

# `cat` without arguments copies standard input; the function cannot run a file.
cat() {
  if [ $# -gt 0 ] && [ "$*" != - ]; then
    command_not_found_handle cat
    return
  fi
  local __slugproof_line
  while IFS= read -r __slugproof_line; do printf '%s\n' "$__slugproof_line"; done
  printf '%s' "$__slugproof_line"
}

# Assigns a text as JSON to `__slugproof_value`.
__slugproof_json() {
  __slugproof_value=${1//\\/\\\\}
  __slugproof_value=${__slugproof_value//\"/\\\"}
  __slugproof_value=${__slugproof_value//$'\t'/\\t}
  __slugproof_value=${__slugproof_value//$'\n'/\\n}
  __slugproof_value=\"${__slugproof_value//$'\r'/\\r}\"
}

# Removes the blanks at the start of `__slugproof_rest`.
__slugproof_trim() {
  __slugproof_rest=${__slugproof_rest#"${__slugproof_rest%%[! $'\t\n']*}"}
}

# Moves a name, or a text in quotes, from the start of `__slugproof_rest` to `__slugproof_word`.
__slugproof_take() {
  case $__slugproof_rest in
    \"*)
      __slugproof_word=${__slugproof_rest#\"}
      __slugproof_word=${__slugproof_word%%\"*}
      __slugproof_rest=${__slugproof_rest#\""$__slugproof_word"}
      # A text with escapes or that does not end is not understood.
      case $__slugproof_word$__slugproof_rest in *\\*) return 1 ;; esac
      case $__slugproof_rest in \"*) __slugproof_rest=${__slugproof_rest#\"} ;; *) return 1 ;; esac
      ;;
    *)
      __slugproof_word=${__slugproof_rest%%[!A-Za-z0-9_]*}
      __slugproof_rest=${__slugproof_rest#"$__slugproof_word"}
      case $__slugproof_word in '' | [0-9]*) return 1 ;; esac
      ;;
  esac
}

# Assigns the value of an argument of `jq` to `__slugproof_value`. The first of two with one name counts.
__slugproof_argument() {
  local __slugproof_index=0
  while [ "$__slugproof_index" -lt "${#__slugproof_names[@]}" ]; do
    if [ "${__slugproof_names[__slugproof_index]}" = "$1" ]; then
      __slugproof_value=${__slugproof_values[__slugproof_index]}
      return
    fi
    __slugproof_index=$((__slugproof_index + 1))
  done
  return 1
}

# `jq` that builds an object without input: the options `-n`, `-c`, `--arg` and `--argjson`, and a
# filter `{NAME: $NAME, …}` with texts, `$ENV.NAME` and `env.NAME` as further values. What another form
# prints is not known.
jq() {
  local __slugproof_object=
  if __slugproof_read_object "$@"; then
    printf '{%s}\n' "$__slugproof_object"
  else
    command_not_found_handle jq
  fi
}

# Assigns the fields of the object that `jq` prints to `__slugproof_object`; fails if it is another form.
__slugproof_read_object() {
  local __slugproof_names __slugproof_values __slugproof_value __slugproof_word
  local __slugproof_rest= __slugproof_key __slugproof_null=
  __slugproof_names=() __slugproof_values=()
  while [ $# -gt 0 ]; do
    case $1 in
      -n | --null-input | -nc | -cn) __slugproof_null=1 ;;
      -c | --compact-output) ;;
      --arg | --argjson)
        [ $# -ge 3 ] || return 1
        __slugproof_value=$3
        [ "$1" = --argjson ] || __slugproof_json "$3"
        __slugproof_names+=("$2")
        __slugproof_values+=("$__slugproof_value")
        shift 2
        ;;
      -*) return 1 ;;
      *)
        [ -z "$__slugproof_rest" ] || return 1
        __slugproof_rest=$1
        ;;
    esac
    shift
  done
  [ -n "$__slugproof_null" ] || return 1
  __slugproof_trim
  case $__slugproof_rest in \{*) __slugproof_rest=${__slugproof_rest#?} ;; *) return 1 ;; esac
  __slugproof_trim
  while case $__slugproof_rest in \}*) false ;; esac; do
    case $__slugproof_rest in
      \$*)
        __slugproof_rest=${__slugproof_rest#?}
        __slugproof_take || return 1
        __slugproof_key=$__slugproof_word
        __slugproof_argument "$__slugproof_word" || return 1
        ;;
      *)
        __slugproof_take || return 1
        __slugproof_key=$__slugproof_word
        __slugproof_trim
        case $__slugproof_rest in :*) __slugproof_rest=${__slugproof_rest#?} ;; *) return 1 ;; esac
        __slugproof_trim
        case $__slugproof_rest in
          \"*)
            __slugproof_take || return 1
            __slugproof_json "$__slugproof_word"
            ;;
          \$ENV.* | env.*)
            __slugproof_rest=${__slugproof_rest#*.}
            __slugproof_take || return 1
            if [ -n "${!__slugproof_word+set}" ]; then
              __slugproof_json "${!__slugproof_word}"
            else
              __slugproof_value=null
            fi
            ;;
          \$*)
            __slugproof_rest=${__slugproof_rest#?}
            __slugproof_take || return 1
            __slugproof_argument "$__slugproof_word" || return 1
            ;;
          *) return 1 ;;
        esac
        ;;
    esac
    __slugproof_object+=${__slugproof_object:+,}\"$__slugproof_key\":$__slugproof_value
    __slugproof_trim
    case $__slugproof_rest in
      ,*)
        __slugproof_rest=${__slugproof_rest#?}
        __slugproof_trim
        case $__slugproof_rest in \}*) return 1 ;; esac
        ;;
      \}*) ;;
      *) return 1 ;;
    esac
  done
  __slugproof_rest=${__slugproof_rest#?}
  __slugproof_trim
  [ -z "$__slugproof_rest" ]
}

# Calls a command for each runtime of the question. The last call counts, so only its output is kept: a file that is
# written anew is flushed to the disk, which takes longer than the call. A file `model-again` or `secrets-again` exists
# if the first of several calls did not end the shell.
while IFS= read -r -d '' -u 60 __slugproof_count; do
  __slugproof_variables=()
  while [ "$__slugproof_count" -gt 0 ]; do
    IFS= read -r -d '' -u 60 __slugproof_field || exit
    __slugproof_variables+=("$__slugproof_field")
    __slugproof_count=$((__slugproof_count - 1))
  done
  IFS= read -r -d '' -u 60 __slugproof_count || exit
  __slugproof_runtimes=()
  while [ "$__slugproof_count" -gt 0 ]; do
    IFS= read -r -d '' -u 60 __slugproof_field || exit
    __slugproof_runtimes+=("$__slugproof_field")
    __slugproof_count=$((__slugproof_count - 1))
  done
  (
    exec 60<&- 61>&- 2>"$__slugproof_directory/errors"
    ulimit -S -t "$__slugproof_seconds"
    ulimit -H -t $((__slugproof_seconds + 1))
    if [ "${#__slugproof_variables[@]}" -gt 0 ]; then
      export "${__slugproof_variables[@]}"
    fi
    for __slugproof_field in "${__slugproof_files[@]}"; do
      source "$__slugproof_field"
    done
    # As in `$(…)`, where a script calls such a function.
    set +e
    if [ -n "$__slugproof_trace" ]; then
      PS4=$'\036${BASH_SOURCE[0]}\037${LINENO}\037'
      set -x
    fi
    # The commands have shells of their own: what one changes, the other does not see.
    (
      __slugproof_count=${#__slugproof_runtimes[@]}
      for __slugproof_field in "${__slugproof_runtimes[@]}"; do
        __slugproof_count=$((__slugproof_count - 1))
        __slugproof_output=/dev/null
        [ "$__slugproof_count" -gt 0 ] || __slugproof_output=$__slugproof_directory/model
        # The second call starts.
        [ "$__slugproof_count" -ne "$((${#__slugproof_runtimes[@]} - 2))" ] || : >"$__slugproof_directory/model-again"
        RUNTIME=$__slugproof_field
        eval "$__slugproof_model" >"$__slugproof_output"
      done
    )
    __slugproof_field=$?
    [ "$__slugproof_field" -eq 0 ] || printf '%s' "$__slugproof_field" >"$__slugproof_directory/status"
    if [ -n "$__slugproof_secrets" ]; then
      __slugproof_count=${#__slugproof_runtimes[@]}
      for __slugproof_field in "${__slugproof_runtimes[@]}"; do
        __slugproof_count=$((__slugproof_count - 1))
        __slugproof_output=/dev/null
        [ "$__slugproof_count" -gt 0 ] || __slugproof_output=$__slugproof_directory/secrets
        # The second call starts.
        [ "$__slugproof_count" -ne "$((${#__slugproof_runtimes[@]} - 2))" ] || : >"$__slugproof_directory/secrets-again"
        RUNTIME=$__slugproof_field
        eval "$__slugproof_secrets" >"$__slugproof_output"
      done
    fi
  )
  printf '%s\n' "$?" >&61
done
