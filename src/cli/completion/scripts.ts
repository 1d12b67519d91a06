import type { CompletionNode, CompletionOption } from "./tree.ts";

const pathOf = (node: CompletionNode): string => node.path.map((word) => `/${word}`).join("");

const flagsOf = (node: CompletionNode): string[] => node.options.flatMap((option) => [...option.flags]);

const wordsOf = (node: CompletionNode): string[] => [
  ...node.commands.map((sub) => sub.path.at(-1) ?? ""),
  ...node.choices,
];

// Single quotes for a POSIX shell: what is inside is never expanded.
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

const valued = (node: CompletionNode): readonly CompletionOption[] =>
  node.options.filter((option) => option.takesValue);

function pathCases(nodes: readonly CompletionNode[]): string {
  const paths = nodes.map(pathOf).filter((path) => path !== "");
  return paths.map((path) => `      ${path}) path=${path} ;;`).join("\n");
}

function valueCases(nodes: readonly CompletionNode[], say: (choices: readonly string[]) => string): string {
  const lines = nodes.flatMap((node) =>
    valued(node).map((option) => {
      const patterns = option.flags.map((flag) => quote(`${pathOf(node)} ${flag}`)).join("|");
      return `    ${patterns}) ${say(option.choices)} ;;`;
    }),
  );
  return lines.join("\n");
}

/** bash: `source <(podtrust completion bash)`. Works with bash 3.2 and without bash-completion. */
export function bashScript(nodes: readonly CompletionNode[]): string {
  const list = (words: readonly string[]): string => quote(words.join(" "));
  const words = nodes.map(
    (node) => `    ${quote(pathOf(node))}) words=${list(wordsOf(node))} flags=${list(flagsOf(node))} ;;`,
  );
  return `# podtrust completion for bash
_podtrust() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} path='' words='' flags='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$path/\${COMP_WORDS[i]}" in
${pathCases(nodes)}
    esac
  done
  # The value of an option: its own list, or else a file name (by -o default).
  case "$path $prev" in
${valueCases(nodes, (choices) =>
  choices.length === 0 ? "return" : `COMPREPLY=($(compgen -W ${list(choices)} -- "$cur")); return`,
)}
  esac
  case "$path" in
${words.join("\n")}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$words" -- "$cur")) ;;
  esac
}
complete -o default -F _podtrust podtrust
`;
}

// _describe takes "word:description"; a colon in either would end it early.
const described = (word: string, description: string): string =>
  quote(`${word.replaceAll(":", String.raw`\:`)}:${description.replaceAll(":", String.raw`\:`)}`);

/** zsh: `source <(podtrust completion zsh)` after compinit, or as a file `_podtrust` in $fpath. */
export function zshScript(nodes: readonly CompletionNode[]): string {
  const words = nodes.map((node) => {
    const commands = [
      ...node.commands.map((sub) => described(sub.path.at(-1) ?? "", sub.description)),
      ...node.choices.map((choice) => described(choice, "")),
    ];
    const flags = node.options.flatMap((option) =>
      option.flags.map((flag) => described(flag, option.description)),
    );
    return `    ${quote(pathOf(node))}) entries=(${commands.join(" ")}) flags=(${flags.join(" ")}) ;;`;
  });
  return `#compdef podtrust
# podtrust completion for zsh
_podtrust() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} path_='' i
  local -a entries flags
  for ((i = 2; i < CURRENT; i++)); do
    case "$path_/\${words[i]}" in
${pathCases(nodes).replaceAll("path=", "path_=")}
    esac
  done
  case "$path_ $prev" in
${valueCases(nodes, (choices) => (choices.length === 0 ? "_files; return" : `compadd -- ${choices.join(" ")}; return`))}
  esac
  case "$path_" in
${words.join("\n")}
  esac
  if [[ $cur == -* ]]; then
    _describe -o option flags
  elif (( \${#entries} )); then
    _describe command entries
  else
    _files
  fi
}
if [[ \${funcstack[1]} == _podtrust ]]; then _podtrust "$@"; else compdef _podtrust podtrust; fi
`;
}

// fish: backslash and single quote are the only special characters inside single quotes.
const fishQuote = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;

function fishOption(node: CompletionNode, option: CompletionOption): string {
  const flags = option.flags.map((flag) =>
    flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
  );
  const list = option.choices.length > 0 ? ` -f -a ${fishQuote(option.choices.join(" "))}` : "";
  const value = option.takesValue ? ` -r${list}` : "";
  return `complete -c podtrust -n ${fishQuote(`__podtrust_at ${fishQuote(pathOf(node))}`)} ${flags.join(" ")}${value} -d ${fishQuote(option.description)}`;
}

/** fish: `podtrust completion fish | source`, or as a file in ~/.config/fish/completions. */
export function fishScript(nodes: readonly CompletionNode[]): string {
  const paths = nodes.map(pathOf).filter((path) => path !== "");
  const lines = nodes.flatMap((node) => {
    const at = `-n ${fishQuote(`__podtrust_at ${fishQuote(pathOf(node))}`)}`;
    const word = (text: string, description: string): string =>
      `complete -c podtrust -f ${at} -a ${fishQuote(text)} -d ${fishQuote(description)}`;
    return [
      ...node.commands.map((sub) => word(sub.path.at(-1) ?? "", sub.description)),
      ...node.choices.map((choice) => word(choice, "")),
      ...node.options.map((option) => fishOption(node, option)),
    ];
  });
  return `# podtrust completion for fish
function __podtrust_at --description 'whether the words so far lead to one command'
  set -l at ''
  for word in (commandline -opc)[2..-1]
    if contains -- "$at/$word" ${paths.join(" ")}
      set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join("\n")}
`;
}
