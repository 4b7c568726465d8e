# Completion of falcotop for bash. Checked against the program's options by tests/checks/docs.sh.
_falcotop() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local options="--follow --resume --filter --view --by --sort --limit --since --until --format --output --detection --user --detections --rules --data --data-dir --fillnull --raw --threads --memory --history --config --print-config --check-config --token-file --tls-cert --tls-key --tls-client-ca --insecure --color --ascii --help --version --debug-info "
	local views="shells users containers rules images namespaces nodes events health"

	case $prev in
	-v | --view) COMPREPLY=($(compgen -W "$views" -- "$cur")) ; return ;;
	--format) COMPREPLY=($(compgen -W "text csv tsv json ndjson md" -- "$cur")) ; return ;;
	--color) COMPREPLY=($(compgen -W "auto always never 8 16 256" -- "$cur")) ; return ;;
	-f | --filter | -b | --by | -s | --sort | -n | --limit | --since | --until | --detection | --user | --fillnull | --threads | --memory) return ;;
	esac
	case $cur in
	-*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
	*)
		COMPREPLY=($(compgen -f -- "$cur"))
		[ "$COMP_CWORD" -ne 1 ] || COMPREPLY+=($(compgen -W "report test risk collect" -- "$cur"))
		;;
	esac
}
complete -o filenames -F _falcotop falcotop
