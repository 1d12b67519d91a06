/** A test's name as a report shows it, with the names of the suites around it. */
export interface TestName {
  /** 1-based. */
  readonly line: number;
  /** Outermost suite first, the test's own name last. */
  readonly chain: readonly string[];
}

const call =
  /^(?<indent> *)(?:await )?(?<kind>describe|suite|test(?:AtLength)?|it)(?:\.\w+)?\((?:\n *)?(?<quote>["`'])(?<name>(?:\\.|(?!\k<quote>)[^\\])*)\k<quote>/gmu;

/**
 * The names of a file's tests, by their text: oxfmt indents what is inside a suite, so that the indent says which suite
 * a test is in. Names that a program puts together count as they are written, each `${…}` as one word.
 */
export function testNames(source: string): readonly TestName[] {
  const suites: { readonly indent: number; readonly name: string }[] = [];
  const found: TestName[] = [];
  for (const match of source.matchAll(call)) {
    const { indent = "", kind = "", name = "" } = match.groups ?? {};
    while ((suites.at(-1)?.indent ?? -1) >= indent.length) suites.pop();
    const chain = [...suites.map((suite) => suite.name), name];
    if (kind === "describe" || kind === "suite") suites.push({ indent: indent.length, name });
    else found.push({ line: source.slice(0, match.index).split("\n").length, chain });
  }
  return found;
}

/** What begins with one of these says nothing to who reads it alone. */
const pronoun = /^(?:it|its|they|their|them|this|these|those|he|his|she|her)\b/iu;
/** These count things as well: `one that is …` stands for something, `one account` does not. */
const counting =
  /^(?:one|ones|both|neither|none|each|some|all)\b(?= (?:that|which|who|whose|is|are|was|were|has|have|can|may|must|of (?:it|them|these|those))\b)/iu;
/** Goes on with the name of the suite, where there is one. */
const relative = /^(?:that|which|who|whose)\b/iu;
const minWords = 4;
/** What a program puts in is a phrase more often than a word. */
const placeholder = "some value";

function wordsOf(text: string): number {
  const words = text.replaceAll(/\$\{[^}]*\}/gu, placeholder).split(/\s+/u);
  return words.filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/** What is wrong with a test's name; undefined when it can be read alone. */
export function nameProblem({ chain }: TestName): string | undefined {
  const own = chain.at(-1) ?? "";
  const alone = chain.length === 1;
  if (pronoun.test(own) || counting.test(own) || (alone && relative.test(own)))
    return "begins with a pronoun";
  return wordsOf(chain.join(" ")) < minWords ? `has fewer than ${minWords} words` : undefined;
}
