// Words of the other side are shown in part: they are not ours.
const maxWords = 300;
// Tokens and keys are far longer than any word of a cloud's, names of resources among them.
const secretLike = /[A-Za-z0-9_.~+=-]{64,}/gu;

/**
 * Another program's text as one bounded line. `secrets` are texts that went out with the request: the answer might
 * repeat them, and no message may hold them.
 */
export function saidWords(text: string, secrets: readonly string[] = []): string {
  const without = secrets.reduce((words, one) => (one === "" ? words : words.replaceAll(one, "…")), text);
  return without
    .replaceAll(secretLike, "…")
    .replaceAll(/\p{C}+/gu, " ")
    .slice(0, maxWords)
    .trim();
}
