import type { CompletionNode, CompletionOption } from "./tree.ts";

/** What may complete the last word. */
export interface Candidates {
  readonly words: readonly { readonly word: string; readonly description: string }[];
  /** A file's name may complete it as well. */
  readonly files: boolean;
}

const nothing: Candidates = { words: [], files: false };

const named = (node: CompletionNode, flag: string): CompletionOption | undefined =>
  node.options.find(({ flags }) => flags.includes(flag));

/** The command that the words lead to; values of options are not part of that path. */
function nodeAt(root: CompletionNode, words: readonly string[]): CompletionNode {
  let at = root;
  let isValue = false;
  for (const word of words) {
    if (isValue) {
      isValue = false;
      continue;
    }
    isValue = named(at, word)?.takesValue === true;
    at = at.commands.find(({ path }) => path.at(-1) === word) ?? at;
  }
  return at;
}

/** What completes the last of `words`, which is being typed; `[""]` is the beginning. */
export function candidates(root: CompletionNode, words: readonly string[]): Candidates {
  const [current = ""] = words.slice(-1);
  const before = words.slice(0, -1);
  const node = nodeAt(root, before);
  const fitting = (all: Candidates["words"]): Candidates["words"] =>
    all.filter(({ word }) => word.startsWith(current));
  const option = named(node, before.at(-1) ?? "");
  if (option?.takesValue === true) {
    if (option.choices.length === 0) return { words: [], files: true };
    return { ...nothing, words: fitting(option.choices.map((word) => ({ word, description: "" }))) };
  }
  if (current.startsWith("-")) {
    const flags = node.options.flatMap(({ flags: all, description }) =>
      all.map((word) => ({ word, description })),
    );
    return { ...nothing, words: fitting(flags) };
  }
  const commands = node.commands.map(({ path, description }) => ({ word: path.at(-1) ?? "", description }));
  const choices = node.choices.map((word) => ({ word, description: "" }));
  return { words: fitting([...commands, ...choices]), files: commands.length + choices.length === 0 };
}
